//! The faults of a scenario: on which link, which exchanges, what happens.

use std::time::Duration;

use fault::{
    Calls, CrashPoint, Damage, ErrorReply, Fault, FaultName, Outage, PathPattern, Probability, Selector, Side,
};
use http::StatusCode;

use super::{
    names::Role,
    node::{Entry, Kind, Node},
    reader::{Fields, Reader},
    request::{METHODS, words},
    suggestion,
    table::{DURATION, Key, Shape, Table},
};
use crate::{Scope, Span};

const SIDES: &[&str] = &["request", "reply"];

/// The keys of which a fault has exactly one.
const DAMAGES: &[&str] =
    &["latency", "outage", "lose", "error", "duplicate", "truncate", "bandwidth", "corrupt", "crash"];

pub(crate) const FAULT: Table = Table {
    what: "a fault",
    one_of: DAMAGES,
    groups: &[
        &[
            Key::required(
                "link",
                Shape::Pattern("->"),
                "The link it damages: `caller -> callee`, or `client -> service`.",
            ),
            Key::optional(
                "match",
                Shape::Either(&[Shape::Text, Shape::Table(&MATCH)]),
                "Which requests: `POST /api/users/*/balance`, or a mapping of `method`, `path` and `headers`.",
            ),
            Key::optional(
                "calls",
                Shape::Either(&[Shape::Whole(1), Shape::Pattern("^([0-9]+-[0-9]+|every [0-9]+[a-z]*)$")]),
                "Which of those, counted since it was injected: `1`, `1-3`, `every 2nd`.",
            ),
            Key::optional("probability", Shape::Fraction, "How likely it is to meet one of those."),
        ],
        &[
            Key::optional(
                "latency",
                Shape::Either(&[DURATION, Shape::Table(&LATENCY)]),
                "The reply, or the request, comes later: `200ms`, or a mapping of `delay`, `jitter` and `side`.",
            ),
            Key::optional("outage", Shape::Choice(&["refuse", "reset", "hang"]), "The callee is away."),
            Key::optional(
                "lose",
                Shape::Choice(SIDES),
                "One half is lost; before a lost reply, the request is processed.",
            ),
            Key::optional(
                "error",
                Shape::Either(&[Shape::Status, Shape::Table(&ERROR)]),
                "The link answers in the callee's place: `503`, or a mapping of `status`, `headers` and `body`.",
            ),
            Key::optional("duplicate", Shape::True, "The request is delivered twice."),
            Key::optional(
                "truncate",
                Shape::Whole(0),
                "The reply breaks off after so many bytes of its body.",
            ),
            Key::optional("bandwidth", Shape::Whole(1), "Bodies pass at so many bytes a second."),
            Key::optional("corrupt", Shape::True, "Bits of the reply's body are flipped."),
            Key::optional(
                "crash",
                Shape::Either(&[Shape::Text, Shape::Table(&CRASH)]),
                "A service dies: its name, or a mapping of `service` and `when`.",
            ),
        ],
    ],
};

const MATCH: Table = Table {
    what: "a match",
    one_of: &[],
    groups: &[&[
        Key::optional("method", Shape::Choice(METHODS), "Only this method."),
        Key::optional(
            "path",
            Shape::Pattern("^/"),
            "Only these paths: `*` is one segment, a last `**` all that follow.",
        ),
        Key::optional("headers", Shape::Names(&Shape::Text), "Only requests that bear these headers."),
    ]],
};

const LATENCY: Table = Table {
    what: "a latency",
    one_of: &[],
    groups: &[&[
        Key::required("delay", DURATION, "How much later."),
        Key::optional("jitter", DURATION, "The most by which the delay is shorter or longer."),
        Key::optional("side", Shape::Choice(SIDES), "Which half waits; the reply unless said otherwise."),
    ]],
};

const ERROR: Table = Table {
    what: "an error",
    one_of: &[],
    groups: &[&[
        Key::required("status", Shape::Status, "The status."),
        Key::optional("headers", Shape::Names(&Shape::Text), "Headers of the reply."),
        Key::optional("body", Shape::Json, "The body: a text as it is, anything else as JSON."),
    ]],
};

const CRASH: Table = Table {
    what: "a crash",
    one_of: &[],
    groups: &[&[
        Key::required("service", Shape::Text, "Who dies."),
        Key::optional(
            "when",
            Shape::Choice(&["before", "after"]),
            "Before the request is delivered, as it is unless said otherwise, or after the reply has left.",
        ),
    ]],
};

