//! What the requests of all scenarios of a run bear, and the clients that send them.

use std::{collections::BTreeMap, sync::Arc};

use fault::ServiceName;
use http::Uri;
use scenario::{Client, Configuration, RequestDefaults};

use crate::clients::RunLogins;

/// What the requests of all scenarios of a run bear, and the clients that send them.
#[derive(Debug, Clone, Default)]
pub struct RequestRules {
    /// What every request to a service bears.
    pub(crate) services: BTreeMap<ServiceName, RequestDefaults>,
    /// Where services are, as the configuration says it.
    pub(crate) base_urls: Vec<(ServiceName, Uri)>,
    /// The clients of all scenarios.
    pub(crate) clients: Vec<Client>,
    /// Those of them that have logged in for the whole run.
    pub(crate) run_logins: Arc<RunLogins>,
}

impl From<&Configuration> for RequestRules {
    fn from(configuration: &Configuration) -> Self {
        let services = configuration.services.iter().filter(|service| !service.requests.is_empty());
        let located = configuration.services.iter();
        Self {
            services: services.map(|service| (service.name.clone(), service.requests.clone())).collect(),
            base_urls: located
                .filter_map(|service| Some((service.name.clone(), service.base_url.clone()?)))
                .collect(),
            clients: configuration.clients.clone(),
            run_logins: Arc::default(),
        }
    }
}
