//! `run`: a command, with its exit code and output to expect.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fault::ServiceName;

use super::super::{
    capture::{Captures, captures_of},
    condition::conditions,
    configuration::{command_words, service_members},
    expression::{compile, template, template_with},
    fields::Fields,
    reader::{Reader, all},
    services::service,
    table::{EXPRESSIONS, Key, Shape, Table},
    yaml::{Entry, Node},
};
use crate::{CommandExpectations, Judging, RunStep, Span, Template};

/// How long a command may take, unless the step has another time.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The objects with a value for each service that its templates can name.
const OF_SERVICES: [&str; 2] = ["url", "data_dir"];
/// What its templates can name besides variables.
const PLACES: &[&str] = &["url", "data_dir", "conf_dir"];
/// What expressions about its end can name.
const ENDING: &[&str] = &["exit", "stdout", "stderr", "took"];

/// A command: a text that is split at white space as a shell splits plain words and quotes, or its words.
pub(super) const COMMAND: Shape = Shape::OneOrMore(&Shape::Text);

/// The keys beside a command.
pub(super) const RUN: &[Key] = &[
    Key::optional("env", Shape::Names(&Shape::Text), "Environment variables of a command."),
    Key::optional(
        "cwd",
        Shape::Text,
        "The folder in which a command runs, relative to that of e2e.conf, which it is unless said otherwise.",
    ),
    Key::optional("stdin", Shape::Text, "What a command reads from its standard input."),
];

/// The expectations on a command.
pub(crate) const RUN_EXPECT: Table = Table {
    what: "what is expected of a command",
    groups: &[&[
        Key::optional(
            "exit",
            Shape::OneOrMore(&Shape::Whole(0)),
            "The exit code, or a list of those that it may be; 0 unless said otherwise.",
        ),
        Key::optional(
            "stdout",
            Shape::OneOrMore(&Shape::Text),
            "A text that is in its standard output, or several.",
        ),
        Key::optional(
            "stderr",
            Shape::OneOrMore(&Shape::Text),
            "A text that is in its standard error, or several.",
        ),
        Key::optional(
            "that",
            EXPRESSIONS,
            "Expressions over `exit`, `stdout`, `stderr` and `took` that must be true.",
        ),
        Key::optional("lenient", Shape::True, "Nothing follows when an expectation isn't met."),
    ]],
};

pub(super) fn run(reader: &mut Reader<'_>, node: &Node, fields: &Fields<'_>) -> Option<RunStep> {
    let mut services = BTreeSet::new();
    let command =
        command_words(reader, node, |reader, node, text| filled_in(reader, node, text, &mut services));
    let env = fields.or("env", BTreeMap::new(), |node| {
        let entries = reader.mapping(node, "a mapping of environment variables")?;
        all(entries.iter().map(|entry| {
            let text = reader.text(&entry.value, "a variable's value")?;
            Some((entry.key.clone(), filled_in(reader, &entry.value, &text, &mut services)?))
        }))
    });
    let mut text = |reader: &mut Reader<'_>, key: &str, wanted: &str| {
        fields.optional(key, |node| {
            let text = reader.text(node, wanted)?;
            filled_in(reader, node, &text, &mut services)
        })
    };
    let cwd = text(reader, "cwd", "a folder");
    let stdin = text(reader, "stdin", "a text");
    let timeout = fields.or("timeout", TIMEOUT, |node| reader.some_time(node));
    let expect = match fields.entry("expect") {
        Some(entry) => expectations(reader, entry),
        None => Some(CommandExpectations::default()),
    };
    let captured = match fields.entry("capture") {
        Some(entry) => captures_of(reader, entry, ENDING),
        None => Some(Captures::default()),
    };
    let Captures { capture, secret } = captured?;
    Some(RunStep {
        command: command?,
        env: env?,
        cwd: cwd?,
        stdin: stdin?,
        timeout: timeout?,
        services,
        expect: expect?,
        capture,
        secret,
    })
}

/// A template that can also name the addresses and folders of services.
fn filled_in(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    services: &mut BTreeSet<ServiceName>,
) -> Option<Template> {
    template_with(reader, node, text, 0, |reader, source, span| {
        let mut written = source.to_owned();
        for object in OF_SERVICES {
            let known = |reader: &mut Reader<'_>, name: &str, span: Span| {
                let known = service(reader, name, span);
                services.extend(known.clone());
                known.is_some()
            };
            written = service_members(reader, &written, span, object, known)?;
        }
        let expression = if written == source {
            compile(reader, source, span, PLACES)
        } else {
            // Positions within the compiled source would be wrong in the file.
            compile(reader, &written, Span { length: span.length.min(source.len()), ..span }, PLACES)
        };
        expression.map(|expression| expression.written_as(source))
    })
}

fn expectations(reader: &mut Reader<'_>, entry: &Entry) -> Option<CommandExpectations> {
    let fields = reader.fields(&entry.value, &RUN_EXPECT)?;
    if fields.is_empty() {
        reader.note(
            entry.span,
            "nothing is expected here",
            "leave `expect` out: exit code 0 is expected anyway".to_owned(),
        );
    }
    let exit = fields.or("exit", vec![0], |node| {
        let code = |reader: &mut Reader<'_>, item: &Node| {
            reader.whole(item, 0..=255).and_then(|code| u8::try_from(code).ok())
        };
        all(reader.one_or_more(node).iter().map(|item| code(reader, item)))
    });
    let texts = |reader: &mut Reader<'_>, key: &str| {
        fields.or(key, Vec::new(), |node| {
            let items = reader.one_or_more(node).iter();
            all(items.map(|item| template(reader, item, "a text that is in it")))
        })
    };
    let (stdout, stderr) = (texts(reader, "stdout"), texts(reader, "stderr"));
    let that = fields.or("that", Vec::new(), |node| conditions(reader, node, ENDING));
    let lenient = fields.get("lenient").map(|node| reader.only_true(node, "lenient"));
    Some(CommandExpectations {
        span: Some(entry.span),
        exit: exit?,
        stdout: stdout?,
        stderr: stderr?,
        that: that?,
        judging: if lenient.is_some() { Judging::Lenient } else { Judging::Strict },
    })
}
