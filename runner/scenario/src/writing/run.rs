use super::{mapping::Mapping, request::captures};
use crate::{CommandExpectations, Judging, Object, RunStep, Template, Value, duration};

pub(super) fn run(written: &mut Mapping, step: &RunStep) {
    written.list("run", step.command.iter().map(|word| word.source().into()));
    written.names("env", step.env.iter().map(|(name, value)| (name.clone(), value.source().into())));
    written.maybe("cwd", step.cwd.as_ref().map(Template::source));
    written.maybe("stdin", step.stdin.as_ref().map(Template::source));
    written.put("timeout", duration::written(step.timeout));
    let expect = expectations(&step.expect);
    written.maybe("expect", (!expect.is_empty()).then_some(expect));
    captures(written, &step.capture, &step.secret);
}

fn expectations(expect: &CommandExpectations) -> Object {
    let mut written = Mapping::default();
    match expect.exit.as_slice() {
        [0] => {}
        [code] => written.put("exit", u16::from(*code)),
        codes => written.list("exit", codes.iter().map(|code| u16::from(*code).into())),
    }
    for (key, texts) in [("stdout", &expect.stdout), ("stderr", &expect.stderr)] {
        written.list(key, texts.iter().map(|text| Value::from(text.source())));
    }
    written.conditions("that", &expect.that);
    if expect.judging == Judging::Lenient {
        written.put("lenient", true);
    }
    written.0
}
