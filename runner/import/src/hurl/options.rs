//! `[Options]` of an entry.

use super::Skip;
use crate::{
    draft::{Auth, Follow, Step, Times},
    losses::Losses,
    variables::Variables,
};

/// Options that change neither what is sent nor what is expected.
const WITHOUT_EFFECT: &[&str] = &[
    "compressed",
    "verbose",
    "very-verbose",
    "verbosity",
    "http1.0",
    "http1.1",
    "http2",
    "http3",
    "ipv4",
    "ipv6",
    "path-as-is",
];
/// How often an entry is tried when hurl tries it for ever, at most.
const FOR_EVER: u64 = 60;

/// Reads the options into a step.
pub(super) fn options(
    pairs: &[(usize, String, String)],
    step: &mut Step,
    variables: &mut Variables,
    losses: &mut Losses,
) -> Skip {
    let mut skip = Skip::No;
    let mut retry = None;
    let mut interval = 1_000;
    for (number, name, value) in pairs {
        let is_on = value == "true";
        let mut untold =
            || losses.tell_at(Some(*number), format!("the option `{name}: {value}` isn't carried over"));
        match name.as_str() {
            "location" | "location-trusted" if is_on => step.request.follow = Follow::Yes,
            "max-redirs" => match value.parse() {
                Ok(times) => step.request.follow = Follow::UpTo(times),
                Err(_) => untold(),
            },
            "retry" => match value.parse::<i64>() {
                Ok(times) if times >= 0 => retry = Some(times.unsigned_abs()),
                Ok(_) => {
                    losses.tell_at(Some(*number), "it is tried for ever in hurl, and for a minute here");
                    retry = Some(FOR_EVER);
                }
                Err(_) => untold(),
            },
            "retry-interval" => match milliseconds(value, 1) {
                Some(milliseconds) => interval = milliseconds,
                None => untold(),
            },
            "delay" => match milliseconds(value, 1) {
                Some(milliseconds) => step.wait = Some(written(milliseconds)),
                None => untold(),
            },
            "max-time" => match milliseconds(value, 1_000).filter(|time| *time > 0) {
                Some(milliseconds) => step.request.timeout = Some(written(milliseconds)),
                None => untold(),
            },
            "repeat" => match value.parse::<u64>() {
                Ok(times) if times > 1 => step.times = Times::Repeat(times.min(1_000)),
                Ok(1) => {}
                _ => untold(),
            },
            "skip" if is_on => skip = Skip::Yes,
            "user" => {
                let (user, password) = value.split_once(':').unwrap_or((value, ""));
                let (user, password) = (variables.template(user), variables.template(password));
                step.request.auth = Some(Auth::Basic { user, password });
            }
            "variable" => match value.split_once('=') {
                Some((name, value)) => {
                    let value = value.trim().trim_matches('"');
                    let number = scenario::Number::parse(value).map(scenario::Value::Number);
                    variables.set(name.trim(), number.unwrap_or_else(|| value.into()));
                }
                None => untold(),
            },
            name if WITHOUT_EFFECT.contains(&name) => {}
            _ if value == "false" => {}
            _ => untold(),
        }
    }
    if let Some(times) = retry.filter(|times| *times > 0) {
        let within = interval.max(1).saturating_mul(times).min(86_400_000);
        step.times = Times::Until { within: written(within), every: written(interval.max(1)) };
    }
    skip
}

/// A length of time in milliseconds: a number and `ms`, `s` or `m`; a number alone has the `usual` unit.
fn milliseconds(text: &str, usual: u64) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim() {
        "" => usual,
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit).filter(|time| *time <= 86_400_000)
}

fn written(milliseconds: u64) -> String {
    if milliseconds.is_multiple_of(1_000) {
        format!("{}s", milliseconds / 1_000)
    } else {
        format!("{milliseconds}ms")
    }
}
