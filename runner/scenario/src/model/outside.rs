use std::collections::{BTreeMap, BTreeSet};

use crate::{Mistake, Object, Scope, Secrets, Value, reading::Declared};

/// What scenarios have from outside: environment variables and secrets.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The environment variables that e2e.conf declares, with their values in this run.
    pub env: BTreeMap<String, String>,
    /// The secrets.
    pub secrets: Secrets,
    /// What e2e.conf declares and has no value that can be used.
    pub unset: Unset,
}

/// The environment variables and secrets that have no value, or one that can't be hidden. Their names are known, and only what runs
/// needs more.
#[derive(Debug, Clone, Default)]
pub struct Unset {
    /// The environment variables.
    pub env: BTreeSet<String>,
    /// The secrets.
    pub secrets: BTreeSet<String>,
    /// The mistakes that they are in a run.
    pub mistakes: Vec<Mistake>,
}

impl Outside {
    /// The names of what it holds.
    pub(crate) fn names(&self) -> Declared {
        let unset = self.unset.secrets.iter().map(String::as_str);
        Declared {
            env: self.env.keys().chain(&self.unset.env).cloned().collect(),
            secrets: self.secrets.declared().map(|(name, _)| name).chain(unset).map(str::to_owned).collect(),
        }
    }

    /// A scope in which `env` and `secrets` are known.
    pub fn variables(&self) -> Scope {
        let object = |entries: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
            entries.map(|(name, value)| (name.to_owned(), value.into())).collect::<Object>().into()
        };
        let env = object(&mut self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let secrets = object(&mut self.secrets.declared());
        Scope::new([("env".to_owned(), env), ("secrets".to_owned(), secrets)])
    }
}
