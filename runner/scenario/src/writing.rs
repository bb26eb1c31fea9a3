//! From a scenario back to text: what [`read_file`](crate::read_file) reads as the same scenario.

use fault::{Calls, CrashPoint, Damage, Fault, Outage, PathPattern, Probability, Selector};
use serde_json::{Map, Value, json};

use crate::{
    Action, Body, BodyExpectation, Call, Expectations, Expression, Judging, OutcomeCount, OutcomePattern,
    ReplyExpectation, RequestStep, Scenario, Step, Template, TemplateValue, Times, duration, template::Part,
};

/// The text of a scenario.
pub fn write(scenario: &Scenario) -> String {
    let mut written = Mapping::default();
    written.put("scenario", scenario.name.as_str());
    written.list("tags", scenario.tags.iter().map(|tag| tag.as_str().into()));
    written.names("vars", scenario.vars.iter().map(|(name, value)| (name.clone(), value.written())));
    written.names("faults", scenario.faults.iter().map(|fault| (fault.name.to_string(), of_fault(fault))));
    written.list("steps", scenario.steps.iter().map(of_step));
    written.maybe("settle", scenario.settle.map(duration::written));
    serde_yaml::to_string(&written.0).expect("a mapping of texts, numbers, lists and mappings can be written")
}

/// A mapping in the order it is written.
#[derive(Default)]
struct Mapping(Map<String, Value>);

impl Mapping {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn list(&mut self, key: &str, items: impl Iterator<Item = Value>) {
        let items: Vec<Value> = items.collect();
        self.maybe(key, (!items.is_empty()).then_some(items));
    }

    fn names(&mut self, key: &str, entries: impl Iterator<Item = (String, Value)>) {
        let entries: Map<String, Value> = entries.collect();
        self.maybe(key, (!entries.is_empty()).then_some(entries));
    }

    fn conditions(&mut self, key: &str, conditions: &[Expression]) {
        self.list(key, conditions.iter().map(|condition| condition.source().into()));
    }
}

fn of_step(step: &Step) -> Value {
    let mut written = Mapping::default();
    written.put("name", step.name.as_str());
    written.maybe("if", step.condition.as_ref().map(Expression::source));
    match &step.action {
        Action::Request(request) => written.request(request),
        Action::Together(members) => written.list("together", members.iter().map(of_step)),
        Action::Eventually(eventually) => {
            let mut inner = Mapping::default();
            inner.put("within", duration::written(eventually.within));
            inner.put("every", duration::written(eventually.every));
            inner.request(&eventually.request);
            written.put("eventually", inner.0);
        }
        Action::Inject(inject) => {
            written.put("inject", inject.fault.as_str());
            written.maybe("after", (!inject.after.is_zero()).then(|| duration::written(inject.after)));
            written.maybe("for", inject.lasting.map(duration::written));
        }
        Action::Heal(fault) => written.put("heal", fault.as_ref().map_or("all", |fault| fault.as_str())),
        Action::Wait(time) => written.put("wait", duration::written(*time)),
        Action::Process(process) => written.put(process.signal.as_str(), process.service.as_str()),
        Action::Check(conditions) => written.conditions("check", conditions),
    }
    written.0.into()
}

impl Mapping {
    fn request(&mut self, step: &RequestStep) {
        match step.times {
            Times::Once => {}
            Times::Repeat(times) => self.put("repeat", times),
            Times::Parallel(times) => self.put("parallel", times),
        }
        self.call(&step.call);
        let expect = of_expectations(&step.expect);
        self.maybe("expect", (!expect.is_empty()).then_some(expect));
        self.names("capture", step.capture.iter().map(|(name, value)| (name.clone(), value.source().into())));
    }

    fn call(&mut self, call: &Call) {
        self.put("request", format!("{} {} {}", call.method, call.service, call.path.source()));
        let header = |(name, value): &(http::HeaderName, Template)| (name.to_string(), value.source().into());
        self.names("headers", call.headers.iter().map(header));
        match &call.body {
            Body::None => {}
            Body::Json(value) => self.put("body", value.written()),
            Body::Text(text) => self.put("text", text.source()),
            Body::Form(fields) => {
                self.names("form", fields.iter().map(|(name, value)| (name.clone(), value.source().into())));
            }
        }
        self.maybe("timeout", call.timeout.map(duration::written));
    }
}

