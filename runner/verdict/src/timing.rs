//! How long the requests of a step took.

use std::time::Duration;

use fault::Ordinal;
use scenario::{Expression, Scope};

use crate::{Exchange, Finding, FindingKind, judge::computed};

/// Compares the times of the requests of a step with what it expects. A request without a reply counts with the time that it
/// was waited for.
pub fn judge_timing(
    conditions: &[Expression],
    exchanges: &[Exchange<'_>],
    variables: &Scope,
) -> Vec<Finding> {
    if conditions.is_empty() {
        return Vec::new();
    }
    let mut times: Vec<Duration> = exchanges.iter().filter_map(took).collect();
    times.sort_unstable();
    let mut findings = Vec::new();
    for condition in conditions {
        let mut scope = variables.clone();
        for name in condition.names() {
            if let Some(time) = named(name, &times) {
                scope.set(name, time);
            }
        }
        match condition.holds(&scope) {
            Ok(true) => {}
            Ok(false) => {
                let mut computed = computed(condition, &scope);
                if let Some(part) = computed.last_mut() {
                    part.inputs.push((format!("the {} requests", times.len()), summary(&times)));
                    part.inputs.extend(
                        slowest(exchanges)
                            .map(|slowest| ("the slowest".to_owned(), described(exchanges, &slowest))),
                    );
                }
                let values: Vec<String> = computed.iter().map(ToString::to_string).collect();
                findings.push(Finding {
                    computed,
                    ..Finding::new(FindingKind::Timing, condition.source(), values.join("; "))
                });
            }
            Err(error) => findings.push(Finding::unevaluated(FindingKind::Timing, error)),
        }
    }
    findings
}

/// The exchange that took longest.
pub fn slowest<'a>(exchanges: &[Exchange<'a>]) -> Option<Exchange<'a>> {
    // Of several that took as long, the first.
    exchanges.iter().copied().filter(|exchange| exchange.ending.is_some()).rev().max_by_key(took)
}

fn took(exchange: &Exchange<'_>) -> Option<Duration> {
    exchange.ending.map(|ending| ending.took)
}

/// The time that a name stands for, in seconds to the microsecond. `times` are in ascending order.
fn named(name: &str, times: &[Duration]) -> Option<f64> {
    let time = match name {
        "min" => *times.first()?,
        "max" => *times.last()?,
        "mean" => {
            times.iter().sum::<Duration>() / u32::try_from(times.len()).ok().filter(|count| *count > 0)?
        }
        _ => percentile(name.strip_prefix('p')?.parse().ok()?, times)?,
    };
    Some(Duration::from_micros(u64::try_from(time.as_micros()).ok()?).as_secs_f64())
}

/// The least time that at least this many percent of the requests didn't exceed.
fn percentile(percent: usize, times: &[Duration]) -> Option<Duration> {
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied()
}

fn summary(times: &[Duration]) -> String {
    let shown = |name: &str| {
        Some(format!("{name} {}", readable(Duration::try_from_secs_f64(named(name, times)?).ok()?)))
    };
    ["min", "p50", "p90", "p95", "p99", "max"].into_iter().filter_map(shown).collect::<Vec<_>>().join(", ")
}

fn described(exchanges: &[Exchange<'_>], slowest: &Exchange<'_>) -> String {
    let position = exchanges.iter().position(|exchange| exchange.id == slowest.id).unwrap_or_default();
    let time = took(slowest).map(readable).unwrap_or_default();
    format!(
        "the {}, {} {}: {time}",
        Ordinal(position as u64 + 1),
        slowest.request.method,
        slowest.request.path
    )
}

/// A time as a person reads it: `0 s`, `1.5 ms`, `412 ms`, `1.204 s`.
pub(crate) fn readable(time: Duration) -> String {
    let (seconds, milliseconds) = (time.as_secs_f64(), time.as_secs_f64() * 1e3);
    if time.is_zero() || milliseconds >= 999.5 {
        let seconds = format!("{seconds:.3}");
        format!("{} s", seconds.trim_end_matches('0').trim_end_matches('.'))
    } else if milliseconds < 10.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}
