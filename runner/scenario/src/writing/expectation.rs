use super::{calls::calls, mapping::Mapping};
use crate::{
    BodyExpectation, CircuitExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation, Object,
    OutcomeCount, OutcomePattern, ReplyExpectation, StatusPattern, Template, Value,
};

pub(super) fn expectations(expect: &Expectations) -> Object {
    let mut written = Mapping::default();
    match expect.status.as_slice() {
        [only] => written.put("status", status(*only)),
        statuses => written.list("status", statuses.iter().copied().map(status)),
    }
    written.names("headers", expect.headers.iter().map(|(name, value)| (name.to_string(), header(value))));
    written.maybe(
        "body",
        expect.body.as_ref().map(|body| match body {
            BodyExpectation::Subset(value) => value.source(),
            BodyExpectation::Exact(value) => [("exact", value.source())].into_iter().collect(),
        }),
    );
    written.conditions("that", &expect.that);
    let link = |link: &LinkExpectation| (link.link.to_string(), link.holds.source().into());
    let could_fail = expect.links.iter().filter(|link| link.holds.always() != Some(true));
    written.names("links", could_fail.map(link));
    written.list("calls", expect.calls.iter().map(calls));
    let states = |circuit: &CircuitExpectation| {
        let states = circuit.states.iter().map(String::as_str).collect::<Value>();
        (circuit.link.to_string(), states)
    };
    written.names("circuits", expect.circuits.iter().map(states));
    written.conditions("timing", &expect.timing);
    written.names(
        "outcomes",
        expect.outcomes.iter().map(|(pattern, count)| (outcome_pattern(*pattern), outcome_count(count))),
    );
    match expect.reply {
        ReplyExpectation::Required => {}
        ReplyExpectation::Optional => written.put("no_reply", "allowed"),
        ReplyExpectation::Forbidden => written.put("no_reply", true),
    }
    if expect.judging == Judging::Lenient {
        written.put("lenient", true);
    }
    written.0
}

/// What a header must be.
pub(super) fn header(expected: &HeaderExpectation) -> Value {
    match expected {
        HeaderExpectation::Absent => Value::Null,
        HeaderExpectation::Present => "${any}".into(),
        HeaderExpectation::Values(values) => match values.as_slice() {
            [value] => value.source().into(),
            values => values.iter().map(Template::source).collect(),
        },
    }
}

fn status(pattern: StatusPattern) -> Value {
    match pattern {
        StatusPattern::Is(status) => status.into(),
        StatusPattern::Class(_) => pattern.to_string().into(),
    }
}

fn outcome_pattern(pattern: OutcomePattern) -> String {
    match pattern {
        OutcomePattern::Status(status) => status.to_string(),
        OutcomePattern::NoReply => "no_reply".into(),
    }
}

fn outcome_count(count: &OutcomeCount) -> Value {
    match count {
        OutcomeCount::Exactly(count) => (*count).into(),
        OutcomeCount::Between(least, u32::MAX) => format!(">= {least}").into(),
        OutcomeCount::Between(least, most) => format!("{least}-{most}").into(),
    }
}
