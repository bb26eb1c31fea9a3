//! Files with one fault each, refused by the schema and by the reader; those that only the reader can refuse; and right ones, which
//! both accept.

use libtest_mimic::Failed;
use scenario::{Configuration, FileKind, Mistake, read_configuration, read_file};

use super::schemas::Validator;

const CONFIGURATION: &str = "\
services:
  a: { command: a }
  b: { command: b, depends_on: [a] }
";

/// Steps, each of which is wrong.
const STEPS: &[&str] = &[
    "{}",
    "{ request: GET a /, expect: { status: 200 }, zzz: 1 }",
    "{ request: GET a /, wait: 5s }",
    "{ request: GET a, expect: { status: 200 } }",
    "{ request: [GET, a, /], expect: { status: 200 } }",
    "{ request: GET a /, expect: 200 }",
    "{ request: GET a /, expect: { status: 99 } }",
    "{ request: GET a /, expect: { status: ok } }",
    "{ request: GET a /, expect: { status: 200.5 } }",
    "{ request: GET a /, expect: { status: 200, zzz: 1 } }",
    "{ request: GET a /, expect: { that: 5 } }",
    "{ request: GET a /, expect: { links: { b -> a: 1 } } }",
    "{ request: GET a /, expect: { no_reply: maybe } }",
    "{ request: GET a /, expect: { status: 200, lenient: false } }",
    "{ request: GET a /, expect: { status: 200 }, headers: [a, b] }",
    "{ request: GET a /, expect: { status: 200 }, timeout: 5 }",
    "{ request: GET a /, expect: { status: 200 }, repeat: 0 }",
    "{ request: GET a /, expect: { status: 200 }, parallel: many }",
    "{ request: GET a /, capture: [id] }",
    "{ if: [status], request: GET a /, expect: { status: 200 } }",
    "{ wait: 5 }",
    "{ wait: 5 years }",
    "{ eventually: { request: GET a /, expect: { status: 200 } } }",
    "{ eventually: { within: 5s, request: GET a /, expect: { status: 200 }, zzz: 1 } }",
    "{ eventually: { within: 5s, expect: { status: 200 } } }",
    "{ together: { request: GET a /, expect: { status: 200 } } }",
    "{ inject: { for: 5s } }",
    "{ start: { service: a, ready: maybe } }",
    "{ kill: { service: a, no_effect: fine } }",
    "{ restart: { ready: yes } }",
    "{ check: { a: b } }",
];

/// Faults, each of which is wrong.
const FAULTS: &[&str] = &[
    "{ outage: refuse }",
    "{ link: b -> a }",
    "{ link: b -> a, outage: refuse, lose: reply }",
    "{ link: b and a, outage: refuse }",
    "{ link: b -> a, outage: explode }",
    "{ link: b -> a, lose: both }",
    "{ link: b -> a, duplicate: false }",
    "{ link: b -> a, lose: reply, probability: 2 }",
    "{ link: b -> a, lose: reply, calls: often }",
    "{ link: b -> a, lose: reply, match: { path: api } }",
    "{ link: b -> a, truncate: -1 }",
    "{ link: b -> a, bandwidth: fast }",
    "{ link: b -> a, latency: 200 }",
    "{ link: b -> a, latency: { jitter: 5ms } }",
    "{ link: b -> a, latency: { delay: 5ms, side: both } }",
    "{ link: b -> a, error: 1000 }",
    "{ link: b -> a, crash: { service: a, when: later } }",
];

/// Files among the scenarios, each of which is wrong.
const FILES: &[&str] = &[
    "tags: [a]",
    "scenario: s",
    "scenario: s\ntags: smoke\nsteps: [{ wait: 1s }]",
    "scenario: s\nvars: [a]\nsteps: [{ wait: 1s }]",
    "scenario: s\nsteps: { wait: 1s }",
    "scenario: s\nsettle: soon\nsteps: [{ wait: 1s }]",
    "scenario: s\nzzz: 1\nsteps: [{ wait: 1s }]",
    "invariants: { i: { when: always, holds: a.x == 1 } }",
    "invariants: { i: { when: sometimes, observe: { a: GET a / }, holds: a.x == 1 } }",
    "invariants: { i: { when: always, observe: { a: GET a / } } }",
    "exploration: e",
    "exploration: e\nsteps: many\noperations: { o: { request: GET a /, expect: { status: 200 } } }",
    "exploration: e\noperations: { o: { expect: { status: 200 } } }",
    "exploration: e\nwait: { weight: 1 }\noperations: { o: { request: GET a /, expect: { status: 200 } } }",
    "exploration: e\noperations: { o: { weight: 0, request: GET a /, expect: { status: 200 } } }",
    "exploration: e\noperations: { o: { values: { v: { integer: 1-3, one_of: [1] } }, request: 'GET a /${v}' } }",
];