impl Reader<'_> {
    /// The faults with the places of their names.
    pub(crate) fn faults(&mut self, node: &Node) -> Vec<(Span, Option<FaultName>, Option<Fault>)> {
        let Some(entries) = self.mapping(node, "a mapping of names to faults") else { return Vec::new() };
        let mut read = |entry: &Entry| {
            let name = match entry.key.parse::<FaultName>() {
                Ok(name) => Some(name),
                Err(error) => {
                    self.note(
                        entry.span,
                        format!("`{}` can't be the name of a fault: {error}", entry.key),
                        None,
                    );
                    None
                }
            };
            let fault = self.fault(entry, name.clone());
            (entry.span, name, fault)
        };
        entries.iter().map(&mut read).collect()
    }

    fn fault(&mut self, entry: &Entry, name: Option<FaultName>) -> Option<Fault> {
        let fields = self.fields(&entry.value, &FAULT)?;
        let link = fields.get("link").and_then(|node| {
            let text = self.text(node, "a link: `caller -> callee`")?;
            self.link(&text, node.span)
        });
        let selector = self.selector(&fields);
        let present = fields.present(DAMAGES);
        match present.as_slice() {
            [] => {
                let help = format!("it needs one of {}", suggestion::list(DAMAGES));
                self.note(entry.span, format!("`{}` does no damage", entry.key), help);
            }
            [first, second, ..] => {
                let message = format!("a fault does one thing: `{}` and `{}` are two", first.key, second.key);
                self.note(second.span, message, "make two faults of it and inject both".to_owned());
            }
            [_] => {}
        }
        let damage = present.first().and_then(|damage| self.damage(damage));
        Some(Fault { name: name?, link: link?, selector: selector?, damage: damage? })
    }

    fn selector(&mut self, fields: &Fields<'_>) -> Option<Selector> {
        let matching = fields.get("match").map_or(Some(Selector::default()), |node| self.matching(node));
        let calls =
            fields.get("calls").map_or(Some(Calls::All), |node| self.spelled(node, "a choice of calls"));
        let probability =
            fields.get("probability").map_or(Some(Probability::default()), |node| self.probability(node));
        Some(Selector { calls: calls?, probability: probability?, ..matching? })
    }

    fn matching(&mut self, node: &Node) -> Option<Selector> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            let text = self.text(node, "`METHOD /path`, or a mapping of `method`, `path` and `headers`")?;
            let mut words = words(&text);
            let first = words.next().unwrap_or((0, 0));
            if text[first.0..].starts_with('/') {
                return Some(Selector {
                    path: self.path_pattern(node, &text, first.0)?,
                    ..Selector::default()
                });
            }
            let method = self.method(node, &text, first);
            let path = match words.next() {
                Some((start, _)) => self.path_pattern(node, &text, start),
                None => Some(PathPattern::default()),
            };
            return Some(Selector { method: Some(method?), path: path?, ..Selector::default() });
        }
        let fields = self.fields(node, &MATCH)?;
        let method = fields.get("method").map(|node| {
            let text = self.text(node, "a method")?;
            self.method(node, &text, (0, text.len()))
        });
        let path = fields.get("path").map_or(Some(PathPattern::default()), |node| {
            let text = self.text(node, "a path")?;
            self.path_pattern(node, &text, 0)
        });
        let headers = fields.get("headers").map_or(Some(Vec::new()), |node| self.plain_headers(node));
        let method = match method {
            Some(method) => Some(method?),
            None => None,
        };
        let headers = headers?.into_iter().map(|(name, value)| Some((name.parse().ok()?, value)));
        Some(Selector {
            method,
            path: path?,
            headers: headers.collect::<Option<_>>()?,
            ..Selector::default()
        })
    }

    fn path_pattern(&mut self, node: &Node, text: &str, start: usize) -> Option<PathPattern> {
        let path = text[start..].trim_end();
        let span = self.part(node, text, start..start + path.len());
        let segments: Vec<&str> = path.split('/').collect();
        let (message, help) = if !path.starts_with('/') {
            ("a path starts with `/`", format!("write `/{path}`"))
        } else if path.contains("${") {
            ("a path to match has no `${…}` in it", "use `*` for a segment that isn't known".to_owned())
        } else if path.contains(['?', '#']) || path.contains(char::is_whitespace) {
            ("a path is matched without its query", "leave out `?` and what follows".to_owned())
        } else if segments.iter().rev().skip(1).any(|segment| *segment == "**") {
            ("`**` stands for all that follows and has to be last", "use `*` for one segment".to_owned())
        } else if segments.iter().any(|segment| segment.contains('*') && !matches!(*segment, "*" | "**")) {
            ("`*` stands for a whole segment", "write `/*/`".to_owned())
        } else {
            return Some(PathPattern::new(path));
        };
        self.note(span, message, help);
        None
    }

    fn probability(&mut self, node: &Node) -> Option<Probability> {
        let Kind::Number(number, _) = &node.kind else {
            self.wrong_kind(node, "a number from 0 to 1");
            return None;
        };
        match number.as_f64().and_then(Probability::new) {
            Some(probability) if probability.value() > 0.0 => Some(probability),
            Some(_) => {
                self.note(node.span, "a fault with a probability of 0 never meets anything", None);
                None
            }
            None => {
                let message =
                    format!("{} is no probability: it has to be from 0 to 1", self.written(node.span));
                self.note(node.span, message, None);
                None
            }
        }
    }

    fn damage(&mut self, entry: &Entry) -> Option<Damage> {
        let node = &entry.value;
        match entry.key.as_str() {
            "latency" => self.latency(node),
            "outage" => {
                let ways = [("refuse", Outage::Refuse), ("reset", Outage::Reset), ("hang", Outage::Hang)];
                self.choice(node, &ways).map(Damage::Outage)
            }
            "lose" => self.side(node).map(Damage::Lose),
            "error" => self.error_reply(node).map(Damage::Error),
            "duplicate" => self.only_true(node, "duplicate").map(|()| Damage::Duplicate),
            "truncate" => {
                let bytes = self.whole(node, 0..=u64::from(u32::MAX))?;
                usize::try_from(bytes).ok().map(Damage::Truncate)
            }
            "bandwidth" => self.whole(node, 1..=u64::MAX).map(Damage::Bandwidth),
            "corrupt" => self.only_true(node, "corrupt").map(|()| Damage::Corrupt),
            "crash" => self.crash(node),
            other => unreachable!("`{other}` is no damage of the table"),
        }
    }

    fn side(&mut self, node: &Node) -> Option<Side> {
        self.choice(node, &[("request", Side::Request), ("reply", Side::Reply)])
    }

    fn latency(&mut self, node: &Node) -> Option<Damage> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            let delay = self.duration(node)?;
            return Some(Damage::Latency { delay, jitter: Duration::ZERO, side: Side::Reply });
        }
        let fields = self.fields(node, &LATENCY)?;
        let delay = fields.get("delay").and_then(|node| self.duration(node));
        let jitter = fields.get("jitter").map_or(Some(Duration::ZERO), |node| self.duration(node));
        let side = fields.get("side").map_or(Some(Side::Reply), |node| self.side(node));
        if let (Some(delay), Some(jitter), Some(node)) = (delay, jitter, fields.get("jitter"))
            && jitter > delay
        {
            self.note(node.span, "the jitter is longer than the delay: nothing can arrive early", None);
        }
        Some(Damage::Latency { delay: delay?, jitter: jitter?, side: side? })
    }

    fn error_reply(&mut self, node: &Node) -> Option<ErrorReply> {
        let status = |reader: &mut Self, node: &Node| StatusCode::from_u16(reader.status(node)?).ok();
        if !matches!(node.kind, Kind::Mapping(_)) {
            return Some(ErrorReply {
                status: status(self, node)?,
                headers: Vec::new(),
                body: String::new(),
            });
        }
        let fields = self.fields(node, &ERROR)?;
        let status = fields.get("status").and_then(|node| status(self, node));
        let headers = fields.get("headers").map_or(Some(Vec::new()), |node| self.plain_headers(node));
        let body = fields.get("body").map_or(Some(String::new()), |node| self.plain_body(node));
        Some(ErrorReply { status: status?, headers: headers?, body: body? })
    }

    /// Headers without holes.
    fn plain_headers(&mut self, node: &Node) -> Option<Vec<(String, String)>> {
        let entries = self.mapping(node, "a mapping of headers")?;
        let mut read = |entry: &Entry| {
            let name = self.header_name(entry);
            let value = self.text(&entry.value, "a header's value");
            self.refuse_holes(&entry.value);
            Some((name?.to_string(), value?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    /// A body without holes: a text as it is, anything else as JSON.
    fn plain_body(&mut self, node: &Node) -> Option<String> {
        self.refuse_holes(node);
        if let Kind::Text(text) = &node.kind {
            return Some(text.clone());
        }
        let value = self.value(node, Role::Sent)?;
        value.render(&Scope::default()).ok().map(|value| value.to_string())
    }

    fn refuse_holes(&mut self, node: &Node) {
        match &node.kind {
            Kind::Text(text) => {
                if let Some(at) = text.find("${") {
                    let help = "a link decides by itself, and knows no variables".to_owned();
                    self.note(self.part(node, text, at..at + 2), "a fault can't have `${…}` in it", help);
                }
            }
            Kind::List(items) => items.iter().for_each(|item| self.refuse_holes(item)),
            Kind::Mapping(entries) => entries.iter().for_each(|entry| self.refuse_holes(&entry.value)),
            Kind::Null | Kind::Boolean(_) | Kind::Number(..) => {}
        }
    }

    fn crash(&mut self, node: &Node) -> Option<Damage> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            return Some(Damage::Crash { service: self.service_at(node)?, point: CrashPoint::BeforeRequest });
        }
        let fields = self.fields(node, &CRASH)?;
        let service = fields.get("service").and_then(|node| self.service_at(node));
        let moments = [("before", CrashPoint::BeforeRequest), ("after", CrashPoint::AfterReply)];
        let point =
            fields.get("when").map_or(Some(CrashPoint::BeforeRequest), |node| self.choice(node, &moments));
        Some(Damage::Crash { service: service?, point: point? })
    }
}
