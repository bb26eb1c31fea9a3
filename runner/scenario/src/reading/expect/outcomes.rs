//! `outcomes`: how many of several requests end in each way.

use super::super::{
    reader::{Reader, all},
    table::Shape,
    yaml::{Entry, Node},
};
use crate::{OutcomeCount, OutcomePattern, Times};

pub(super) const COUNT: &[Shape] =
    &[Shape::Whole(0), Shape::Pattern(r"^([0-9]+-[0-9]+|(>=|<=|>|<)\s*[0-9]+)$")];

/// The outcomes of a repeated or parallel request, which have to add up to the number of requests.
pub(super) fn outcomes(
    reader: &mut Reader<'_>,
    entry: &Entry,
    times: Times,
) -> Option<Vec<(OutcomePattern, OutcomeCount)>> {
    let (Times::Repeat(requests) | Times::Parallel(requests)) = times else {
        let help = "use `status`, or add `parallel: 20` or `repeat: 20`".to_owned();
        reader.note(entry.span, "`outcomes` count the requests of a repeated or parallel step", help);
        return None;
    };
    let entries = reader.mapping(&entry.value, "a mapping of statuses to counts")?;
    let outcomes: Vec<_> = all(entries.iter().map(|outcome| {
        let pattern = outcome_pattern(reader, outcome);
        let count = outcome_count(reader, &outcome.value);
        Some((pattern?, count?))
    }))?;
    let sum =
        |bound: fn(&OutcomeCount) -> u32| outcomes.iter().map(|(_, count)| u64::from(bound(count))).sum();
    let (least, most): (u64, u64) = (sum(least), sum(most));
    if !(least..=most).contains(&u64::from(requests)) {
        let bound =
            if u64::from(requests) > most { format!("at most {most}") } else { format!("at least {least}") };
        let message = format!("these outcomes are of {bound} requests, and {requests} are sent");
        reader.note(entry.span, message, None);
    }
    Some(outcomes)
}

fn outcome_pattern(reader: &mut Reader<'_>, entry: &Entry) -> Option<OutcomePattern> {
    if entry.key == "no_reply" {
        return Some(OutcomePattern::NoReply);
    }
    let status = entry.key.parse().ok().filter(|status| (100..=599).contains(status));
    if status.is_none() {
        let help = "an outcome is a status from 100 to 599, or `no_reply`".to_owned();
        reader.note(entry.span, format!("`{}` is no outcome", entry.key), help);
    }
    status.map(OutcomePattern::Status)
}

fn outcome_count(reader: &mut Reader<'_>, node: &Node) -> Option<OutcomeCount> {
    let text = reader.text(node, "a count, such as `3`, `0-3` or `\">= 1\"`")?;
    let count = parse_count(&text);
    if count.is_none() {
        let help = "write `3`, `0-3` or `\">= 1\"`".to_owned();
        reader.note(node.span, format!("`{text}` is no count"), help);
    }
    count
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
pub(super) fn parse_count(text: &str) -> Option<OutcomeCount> {
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
