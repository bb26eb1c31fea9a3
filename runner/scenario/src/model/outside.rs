use std::collections::BTreeMap;

use crate::{Object, Scope, Secrets, Value, reading::Declared};

/// What scenarios have from outside: environment variables and secrets.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The environment variables that e2e.conf declares, with their values in this run.
    pub env: BTreeMap<String, String>,
    /// The secrets.
    pub secrets: Secrets,
}

impl Outside {
    /// The names of what it holds.
    pub(crate) fn names(&self) -> Declared {
        Declared {
            env: self.env.keys().cloned().collect(),
            secrets: self.secrets.declared().map(|(name, _)| name.to_owned()).collect(),
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
