//! What must come of a request.

use http::HeaderName;

use super::{
    names::{LINK, REPLY, Role},
    node::{Entry, Kind, Node},
    reader::Reader,
    table::{EXPRESSION, EXPRESSIONS, Key, Shape, Table},
};
use crate::{
    BodyExpectation, Expectations, Judging, LinkExpectation, OutcomeCount, OutcomePattern, ReplyExpectation,
    Template, Times,
};

const HEADER: &[Shape] = &[Shape::Text, Shape::Null];
const COUNT: &[Shape] = &[Shape::Whole(0), Shape::Pattern(r"^([0-9]+-[0-9]+|(>=|<=|>|<)\s*[0-9]+)$")];

pub(crate) const EXPECT: Table = Table {
    what: "an expectation",
    one_of: &[],
    groups: &[&[
        Key::optional(
            "status",
            Shape::OneOrMore(&Shape::Status),
            "The reply's status, or a list of possible ones.",
        ),
        Key::optional(
            "headers",
            Shape::Names(&Shape::Either(HEADER)),
            "Headers of the reply; `null`: it must be absent.",
        ),
        Key::optional(
            "body",
            Shape::Json,
            "What must be in the body: objects may have more keys. `exact: …` for the whole; `${any}` for any value.",
        ),
        Key::optional(
            "that",
            EXPRESSIONS,
            "Expressions over `status`, `headers`, `body` and `took` that must be true.",
        ),
        Key::optional(
            "links",
            Shape::Names(&EXPRESSION),
            "Links, each with an expression over `calls`, `delivered`, `replied` and `statuses`.",
        ),
        Key::optional(
            "outcomes",
            Shape::Names(&Shape::Either(COUNT)),
            "Of a repeated or parallel request: how many ended with which status, or with `no_reply`.",
        ),
        Key::optional(
            "no_reply",
            Shape::Either(&[Shape::True, Shape::Choice(&["allowed"])]),
            "No reply may come; `allowed`: whether one comes doesn't matter.",
        ),
        Key::optional(
            "lenient",
            Shape::True,
            "What isn't as expected fails nothing; what can't be captured is null.",
        ),
    ]],
};

