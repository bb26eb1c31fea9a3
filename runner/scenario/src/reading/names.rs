//! The names that expressions can use.

use std::collections::{BTreeMap, BTreeSet};

use crate::{KEYWORDS, Span};

/// The names of a reply's parts in the expressions about it.
pub(crate) const REPLY: &[&str] = &["status", "headers", "body", "took"];
/// The names of what passed on a link in the expressions about it.
pub(crate) const LINK: &[&str] = &["calls", "delivered", "replied", "statuses"];
/// The number of a repeated or parallel request, counted from 0.
pub(crate) const INDEX: &str = "index";
/// The value that matches any value, in an expected body.
pub(crate) const ANY: &str = "any";
/// The names in templates of e2e.conf about a service.
pub(crate) const CONFIGURATION_ONLY: &[&str] = &["port", "data_dir", "conf_dir", "url", "env"];
/// Names that can't be given to variables.
const TAKEN: &[&[&str]] = &[REPLY, LINK, KEYWORDS, &[ANY, INDEX, "env", "range", "dict"]];

/// The variables that are defined at one point of a file, and those that were used.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeSet<String>,
    used: BTreeSet<String>,
    /// The places of captures further down in the file.
    later: BTreeMap<String, Span>,
}

/// Whether a variable can have this name: a letter or `_`, then letters, digits and `_`, and no name that has a meaning of its own
/// in expressions, such as `status`.
pub fn is_variable_name(name: &str) -> bool {
    is_spelled_as_one(name) && !is_taken(name)
}

/// Whether a name has the characters of a variable's.
pub(crate) fn is_spelled_as_one(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a name has a meaning of its own in expressions.
pub(crate) fn is_taken(name: &str) -> bool {
    TAKEN.iter().any(|taken| taken.contains(&name))
}

impl Names {
    pub(crate) fn define(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    /// Remembers where a name is captured, for the message about one that is used too early.
    pub(crate) fn announce(&mut self, name: &str, span: Span) {
        self.later.entry(name.to_owned()).or_insert(span);
    }

    /// Removes the names that aren't in `before`, and returns them.
    pub(crate) fn take_since(&mut self, before: &BTreeSet<String>) -> Vec<String> {
        self.known.extract_if(.., |name| !before.contains(name)).collect()
    }

    /// The variables that are defined.
    pub(crate) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    pub(crate) fn undefine(&mut self, name: &str) {
        self.known.remove(name);
    }

    pub(crate) fn mark_used(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// Where the capture of a name that isn't defined yet stands.
    pub(crate) fn announced(&self, name: &str) -> Option<Span> {
        self.later.get(name).copied()
    }
}
