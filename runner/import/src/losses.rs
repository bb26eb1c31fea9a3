use std::{collections::BTreeSet, fmt};

/// Something that isn't carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The line of the text, counted from 1; `None` where the text tells none.
    pub line: Option<usize>,
    /// The request that it belongs to, such as `POST /orders`; empty for the whole text.
    pub entry: String,
    /// What isn't carried over, and what to do.
    pub message: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.entry.is_empty() {
            write!(f, "{}: ", self.entry)?;
        }
        f.write_str(&self.message)
    }
}

/// The most that is told.
const MOST: usize = 10_000;

/// Collects what isn't carried over.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    all: Vec<Loss>,
    /// What was told, in order to tell it once.
    seen: BTreeSet<(Option<usize>, String, String)>,
    /// How much more there is to tell than is kept.
    more: usize,
    entry: String,
    line: Option<usize>,
    /// The requests of which nothing is carried over.
    left_out: usize,
}

impl Losses {
    /// Assigns what is told from now on to a request that begins on this line.
    pub(crate) fn enter(&mut self, entry: impl Into<String>, line: Option<usize>) {
        (self.entry, self.line) = (entry.into(), line);
    }

    /// Assigns what is told from now on to the whole text.
    pub(crate) fn leave(&mut self) {
        self.enter("", None);
    }

    /// Tells something about the request, on its line.
    pub(crate) fn tell(&mut self, message: impl Into<String>) {
        self.tell_at(self.line, message);
    }

    /// Tells something about the request, on a line of its own.
    pub(crate) fn tell_at(&mut self, line: Option<usize>, message: impl Into<String>) {
        let loss = Loss { line, entry: self.entry.clone(), message: message.into() };
        if self.all.len() >= MOST {
            self.more += 1;
        } else if self.seen.insert((line, loss.entry.clone(), loss.message.clone())) {
            self.all.push(loss);
        }
    }

    /// Tells that the whole request is left out.
    pub(crate) fn leave_out(&mut self, why: impl fmt::Display) {
        self.left_out += 1;
        self.tell(format!("it is left out: {why}"));
    }

    pub(crate) fn whole_entries(&self) -> usize {
        self.left_out
    }

    /// All that was told, in the order of the text; what is about all of it comes last.
    pub(crate) fn into_all(mut self) -> Vec<Loss> {
        self.all.sort_by_key(|loss| loss.line.unwrap_or(usize::MAX));
        if self.more > 0 {
            let message = format!("and {} more", self.more);
            self.all.push(Loss { line: None, entry: String::new(), message });
        }
        self.all
    }
}