impl Reader<'_> {
    /// What a step expects.
    pub(crate) fn expectations(&mut self, entry: &Entry, times: Times) -> Option<Expectations> {
        let fields = self.fields(&entry.value, &EXPECT)?;
        if fields
            .present(&["status", "headers", "body", "that", "links", "outcomes", "no_reply", "lenient"])
            .is_empty()
        {
            self.note(entry.span, "this step can't fail: nothing is expected", None);
        }
        let status = fields.get("status").map_or(Some(Vec::new()), |node| self.statuses(node));
        let headers = fields.get("headers").map_or(Some(Vec::new()), |node| self.expected_headers(node));
        let body = fields.get("body").map(|node| self.expected_body(node));
        let that = fields.get("that").map_or(Some(Vec::new()), |node| self.expressions(node, REPLY));
        let links = fields.get("links").map_or(Some(Vec::new()), |node| self.expected_links(node));
        let outcomes = fields.entry("outcomes").map_or(Some(Vec::new()), |entry| self.outcomes(entry, times));
        let reply =
            fields.get("no_reply").map_or(Some(ReplyExpectation::Required), |node| self.expected_reply(node));
        let lenient = fields.get("lenient").map(|node| self.only_true(node, "lenient"));
        if let (Some(ReplyExpectation::Forbidden), [with, ..]) =
            (&reply, fields.present(&["status", "headers", "body", "that"]).as_slice())
        {
            let message = format!("`{}` can't be expected of no reply", with.key);
            self.note(with.span, message, "leave it or `no_reply` out".to_owned());
        }
        Some(Expectations {
            span: Some(entry.span),
            status: status?,
            headers: headers?,
            body: match body {
                Some(body) => Some(body?),
                None => None,
            },
            that: that?,
            links: links?,
            outcomes: outcomes?,
            reply: reply?,
            judging: if lenient.is_some() { Judging::Lenient } else { Judging::Strict },
        })
    }

    fn expected_reply(&mut self, node: &Node) -> Option<ReplyExpectation> {
        if matches!(node.kind, Kind::Boolean(_)) {
            return self.only_true(node, "no_reply").map(|()| ReplyExpectation::Forbidden);
        }
        self.choice(node, &[("true", ReplyExpectation::Forbidden), ("allowed", ReplyExpectation::Optional)])
    }

    fn statuses(&mut self, node: &Node) -> Option<Vec<u16>> {
        let read: Vec<_> = self.one_or_more(node).iter().map(|item| self.status(item)).collect();
        read.into_iter().collect()
    }

    /// An HTTP status.
    pub(crate) fn status(&mut self, node: &Node) -> Option<u16> {
        self.whole(node, 100..=599).and_then(|status| u16::try_from(status).ok())
    }

    fn expected_headers(&mut self, node: &Node) -> Option<Vec<(HeaderName, Option<Template>)>> {
        let entries = self.mapping(node, "a mapping of headers")?;
        let mut read = |entry: &Entry| {
            let name = self.header_name(entry);
            let value = match entry.value.kind {
                Kind::Null if !entry.value.is_missing() => None,
                _ => Some(self.template(&entry.value, "what the header must be, or `null`")?),
            };
            Some((name?, value))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    fn expected_body(&mut self, node: &Node) -> Option<BodyExpectation> {
        match &node.kind {
            Kind::Mapping(entries) if matches!(entries.as_slice(), [only] if only.key == "exact") => {
                self.value(&entries[0].value, Role::Expected).map(BodyExpectation::Exact)
            }
            _ => self.value(node, Role::Expected).map(BodyExpectation::Subset),
        }
    }

    fn expected_links(&mut self, node: &Node) -> Option<Vec<LinkExpectation>> {
        let entries = self.mapping(node, "a mapping of links to expressions")?;
        let mut read = |entry: &Entry| {
            let link = self.link(&entry.key, entry.span);
            let holds = self.expression(&entry.value, LINK);
            Some(LinkExpectation { link: link?, holds: holds? })
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    fn outcomes(&mut self, entry: &Entry, times: Times) -> Option<Vec<(OutcomePattern, OutcomeCount)>> {
        let (Times::Repeat(requests) | Times::Parallel(requests)) = times else {
            let help = "use `status`, or add `parallel: 20` or `repeat: 20`".to_owned();
            self.note(entry.span, "`outcomes` count the requests of a repeated or parallel step", help);
            return None;
        };
        let entries = self.mapping(&entry.value, "a mapping of statuses to counts")?;
        let mut read = |outcome: &Entry| {
            let pattern = self.outcome_pattern(outcome);
            let count = self.outcome_count(&outcome.value);
            Some((pattern?, count?))
        };
        let read: Vec<_> = entries.iter().map(&mut read).collect();
        let outcomes: Vec<_> = read.into_iter().collect::<Option<_>>()?;
        let sum =
            |bound: fn(&OutcomeCount) -> u32| outcomes.iter().map(|(_, count)| u64::from(bound(count))).sum();
        let (least, most): (u64, u64) = (sum(least), sum(most));
        if !(least..=most).contains(&u64::from(requests)) {
            let bound = if u64::from(requests) > most {
                format!("at most {most}")
            } else {
                format!("at least {least}")
            };
            let message = format!("these outcomes are of {bound} requests, and {requests} are sent");
            self.note(entry.span, message, None);
        }
        Some(outcomes)
    }

    fn outcome_pattern(&mut self, entry: &Entry) -> Option<OutcomePattern> {
        if entry.key == "no_reply" {
            return Some(OutcomePattern::NoReply);
        }
        let status = entry.key.parse().ok().filter(|status| (100..=599).contains(status));
        if status.is_none() {
            let help = "an outcome is a status from 100 to 599, or `no_reply`".to_owned();
            self.note(entry.span, format!("`{}` is no outcome", entry.key), help);
        }
        status.map(OutcomePattern::Status)
    }

    fn outcome_count(&mut self, node: &Node) -> Option<OutcomeCount> {
        let text = self.text(node, "a count, such as `3`, `0-3` or `\">= 1\"`")?;
        let count = parse_count(&text);
        if count.is_none() {
            let help = "write `3`, `0-3` or `\">= 1\"`".to_owned();
            self.note(node.span, format!("`{text}` is no count"), help);
        }
        count
    }
}

fn least(count: &OutcomeCount) -> u32 {
    match count {
        OutcomeCount::Exactly(count) | OutcomeCount::Between(count, _) => *count,
    }
}

fn most(count: &OutcomeCount) -> u32 {
    match count {
        OutcomeCount::Exactly(count) | OutcomeCount::Between(_, count) => *count,
    }
}

/// Reads `3`, `0-3`, `>= 1`, `> 1`, `<= 3` and `< 3`.
fn parse_count(text: &str) -> Option<OutcomeCount> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    if let Some(rest) = text.strip_prefix(">=") {
        Some(OutcomeCount::Between(number(rest)?, u32::MAX))
    } else if let Some(rest) = text.strip_prefix("<=") {
        Some(OutcomeCount::Between(0, number(rest)?))
    } else if let Some(rest) = text.strip_prefix('>') {
        Some(OutcomeCount::Between(number(rest)?.checked_add(1)?, u32::MAX))
    } else if let Some(rest) = text.strip_prefix('<') {
        Some(OutcomeCount::Between(0, number(rest)?.checked_sub(1)?))
    } else if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(OutcomeCount::Between(first, last))
    } else {
        number(text).map(OutcomeCount::Exactly)
    }
}