/// Configurations, each of which is wrong.
const CONFIGURATIONS: &[&str] = &[
    "timeout: 5s",
    "services: { a: { command: a } }\nzzz: 1",
    "services: { a: { command: a, zzz: 1 } }",
    "services: { a: { base_url: localhost:5002 } }",
    "services: { a: { base_url: http://localhost:5002, required: maybe } }",
    "services: { a: { command: a, stop: 5 } }",
    "services: { a: { command: a, ready: livez } }",
    "services: { a: { command: a, ready: { within: 5s } } }",
    "services: { a: { command: a }, b: { command: b, depends_on: { a: { port: 1 } } } }",
    "services: { a: { command: a } }\nsettle: soon",
];

/// Steps that are right, in spellings that a schema may easily refuse.
const RIGHT_STEPS: &[&str] = &[
    "{ wait: 0.5s }",
    "{ wait: 500 ms }",
    "{ request: GET  a   /b?c=d, expect: { status: [200, 404] } }",
    "{ request: 'GET a ${path}', expect: { headers: { A: null, B: [x, 1], C: '${any}' } } }",
    "{ request: GET a /, headers: { A: 1, B: true }, form: { a: 1 }, expect: { no_reply: allowed } }",
    "{ request: GET a /, text: 5, expect: { body: null } }",
    "{ request: GET a /, body: [1, { a: null }], expect: { body: { exact: { a: 1 } } } }",
    "{ request: GET a /, repeat: 5, expect: { outcomes: { 200: '>= 1', no_reply: 0-3, 503: 1 } } }",
    "{ request: GET a /, expect: { links: { b -> a: calls == 1, client -> a: 'statuses == [200]' } } }",
    "{ name: 5, may_end: [a, b], request: GET a /, expect: { that: [status == 200, took < 1] } }",
    "{ start: { service: a, ready: no, no_effect: allowed } }",
    "{ restart: a }",
    "{ check: path == '/' }",
];

/// Faults that are right, in such spellings.
const RIGHT_FAULTS: &[&str] = &[
    "{ link: b->a, latency: 1.5s }",
    "{ link: b -> a, match: GET, calls: 1-3, probability: 1, error: 503 }",
    "{ link: b -> a, match: /a/**, calls: every 2nd, truncate: 0 }",
    "{ link: client -> a, match: { path: /* }, crash: { service: b } }",
    "{ link: b -> a, error: { status: 500, body: { a: 1 }, headers: { A: 1 } } }",
];

/// Configurations that are right, in such spellings.
const RIGHT_CONFIGURATIONS: &[&str] = &[
    "services: { a: { command: [a, 1] }, b: { command: b, env: { A: 1, B: true }, depends_on: { a: } } }",
    "services: { a: { command: a, ready: [/a, { path: /b }], stop: 0s, after: b }, b: { command: b, ready: { path: /c, headers: { A: 1 } } } }",
    "services: { a: { base_url: http://localhost, required: false } }\nx-anything: [1]",
    "services: { a: { command: a } }\ninvariants: { i: { when: always, observe: { a: GET a / }, holds: [a == 1] } }",
];

