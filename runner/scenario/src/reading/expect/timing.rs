//! `timing`: how long the requests of a repeated or parallel step took.

use super::super::{
    condition::{check_times, condition},
    reader::{Reader, all},
    suggestion,
    yaml::{Entry, Kind, Node},
};
use crate::{Binding, Bindings, Expression, Times};

/// The names that are always offered; there are percentiles from `p1` to `p99`.
const NAMES: &[&str] = &["min", "max", "mean", "p50", "p90", "p95", "p99"];

pub(super) fn timing(reader: &mut Reader<'_>, entry: &Entry, times: Times) -> Option<Vec<Expression>> {
    if times == Times::Once {
        let help = "say `that: took < 300ms`, or add `repeat: 20` or `parallel: 20`".to_owned();
        reader.note(entry.span, "`timing` is of the requests of a repeated or parallel step", help);
        return None;
    }
    all(reader.one_or_more(&entry.value).iter().map(|node| time_condition(reader, node)))
}

fn time_condition(reader: &mut Reader<'_>, node: &Node) -> Option<Expression> {
    let percentiles: Vec<String> = match &node.kind {
        Kind::Text(text) => {
            Expression::parse(text).iter().flat_map(Expression::names).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let others = percentiles.iter().map(String::as_str).filter(|name| is_time(name) && !NAMES.contains(name));
    let known: Vec<&str> = NAMES.iter().copied().chain(others).collect();
    let condition = condition(reader, node, &known)?;
    check_times(reader, node, &condition, is_time);
    let named: Vec<&str> = condition.names().filter(|name| is_time(name)).collect();
    match named.as_slice() {
        [] if condition.names().next().is_some()
            && condition.names().all(|name| reader.names.is_known(name)) =>
        {
            let help = format!("say something about {}", suggestion::list(NAMES));
            reader.note(node.span, format!("`{}` says nothing about the times", condition.source()), help);
        }
        [name] => {
            let bindings: Bindings = [((*name).to_owned(), Binding::Name("took".into()))].into();
            if condition.bind(&bindings).always() == Some(true) {
                let help = "say something that could be otherwise".to_owned();
                reader.note(node.span, format!("`{}` is always true", condition.source()), help);
            }
        }
        _ => {}
    }
    Some(condition)
}

/// Whether a name stands for a time of the requests: `min`, `max`, `mean`, or a percentile.
fn is_time(name: &str) -> bool {
    let percentile = name.strip_prefix('p').filter(|digits| !digits.starts_with('0'));
    NAMES.contains(&name)
        || percentile.and_then(|digits| digits.parse::<u32>().ok()).is_some_and(|percent| percent < 100)
}
