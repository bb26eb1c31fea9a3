//! Secrets, and how they are kept out of everything that is printed and written.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `spelling` | the ways in which a text can be written: percent-encoded, as JSON, as HTML, in Base64 |

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regex::bytes::{Regex, RegexBuilder};

use crate::Value;

mod spelling;
#[cfg(test)]
mod tests;

/// The fewest characters of a secret. A shorter text occurs everywhere.
pub(crate) const SHORTEST: usize = 4;
/// The most bytes of a secret: they are all compared with all that is printed.
pub(crate) const LONGEST: usize = 8_192;
/// The fewest characters of a line that is hidden by itself, where a secret has several.
const SHORTEST_LINE: usize = 8;
/// The most texts that are hidden besides the declared ones: an exploration captures secrets in thousands of scenarios.
const MOST_FOUND: usize = 100;
/// The most bytes of these texts.
const MOST_FOUND_BYTES: usize = 65_536;
/// The most groups within each other: those of the beginning of a secret that is cut off.
const NESTED: u32 = 500;
/// The most bytes of the compiled pattern of all secrets.
const PATTERN_SIZE: usize = 256 << 20;

/// Secrets by name, and those that were found while a scenario ran. A clone shares them.
#[derive(Clone, Default)]
pub struct Secrets {
    declared: Arc<BTreeMap<String, String>>,
    hidden: Arc<Mutex<Hidden>>,
    /// What is hidden in the whole run, of the secrets of a scenario.
    run: Option<Arc<Mutex<Hidden>>>,
}

/// The texts that are hidden.
#[derive(Clone, Default)]
struct Hidden {
    texts: Vec<String>,
    /// How many of them are declared.
    declared: usize,
    /// Finds them in all of their spellings; `None` until it is needed.
    pattern: Option<Regex>,
}

impl Secrets {
    /// What stands in place of a secret.
    pub const MASK: &str = "***";

    /// Secrets by name.
    pub fn new(declared: BTreeMap<String, String>) -> Self {
        let mut hidden = Hidden { declared: usize::MAX, ..Hidden::default() };
        for value in declared.values() {
            hidden.hide(value);
        }
        hidden.declared = hidden.texts.len();
        Self { declared: Arc::new(declared), hidden: Arc::new(Mutex::new(hidden)), run: None }
    }

    /// The same secrets, for one scenario: what that finds is hidden in its own results, and in what is printed meanwhile.
    #[must_use]
    pub fn for_scenario(&self) -> Self {
        let mut hidden = lock(&self.hidden);
        hidden.pattern();
        let (declared, own) = (Arc::clone(&self.declared), Arc::new(Mutex::new(hidden.clone())));
        Self { declared, hidden: own, run: Some(Arc::clone(&self.hidden)) }
    }

    /// The declared secrets, each with its value.
    pub fn declared(&self) -> impl Iterator<Item = (&str, &str)> {
        self.declared.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        lock(&self.hidden).texts.is_empty()
    }

    /// Hides the texts and numbers of a value. One that is too short or too long to be hidden is an error, which fits after "it".
    pub fn hide_value(&self, value: &Value) -> Result<(), String> {
        match value {
            Value::Null | Value::Bool(_) => Err("is no text that could be hidden".into()),
            Value::Array(items) => items.iter().try_for_each(|item| self.hide_part(item)),
            Value::Object(entries) => entries.values().try_for_each(|entry| self.hide_part(entry)),
            Value::String(_) | Value::Number(_) => {
                let text = value.to_text();
                if text.chars().count() < SHORTEST {
                    return Err(format!("has fewer than {SHORTEST} characters, which can't be hidden"));
                }
                if text.len() > LONGEST {
                    return Err(format!("has more than {LONGEST} bytes, which can't be hidden"));
                }
                for hidden in [Some(&self.hidden), self.run.as_ref()].into_iter().flatten() {
                    lock(hidden).hide(&text);
                }
                Ok(())
            }
        }
    }

    fn hide_part(&self, part: &Value) -> Result<(), String> {
        if matches!(part, Value::Null | Value::Bool(_)) { Ok(()) } else { self.hide_value(part) }
    }

    /// The text with `***` in place of every secret, however it is written.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.mask_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    /// The same of bytes.
    pub fn mask_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match lock(&self.hidden).pattern() {
            Some(pattern) => pattern.replace_all(bytes, Self::MASK.as_bytes()),
            None => Cow::Borrowed(bytes),
        }
    }

    /// Masks a text in its place.
    pub fn mask_in(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }
}

impl Hidden {
    /// Hides a text from now on, with each of its lines. The first that were found are shown again once there are many.
    fn hide(&mut self, text: &str) {
        let lines = text.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST_LINE);
        for part in [text].into_iter().chain(lines) {
            if !part.is_empty() && !self.texts.iter().any(|known| known == part) {
                self.texts.push(part.to_owned());
                while self.has_too_many() {
                    self.texts.remove(self.declared);
                }
                self.pattern = None;
            }
        }
    }

    fn has_too_many(&self) -> bool {
        let found = self.texts.get(self.declared..).unwrap_or_default();
        found.len() > MOST_FOUND || found.iter().map(String::len).sum::<usize>() > MOST_FOUND_BYTES
    }

    fn pattern(&mut self) -> Option<Regex> {
        if self.texts.is_empty() {
            return None;
        }
        let pattern = self.pattern.get_or_insert_with(|| {
            let mut texts: Vec<&String> = self.texts.iter().collect();
            // The longest first: one secret may be a part of another.
            texts.sort_by_key(|text| Reverse(text.len()));
            let spelled: Vec<String> = texts.into_iter().flat_map(|text| spelling::patterns(text)).collect();
            let pattern = spelled.join("|");
            let built = RegexBuilder::new(&pattern).size_limit(PATTERN_SIZE).nest_limit(NESTED).build();
            built.expect("a spelling is a pattern, and secrets are bounded")
        });
        Some(pattern.clone())
    }
}

fn lock(hidden: &Mutex<Hidden>) -> MutexGuard<'_, Hidden> {
    hidden.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secrets").field(&self.declared.keys()).finish()
    }
}
