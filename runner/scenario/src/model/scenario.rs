use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use fault::Fault;

use super::{BodyFile, Client, ClientName, RequestDefaults, Step};
use crate::TemplateValue;

/// A scenario, ready to be run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, a sentence about what it shows.
    pub name: String,
    /// The tags it can be selected by.
    pub tags: Vec<String>,
    /// The file it was read from, as it was named.
    pub file: Arc<PathBuf>,
    /// The other files that it was read from.
    pub sources: BTreeSet<PathBuf>,
    /// The text of the file; empty for a scenario that was made by a program.
    pub text: Arc<str>,
    /// Variables, evaluated in this order when it starts.
    pub vars: Vec<(String, TemplateValue)>,
    /// The clients that only it has.
    pub clients: Vec<Client>,
    /// What its requests bear and how they are sent, unless they say otherwise.
    pub defaults: RequestDefaults,
    /// The faults it can inject.
    pub faults: Vec<Fault>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// How long the system may take to settle after the last step; the configuration's time when `None`.
    pub settle: Option<Duration>,
}

impl Scenario {
    /// A scenario without steps.
    pub fn new(name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        let (tags, sources, text, vars, clients, defaults) = Default::default();
        let (faults, steps, settle) = Default::default();
        Self {
            name: name.into(),
            file: Arc::new(file.into()),
            tags,
            sources,
            text,
            vars,
            clients,
            defaults,
            faults,
            steps,
            settle,
        }
    }

    /// The clients that its requests are sent as.
    pub fn senders(&self) -> BTreeSet<&ClientName> {
        let requests = self.steps.iter().flat_map(Step::requests);
        requests.filter_map(|request| request.call.client.as_ref()).chain(&self.defaults.client).collect()
    }

    /// The files whose bytes its requests send.
    pub fn body_files(&self) -> Vec<&BodyFile> {
        let logins = self.clients.iter().filter_map(|client| Some(&client.login.as_ref()?.request));
        let requests = self.steps.iter().flat_map(Step::requests).chain(logins);
        requests.flat_map(|request| request.call.body.files()).collect()
    }
}