fn of_expectations(expect: &Expectations) -> Map<String, Value> {
    let mut written = Mapping::default();
    match expect.status.as_slice() {
        [status] => written.put("status", *status),
        statuses => written.list("status", statuses.iter().map(|status| (*status).into())),
    }
    let header = |value: &Option<Template>| value.as_ref().map_or(Value::Null, |value| value.source().into());
    written.names("headers", expect.headers.iter().map(|(name, value)| (name.to_string(), header(value))));
    written.maybe(
        "body",
        expect.body.as_ref().map(|body| match body {
            BodyExpectation::Subset(value) => value.written(),
            BodyExpectation::Exact(value) => json!({ "exact": value.written() }),
        }),
    );
    written.conditions("that", &expect.that);
    let link = |link: &crate::LinkExpectation| (link.link.to_string(), link.holds.source().into());
    written.names("links", expect.links.iter().map(link));
    written.names(
        "outcomes",
        expect.outcomes.iter().map(|(pattern, count)| (outcome(*pattern), of_count(count))),
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

fn outcome(pattern: OutcomePattern) -> String {
    match pattern {
        OutcomePattern::Status(status) => status.to_string(),
        OutcomePattern::NoReply => "no_reply".into(),
    }
}

fn of_count(count: &OutcomeCount) -> Value {
    match count {
        OutcomeCount::Exactly(count) => (*count).into(),
        OutcomeCount::Between(least, u32::MAX) => format!(">= {least}").into(),
        OutcomeCount::Between(least, most) => format!("{least}-{most}").into(),
    }
}

fn of_fault(fault: &Fault) -> Value {
    let mut written = Mapping::default();
    written.put("link", fault.link.to_string());
    let Selector { method, path, headers, calls, probability } = &fault.selector;
    let every_path = *path == PathPattern::default();
    match (method, headers.is_empty()) {
        (None, true) if every_path => {}
        (None, true) => written.put("match", path.to_string()),
        (Some(method), true) => {
            written.put("match", if every_path { method.to_string() } else { format!("{method} {path}") });
        }
        (method, false) => {
            let mut inner = Mapping::default();
            inner.maybe("method", method.as_ref().map(http::Method::as_str));
            inner.maybe("path", (!every_path).then(|| path.to_string()));
            inner.names(
                "headers",
                headers.iter().map(|(name, value)| (name.to_string(), value.as_str().into())),
            );
            written.put("match", inner.0);
        }
    }
    match calls {
        Calls::All => {}
        Calls::Range(range) if range.start() == range.end() => written.put("calls", *range.start()),
        Calls::Range(range) => written.put("calls", format!("{}-{}", range.start(), range.end())),
        Calls::Every(n) => written.put("calls", format!("every {n}")),
    }
    if *probability != Probability::default() {
        written.put("probability", probability.value());
    }
    let (kind, value) = damage(&fault.damage);
    written.put(kind, value);
    written.0.into()
}

fn damage(damage: &Damage) -> (&'static str, Value) {
    match damage {
        Damage::Latency { delay, jitter, side } => {
            let mut latency = json!({ "delay": duration::written(*delay) });
            if !jitter.is_zero() {
                latency["jitter"] = duration::written(*jitter).into();
            }
            latency["side"] = side.to_string().into();
            ("latency", latency)
        }
        Damage::Outage(Outage::Refuse) => ("outage", "refuse".into()),
        Damage::Outage(Outage::Reset) => ("outage", "reset".into()),
        Damage::Outage(Outage::Hang) => ("outage", "hang".into()),
        Damage::Lose(side) => ("lose", side.to_string().into()),
        Damage::Error(reply) => {
            let mut error = Mapping::default();
            error.put("status", reply.status.as_u16());
            error.names(
                "headers",
                reply.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())),
            );
            error.maybe("body", (!reply.body.is_empty()).then_some(reply.body.as_str()));
            ("error", error.0.into())
        }
        Damage::Duplicate => ("duplicate", true.into()),
        Damage::Truncate(bytes) => ("truncate", (*bytes).into()),
        Damage::Bandwidth(rate) => ("bandwidth", (*rate).into()),
        Damage::Corrupt => ("corrupt", true.into()),
        Damage::Crash { service, point } => {
            let when = match point {
                CrashPoint::BeforeRequest => "before",
                CrashPoint::AfterReply => "after",
            };
            ("crash", json!({ "service": service.as_str(), "when": when }))
        }
    }
}

impl Template {
    /// The template as it is written.
    pub fn source(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.replace("${", "$${"),
            Part::Hole(expression) => format!("${{{}}}", expression.source()),
        };
        self.parts.iter().map(part).collect()
    }
}