/// What only the reader can refuse, since it depends on more than the value itself, each with an example.
pub(super) const ONLY_BY_THE_READER: &[(&str, &str)] = &[
    ("an unknown service", "scenario: s\nsteps: [{ request: GET zzz /, expect: { status: 200 } }]"),
    (
        "a link that e2e.conf doesn't make",
        "scenario: s\nfaults: { f: { link: a -> b, lose: reply } }\nsteps: [{ inject: f }]",
    ),
    ("a variable that is undefined, or captured only later", "scenario: s\nsteps: [{ check: zzz == 1 }]"),
    (
        "an expression, a pattern or a `${…}` that can't be read",
        "scenario: s\nsteps: [{ request: GET a /, expect: { that: status = 200 } }]",
    ),
    ("a request that expects nothing and captures nothing", "scenario: s\nsteps: [{ request: GET a / }]"),
    ("a condition that is always true", "scenario: s\nsteps: [{ check: 1 == 1 }]"),
    (
        "a fault that is never injected, or an unknown one",
        "scenario: s\nfaults: { f: { link: b -> a, lose: reply } }\nsteps: [{ wait: 1s }]",
    ),
    (
        "a value that is captured and never used",
        "scenario: s\nsteps: [{ request: GET a /, capture: { id: body.id } }]",
    ),
    ("a key beside an action to which it doesn't belong", "scenario: s\nsteps: [{ wait: 1s, repeat: 2 }]"),
    (
        "two keys that exclude each other",
        "scenario: s\nsteps: [{ request: GET a /, body: 1, text: a, expect: { status: 200 } }]",
    ),
    (
        "outcomes of more or fewer requests than are sent",
        "scenario: s\nsteps: [{ request: GET a /, repeat: 3, expect: { outcomes: { 200: 2 } } }]",
    ),
    ("a length of time that is too long, or none at all", "scenario: s\nsteps: [{ wait: 0s }]"),
    (
        "a fault whose own values don't fit together",
        "scenario: s\nfaults: { f: { link: b -> a, latency: { delay: 1s, jitter: 2s } } }\nsteps: [{ inject: f }]",
    ),
];

/// Panics unless each wrong file is refused by both, and what only the reader can refuse by the reader alone.
pub(super) fn are_refused() {
    let files = Validator::of(&FileKind::AMONG_SCENARIOS);
    let configuration = read_configuration(CONFIGURATION, "e2e.conf".into()).expect("no mistakes");
    let steps = STEPS.iter().map(|step| format!("scenario: s\nsteps:\n  - {step}"));
    let faults =
        FAULTS.iter().map(|fault| format!("scenario: s\nfaults:\n  f: {fault}\nsteps: [{{ inject: f }}]"));
    let texts: Vec<String> = steps.chain(faults).chain(FILES.iter().map(|text| (*text).to_owned())).collect();
    for text in &texts {
        assert!(is_refused(text, &configuration), "the reader accepts:\n{text}");
        assert!(files.complaint(text).is_some(), "the schema accepts:\n{text}");
    }
    let configurations = Validator::of(&[FileKind::Configuration]);
    for text in CONFIGURATIONS {
        let read = read_configuration(text, "e2e.conf".into());
        assert!(read.is_err(), "the reader accepts:\n{text}");
        assert!(configurations.complaint(text).is_some(), "the schema accepts:\n{text}");
    }
    for (what, text) in ONLY_BY_THE_READER {
        assert!(is_refused(text, &configuration), "{what}: the reader accepts:\n{text}");
        assert_eq!(files.complaint(text), None, "{what}: the schema refuses:\n{text}");
    }
}

/// Fails unless what is right is accepted by both.
pub(super) fn that_are_right_are_accepted() -> Result<(), Failed> {
    let configuration = read_configuration(CONFIGURATION, "e2e.conf".into()).expect("no mistakes");
    let files = Validator::of(&FileKind::AMONG_SCENARIOS);
    let configurations = Validator::of(&[FileKind::Configuration]);
    let steps = RIGHT_STEPS
        .iter()
        .map(|step| format!("scenario: s\nvars: {{ path: / }}\nsteps:\n  - {step}\n  - check: path == '/'"));
    let faults = RIGHT_FAULTS
        .iter()
        .map(|fault| format!("scenario: s\nfaults:\n  f: {fault}\nsteps: [{{ inject: f }}]"));
    let read = |text: &str| read_file(text, "a.yaml".into(), &configuration).err();
    let read_conf = |text: &str| read_configuration(text, "e2e.conf".into()).err();
    let refused = |text: &str, mistakes: Option<Vec<Mistake>>, complaint: Option<String>| {
        let mistakes = mistakes.map(|mistakes| mistakes[0].to_string());
        mistakes.or(complaint).map(|why| format!("{text}\n  is refused: {why}"))
    };
    let wrong = steps.chain(faults).filter_map(|text| refused(&text, read(&text), files.complaint(&text)));
    let wrong = wrong.chain(
        RIGHT_CONFIGURATIONS
            .iter()
            .filter_map(|text| refused(text, read_conf(text), configurations.complaint(text))),
    );
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n").into()) }
}

fn is_refused(text: &str, configuration: &Configuration) -> bool {
    read_file(text, "a.yaml".into(), configuration).is_err()
}
