//! The clients of a scenario: what each bears, its cookies, and whether it has logged in.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fault::ServiceName;
use http::{HeaderMap, HeaderName};
use scenario::{Authentication, Client, ClientName, LoginScope, Scenario, Scope, Template, Value};
use tokio::sync::OnceCell;
use verdict::BrokenOff;

use crate::{
    World,
    cookies::CookieJar,
    request::{Addresses, PreparedRequest, RequestRules},
};

/// The clients of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Clients<'a> {
    base_urls: &'a [(ServiceName, http::Uri)],
    states: BTreeMap<ClientName, ClientState<'a>>,
    /// Shared by the requests of a step that are in flight at the same time.
    jars: Mutex<BTreeMap<(ClientName, ServiceName), CookieJar>>,
}

#[derive(Debug)]
struct ClientState<'a> {
    client: &'a Client,
    login: LoginState,
}

/// Whether a client has logged in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LoginState {
    /// Not yet.
    Due,
    /// It has, or it has no login. Its captures have these values.
    Done(Vec<(String, Value)>),
    /// It couldn't.
    Failed,
}

/// What a client's requests bear.
pub(crate) struct BorneByClient<'a> {
    pub(crate) headers: Cow<'a, [(HeaderName, Template)]>,
    pub(crate) auth: Option<&'a Authentication>,
    /// The variables of the scenario and what the login has captured.
    pub(crate) variables: Cow<'a, Scope>,
}

/// What a client has once it has logged in for a whole run.
#[derive(Debug, Clone)]
pub(crate) struct RunLogin {
    pub(crate) captured: Vec<(String, Value)>,
    pub(crate) jars: BTreeMap<ServiceName, CookieJar>,
}

/// The logins that hold for all scenarios of a run, each made once.
#[derive(Debug, Default)]
pub(crate) struct RunLogins(Mutex<BTreeMap<ClientName, SharedLogin>>);

type SharedLogin = std::sync::Arc<OnceCell<Result<RunLogin, BrokenOff>>>;

impl RunLogins {
    /// The login of a client; the first one who asks for it makes it.
    pub(crate) fn of(&self, client: &ClientName) -> SharedLogin {
        locked(&self.0).entry(client.clone()).or_default().clone()
    }
}

impl<'a> Clients<'a> {
    /// The clients of a run and those of a scenario, of which none has logged in.
    pub(crate) fn new(rules: &'a RequestRules, scenario: &'a Scenario) -> Self {
        let state = |client: &'a Client| {
            let login = if client.login.is_some() { LoginState::Due } else { LoginState::Done(Vec::new()) };
            (client.name.clone(), ClientState { client, login })
        };
        let states = rules.clients.iter().chain(&scenario.clients).map(state).collect();
        Self { base_urls: &rules.base_urls, states, jars: Mutex::default() }
    }

    /// The same with one of the clients alone, as it is before it logs in.
    pub(crate) fn alone(rules: &'a RequestRules, client: &'a Client) -> Self {
        let state = ClientState { client, login: LoginState::Due };
        let states = BTreeMap::from([(client.name.clone(), state)]);
        Self { base_urls: &rules.base_urls, states, jars: Mutex::default() }
    }

    pub(crate) fn client(&self, name: &ClientName) -> Option<&'a Client> {
        self.states.get(name).map(|state| state.client)
    }

    pub(crate) fn login(&self, name: &ClientName) -> Option<&LoginState> {
        self.states.get(name).map(|state| &state.login)
    }

    /// Remembers how the login of a client ended.
    pub(crate) fn set_login(&mut self, name: &ClientName, login: LoginState) {
        if let Some(state) = self.states.get_mut(name) {
            state.login = login;
        }
    }

    /// Gives a client what it has got by logging in for the whole run.
    pub(crate) fn set_run_login(&mut self, name: &ClientName, login: RunLogin) {
        self.set_login(name, LoginState::Done(login.captured));
        let mut jars = locked(&self.jars);
        jars.extend(login.jars.into_iter().map(|(service, jar)| ((name.clone(), service), jar)));
    }

    /// The clients that log in once for a whole run.
    pub(crate) fn of_run(&self) -> impl Iterator<Item = &'a Client> {
        let for_run =
            |client: &&Client| client.login.as_ref().is_some_and(|login| login.once == LoginScope::Run);
        self.states.values().map(|state| state.client).filter(for_run)
    }

    /// What the requests of a client bear. Unless it has logged in, what its login captures is left out.
    pub(crate) fn borne_by<'s>(&self, name: &ClientName, variables: &'s Scope) -> Option<BorneByClient<'s>>
    where
        'a: 's,
    {
        let ClientState { client, login } = self.states.get(name)?;
        let auth = client.auth.as_ref();
        let mut variables = Cow::Borrowed(variables);
        let LoginState::Done(captured) = login else {
            let is_known = |used: &str| client.captures().all(|captured| captured != used);
            let known = |(_, value): &&(HeaderName, Template)| value.names().all(is_known);
            let headers = client.headers.iter().filter(known).cloned().collect();
            let auth = auth.filter(|auth| auth.names().all(is_known));
            return Some(BorneByClient { headers: Cow::Owned(headers), auth, variables });
        };
        if !captured.is_empty() {
            captured.iter().for_each(|(name, value)| variables.to_mut().set(name, value.clone()));
        }
        Some(BorneByClient { headers: Cow::Borrowed(&client.headers), auth, variables })
    }

    /// Where the services of a world are.
    pub(crate) fn addresses<W: World>(&self, world: &W) -> Addresses {
        let own = world.addresses();
        let configured = self.base_urls.iter();
        Addresses::new(own.iter().chain(configured).map(|(service, url)| (service, url)))
    }

    /// Adds the cookies of a client to a request.
    pub(crate) fn add_cookies(
        &self,
        client: &ClientName,
        request: &mut PreparedRequest,
        addresses: &Addresses,
        now: Duration,
    ) {
        let Some(path) = path(request, addresses) else { return };
        let host = addresses.host(request.service());
        let jars = locked(&self.jars);
        if let Some(jar) = jars.get(&(client.clone(), request.service().clone())) {
            jar.add(request.headers_mut(), &path, host, now);
        }
    }

    /// Keeps the cookies of a reply.
    pub(crate) fn keep_cookies(
        &self,
        client: &ClientName,
        request: &PreparedRequest,
        reply: &HeaderMap,
        addresses: &Addresses,
        now: Duration,
    ) {
        if !reply.contains_key(http::header::SET_COOKIE) {
            return;
        }
        let Some(path) = path(request, addresses) else { return };
        let mut jars = locked(&self.jars);
        jars.entry((client.clone(), request.service().clone())).or_default().store(reply, &path, now);
    }

    /// The cookies of all clients, by the services that have given them.
    pub(crate) fn into_jars(self) -> BTreeMap<ServiceName, CookieJar> {
        let jars = self.jars.into_inner().unwrap_or_else(PoisonError::into_inner);
        jars.into_iter().map(|((_, service), jar)| (service, jar)).collect()
    }
}

/// The path of a request as its service sees it, with the prefix of its address.
fn path(request: &PreparedRequest, addresses: &Addresses) -> Option<String> {
    addresses.url(request.service(), &request.target()).map(|url| url.path().to_owned())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