impl TemplateValue {
    fn written(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Any => "${any}".into(),
            Self::Text(template) => template.source().into(),
            Self::Array(items) => items.iter().map(Self::written).collect(),
            Self::Object(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.written())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{Configuration, File, read_configuration, read_file};

    const EVERYTHING: &str = r#"
scenario: Everything that can be written
tags: [a, b]
vars: { who: 1, sentence: "it's ${who}: $${x}", list: [1.5, null, { deep: "${who}" }] }
faults:
  lost: { link: client -> shop, match: POST /a/*, calls: 2, lose: reply }
  slow: { link: bank -> shop, latency: { delay: 1500ms, jitter: 0.5ms, side: request }, probability: 0.25 }
  away: { link: client -> shop, match: /a, calls: every 2nd, outage: hang }
  no: { link: client -> shop, match: { method: GET, headers: { x-a: b } }, error: { status: 503, headers: { retry-after: "1" }, body: { a: 1 } } }
  dies: { link: client -> shop, match: PUT, calls: 1-3, crash: { service: shop, when: after } }
  short: { link: client -> shop, truncate: 3 }
  thin: { link: client -> shop, bandwidth: 10 }
  bits: { link: client -> shop, corrupt: true }
  twice: { link: client -> shop, duplicate: true }
steps:
  - inject: lost
  - inject: { fault: slow, after: 1s, for: 1m }
  - inject: away
  - inject: no
  - inject: dies
  - inject: short
  - inject: thin
  - inject: bits
  - inject: twice
  - request: POST shop /a/${who}
    headers: { Idempotency-Key: "7" }
    body: { id: "${who}", text: "7", yes: "no", sentence: "${sentence}", list: "${list}" }
    timeout: 2s
    expect:
      status: [200, 201]
      headers: { x-a: "${who}", x-b: null }
      body: { exact: { a: "${any}", b: [1, "x ${who}"] } }
      that: [took < 2, status == 200]
      links: { client -> shop: calls == 1 }
    capture: { got: body.a if status == 200 else none }
  - if: got is not none
    together:
      - request: GET shop /b
        expect: { status: 200, no_reply: allowed }
      - { name: other, if: got == 1, request: GET shop /c, expect: { lenient: true } }
  - parallel: 3
    request: POST shop /d
    form: { a: "${got}" }
    expect: { outcomes: { 200: 1-2, 409: ">= 1", no_reply: 0 } }
  - repeat: 2
    request: POST shop /e
    text: hello
    expect: { no_reply: true }
  - eventually: { within: 5s, every: 250ms, request: GET shop /, expect: { body: { a: 1 } } }
  - heal: lost
  - heal: all
  - wait: 1.5s
  - kill: shop
  - start: shop
  - restart: shop
  - pause: shop
  - resume: shop
  - stop: shop
  - check: who == 1
settle: 20s
"#;

    fn configuration() -> Configuration {
        let services = "services:\n  shop: { base_url: http://localhost:1 }\n  bank: { base_url: http://localhost:2, depends_on: [shop] }\n";
        read_configuration(services, PathBuf::from("e2e.conf")).expect("a configuration")
    }

    fn read(text: &str) -> Scenario {
        match read_file(text, PathBuf::from("test.yaml"), &configuration()) {
            Ok(File::Scenario(scenario)) => *scenario,
            other => panic!("{other:#?}\n{text}"),
        }
    }

    /// What a scenario is, without where it is written.
    fn meaning(scenario: &Scenario) -> String {
        let debug = format!("{scenario:#?}");
        let placeless = debug.lines().filter(|line| {
            !["line:", "column:", "offset:", "length:"]
                .iter()
                .any(|place| line.trim_start().starts_with(place))
        });
        let cut = |line: &str| line.find(" at ").map_or(line, |at| &line[..at]).to_owned();
        placeless.map(cut).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_written_is_read_as_the_same_scenario() {
        let scenario = read(EVERYTHING);
        let text = write(&scenario);
        let again = read(&text);
        similar(&meaning(&scenario), &meaning(&again));
        assert_eq!(text, write(&again));
    }

    fn similar(left: &str, right: &str) {
        let difference = left.lines().zip(right.lines()).find(|(left, right)| left != right);
        assert_eq!(difference, None);
        assert_eq!(left.len(), right.len());
    }

    #[test]
    fn it_reads_as_a_person_would_write_it() {
        let text = "
scenario: short
faults:
  lost: { link: client -> shop, match: POST /a, calls: 1, lose: reply }
steps:
  - inject: lost
  - request: POST shop /a
    headers: { X-Key: '1' }
    body: { n: 1.50 }
    expect: { status: 200 }
";
        let expected = "\
scenario: short
faults:
  lost:
    link: client -> shop
    match: POST /a
    calls: 1
    lose: reply
steps:
- name: inject lost
  inject: lost
- name: POST shop /a
  request: POST shop /a
  headers:
    x-key: '1'
  body:
    n: 1.5
  expect:
    status: 200
";
        assert_eq!(write(&read(text)), expected);
    }
}
