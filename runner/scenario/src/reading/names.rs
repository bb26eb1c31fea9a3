//! The names that expressions can use.

use std::collections::{BTreeMap, BTreeSet};

use crate::{KEYWORDS, Span, expression::is_function};

/// The names of a reply's parts in the expressions about it.
pub(crate) const REPLY: &[&str] = &["status", "headers", "body", "took"];
/// The names of what passed on a link in the expressions about it.
pub(crate) const LINK: &[&str] = &["calls", "delivered", "replied", "statuses"];
/// The number of a repeated or parallel request, counted from 0.
pub(crate) const INDEX: &str = "index";
/// The value that matches any value, in an expected body.
pub(crate) const ANY: &str = "any";
/// The run's own identity.
pub(crate) const RUN_ID: &str = "run_id";
/// The secrets, by name.
pub(crate) const SECRETS: &str = "secrets";
/// The names in templates of e2e.conf about a service.
pub(crate) const CONFIGURATION_ONLY: &[&str] = &["port", "data_dir", "conf_dir", "url"];
/// The environment variables, by name.
pub(crate) const ENV: &str = "env";
/// The names that every expression of a scenario or an invariant can use.
pub(crate) const GIVEN: &[&str] = &[RUN_ID, ENV, SECRETS];
/// Names that can't be given to variables.
const TAKEN: &[&[&str]] = &[REPLY, LINK, KEYWORDS, GIVEN, &[ANY, INDEX, "range", "dict"]];

/// A name that has a meaning of its own in expressions at certain places.
#[derive(Debug, Clone, Copy)]
pub struct KnownName {
    /// The name.
    pub name: &'static str,
    /// The keys whose expressions can use it.
    pub places: &'static str,
    /// What it stands for.
    pub doc: &'static str,
}

const fn known(places: &'static str, name: &'static str, doc: &'static str) -> KnownName {
    KnownName { name, places, doc }
}

const OF_A_REPLY: &str = "`that`, `capture`, `fail_if`, `makes`, `same`";
const OF_A_LINK: &str = "`links`, `until` of `wait`";
const EVERYWHERE: &str = "every expression";
const OF_A_SERVICE: &str = "`command`, `env`, `cwd` and `build` of e2e.conf";
const OF_A_SERVICE_OR_COMMAND: &str = "the same; `run`";
const OF_A_COMMAND: &str = "`that` and `capture` of `run`";
const OF_A_REQUEST: &str = "`that` of a fault, of an entry of a stub, of `calls`";

/// The names that have a meaning of their own, besides variables and captures.
pub const KNOWN_NAMES: &[KnownName] = &[
    known(OF_A_REPLY, "status", "The reply's status, a number."),
    known(
        OF_A_REPLY,
        "headers",
        "The reply's headers by name: a text, or a list of texts for one that came several times.",
    ),
    known(OF_A_REPLY, "body", "The reply's body: what its JSON holds, or the text."),
    known(OF_A_REPLY, "took", "How long the reply took, in seconds."),
    known(OF_A_LINK, "calls", "How many requests the caller sent."),
    known(OF_A_LINK, "delivered", "How many of them reached the callee."),
    known(OF_A_LINK, "replied", "How many replies reached the caller."),
    known(OF_A_LINK, "statuses", "The statuses of these replies, in order."),
    known(
        "the request, `expect` and `capture` of a step with `repeat` or `parallel`; the steps of `for`",
        "index",
        "The number of the request or round, counted from 0.",
    ),
    known("an expected body or header, alone in `${…}`", "any", "Any value."),
    known(EVERYWHERE, RUN_ID, "The identity of the run: its seed in hexadecimal digits."),
    known(
        EVERYWHERE,
        ENV,
        "Environment variables by name, those that `env` of e2e.conf declares: `${env.API_URL}`. In `command`, `env`, `cwd` and `build` of e2e.conf, all of them.",
    ),
    known(
        EVERYWHERE,
        SECRETS,
        "The secrets that `secrets` of e2e.conf declares, by name: `${secrets.API_KEY}`.",
    ),
    known(OF_A_SERVICE, "port", "The port on which the service has to listen."),
    known(
        OF_A_SERVICE_OR_COMMAND,
        "data_dir",
        "A folder of the service's own, anew in every scenario; beside `run` by its name: `${data_dir.users-service}`.",
    ),
    known(OF_A_SERVICE_OR_COMMAND, "conf_dir", "The folder of e2e.conf."),
    known(
        OF_A_SERVICE_OR_COMMAND,
        "url",
        "The addresses of links by callee: `${url.users-service}`; beside `run`, those of the services themselves.",
    ),
    known(OF_A_COMMAND, "exit", "The exit code of the command."),
    known(OF_A_COMMAND, "stdout", "What it wrote to its standard output, a text."),
    known(OF_A_COMMAND, "stderr", "What it wrote to its standard error, a text."),
    known(OF_A_REQUEST, "method", "The method of the request."),
    known(OF_A_REQUEST, "path", "Its path, without the query."),
    known(OF_A_REQUEST, "query", "The values of its query, by name."),
    known(
        "`timing`",
        "p95",
        "Of the times of the replies, in seconds, the one that 95 of 100 don't exceed; also any from `p1` to `p99`, `min`, `max` and `mean`.",
    ),
    known(
        "the `reply` of a stub",
        "request",
        "The request that is answered: `${request.body.amount}`, also `method`, `path`, `query`, `headers` and `index`.",
    ),
];

/// The variables that are defined at one point of a file, and those that were used.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeSet<String>,
    used: BTreeSet<String>,
    /// The places of captures further down in the file.
    later: BTreeMap<String, Span>,
    /// Those of the known ones that e2e.conf makes known to all files.
    configured: BTreeSet<String>,
    /// Whether a table or an included file can't be read, which may define more.
    incomplete: bool,
    /// The variables that no step may capture.
    fixed: BTreeSet<String>,
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
    is_function(name) || TAKEN.iter().any(|taken| taken.contains(&name))
}

impl Names {
    pub(crate) fn define(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    /// Defines a name that is known in every file.
    pub(crate) fn define_everywhere(&mut self, name: &str) {
        self.configured.insert(name.to_owned());
        self.define(name);
    }

    /// The names that are known in every file.
    pub(crate) fn of_configuration(&self) -> Self {
        let configured = self.configured.clone();
        Self { known: configured.clone(), configured, ..Self::default() }
    }

    /// Lets names be used that aren't known: what defines them can't be read.
    pub(crate) fn leave_incomplete(&mut self) {
        self.incomplete = true;
    }

    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Makes the variables that are known now ones that no included step may capture.
    pub(crate) fn fix(&mut self) {
        self.fixed.clone_from(&self.known);
    }

    pub(crate) fn is_fixed(&self, name: &str) -> bool {
        self.fixed.contains(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_with_a_meaning_of_its_own_is_described() {
        let described: Vec<&str> = KNOWN_NAMES.iter().map(|known| known.name).collect();
        let meant = [REPLY, LINK, &[INDEX, ANY], GIVEN, CONFIGURATION_ONLY].concat();
        assert!(meant.iter().all(|name| described.contains(name)), "{described:?}");
        assert!(KNOWN_NAMES.iter().all(|known| known.doc.ends_with('.')));
    }
}
