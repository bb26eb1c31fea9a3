//! Values that are drawn: `uuid()`, `random(1, 10)`, `choice([…])`, and the time, `now()`.
//!
//! Each value is a hash of the seed, the place of the expression in the run and the number of values drawn there before. There is
//! no generator whose order could depend on what runs at the same time.

use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fault::Seed;
use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr},
};

use super::{
    error::InvalidExpression,
    kinds::kind,
    ordering::closing,
    timestamp,
    tokens::{is_variable, tokens},
};

/// The name under which an expression finds its draws.
pub(super) const DRAWS: &str = "__draws";

/// The functions, each with the number of its arguments and how it is written.
const FUNCTIONS: &[(&str, usize, &str)] = &[
    ("uuid", 0, "write `uuid()`"),
    ("now", 0, "write `now()`"),
    ("random", 2, "write `random(1, 10)`: a whole number from 1 to 10"),
    ("choice", 1, "write `choice(['a', 'b'])`: one of a list"),
];

/// The names of those functions.
pub(crate) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(function, ..)| *function == name)
}

/// Tells the time of a world, since 1970-01-01T00:00:00Z.
pub type WallClock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The source of the values that expressions at one place of a run draw.
pub struct Draws {
    seed: Seed,
    drawn: AtomicU32,
    clock: WallClock,
}

impl Draws {
    /// The draws at one place. Every place has another `seed`.
    pub fn new(seed: Seed, clock: WallClock) -> Self {
        Self { seed, drawn: AtomicU32::new(0), clock }
    }

    /// The next value, as random bits.
    fn draw(&self) -> [u64; 2] {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let seed = self.seed.derive(&format!("value {number}"));
        [seed.0, seed.derive("more").0]
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Draws").field(&self.seed).finish()
    }
}

impl Object for Draws {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_function("uuid", |state: &State<'_, '_>| Ok::<_, Error>(uuid(draws(state)?.draw())));
    environment.add_function("now", |state: &State<'_, '_>| {
        Ok::<_, Error>(timestamp::written((draws(state)?.clock)()))
    });
    environment.add_function("random", random);
    environment.add_function("choice", choice);
    environment.add_filter("plus_time", timestamp::plus_time);
}

fn draws(state: &State<'_, '_>) -> Result<Arc<Draws>, Error> {
    let found = state.lookup(DRAWS).and_then(|value| value.downcast_object::<Draws>());
    found.ok_or_else(|| unusable("there is no value to be drawn here".into()))
}

/// A UUID of version 4.
fn uuid([high, low]: [u64; 2]) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | (0b10 << 62);
    let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
}

/// A whole number between two others, both of them included.
fn random(state: &State<'_, '_>, least: &Value, most: &Value) -> Result<i64, Error> {
    let whole = |value: &Value| {
        let number = if value.is_integer() { i64::try_from(value.clone()).ok() } else { None };
        number.ok_or_else(|| unusable(format!("`random` takes two whole numbers, not {}", kind(value))))
    };
    let (least, most) = (whole(least)?, whole(most)?);
    if least > most {
        return Err(unusable(format!("there is no number from {least} to {most}")));
    }
    let count = most.abs_diff(least).checked_add(1);
    let [bits, _] = draws(state)?.draw();
    // The bias of the remainder is below 1 in 2^64 / count.
    let step = count.map_or(bits, |count| bits % count);
    Ok(least.wrapping_add_unsigned(step))
}

/// One item of a list.
fn choice(state: &State<'_, '_>, list: &Value) -> Result<Value, Error> {
    let wrong = || unusable(format!("`choice` takes a list, not {}", kind(list)));
    if !matches!(list.kind(), minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable) {
        return Err(wrong());
    }
    let items: Vec<Value> = list.try_iter().map_err(|_| wrong())?.collect();
    let [bits, _] = draws(state)?.draw();
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let position = bits.checked_rem(count).and_then(|position| usize::try_from(position).ok());
    let item = position.and_then(|position| items.into_iter().nth(position));
    item.ok_or_else(|| unusable("`choice` takes a list that isn't empty".into()))
}

fn unusable(reason: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}

/// Whether an expression draws values. One that names a function without calling it, or with the wrong number of arguments, is
/// refused. `evaluate` says why a part without variables has no value.
pub(super) fn draws_values(
    source: &str,
    evaluate: impl Fn(&str, &Value) -> Result<(), InvalidExpression>,
) -> Result<bool, InvalidExpression> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let mut draws = false;
    for at in 0..tokens.len() {
        let Some((name, takes, help)) = FUNCTIONS.iter().find(|(name, ..)| text(at) == Some(name)) else {
            continue;
        };
        if !is_variable(source, &tokens, at) {
            continue;
        }
        let wrong = |message: String, range: Range<usize>| {
            Err(InvalidExpression { message, range: Some(range), help: Some(help), known: Vec::new() })
        };
        if text(at + 1) != Some("(") {
            return wrong(format!("`{name}` is a function"), tokens[at].clone());
        }
        draws = true;
        let end = closing(source, &tokens, at + 1);
        let given = arguments(&tokens[at + 2..end], source);
        let range = tokens[at].start..tokens[end].end;
        if given != *takes {
            let takes = match takes {
                0 => "no argument".to_owned(),
                1 => "one argument".to_owned(),
                many => format!("{many} arguments"),
            };
            return wrong(format!("`{name}` takes {takes}, not {given}"), range);
        }
        if !(at + 2..end).any(|at| is_variable(source, &tokens, at)) {
            let any = Value::from_object(Draws::new(Seed(0), Arc::new(|| Duration::ZERO)));
            evaluate(&source[range.clone()], &any).map_err(|invalid| InvalidExpression {
                range: Some(range),
                help: Some(help),
                ..invalid
            })?;
        }
    }
    Ok(draws)
}

/// The number of arguments that these tokens are.
fn arguments(tokens: &[Range<usize>], source: &str) -> usize {
    let (mut depth, mut commas) = (0_usize, 0);
    for token in tokens {
        match &source[token.clone()] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => commas += 1,
            _ => {}
        }
    }
    if tokens.is_empty() { 0 } else { commas + 1 }
}
