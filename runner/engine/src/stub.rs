//! Stubs: services that answer as their entries say, in either world.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fault::{Seed, ServiceName};
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use scenario::{
    Configuration, Draws, EvaluationError, MeetingExpectation, Object, Scenario, Scope, StubEntry, Value,
    WallClock,
};
use serde_json::json;
use verdict::{Finding, FindingKind, judge_stub_entry, request_scope};

use crate::request::{EncodedBody, encoded};

/// The most findings of one stub between two steps.
const MOST_FINDINGS: usize = 10;

/// The stub of one service in one world. A clone is the same stub.
#[derive(Clone)]
pub struct Stub(Arc<Inner>);

struct Inner {
    service: ServiceName,
    entries: Vec<StubEntry>,
    /// How many of the first entries are a scenario's.
    of_scenario: usize,
    variables: Scope,
    seed: Seed,
    clock: WallClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    received: u64,
    /// How many requests each entry has answered.
    answered: Vec<u64>,
    findings: Vec<Finding>,
}

impl Stub {
    /// The stubs of a scenario's world, in the order of the configuration. `configuration` is the world's, with the scenario's
    /// stubs.
    pub fn all(
        configuration: &Configuration,
        scenario: &Scenario,
        seed: Seed,
        clock: &WallClock,
    ) -> Vec<Self> {
        let stub = |service: &scenario::Service| {
            let entries = service.stub.clone()?;
            let own = scenario.stubs.iter().find(|stub| stub.service == service.name);
            Some(Self(Arc::new(Inner {
                service: service.name.clone(),
                of_scenario: own.map_or(0, |own| own.entries.len()),
                variables: configuration.outside.variables(),
                seed: seed.derive(&format!("stub {}", service.name)),
                clock: Arc::clone(clock),
                state: Mutex::new(State { answered: vec![0; entries.len()], ..State::default() }),
                entries,
            })))
        };
        configuration.services.iter().filter_map(stub).collect()
    }

    /// The service in whose place it stands.
    pub fn service(&self) -> &ServiceName {
        &self.0.service
    }

    /// Answers a request: by the first entry that matches, with 404 when none does.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (response, after) = self.respond(request);
        tokio::time::sleep(after).await;
        response
    }

    fn respond(&self, request: Request<Bytes>) -> (Response<Bytes>, Duration) {
        let query = query(request.uri().query().unwrap_or_default());
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let request = verdict::Request { method: parts.method, path, headers: parts.headers, body };
        let mut state = self.state();
        state.received += 1;
        let place = format!("request {}", state.received);
        let mut variables = self.0.variables.clone();
        variables.draw_from(Draws::new(self.0.seed.derive(&place), Arc::clone(&self.0.clock)));
        let mut missed = Vec::new();
        for (entry, answered) in self.0.entries.iter().zip(&mut state.answered) {
            let scope = request_scope(&variables, &request, query.clone(), *answered);
            let findings = judge_stub_entry(entry, &request, &scope);
            if !findings.is_empty() {
                missed.push((entry, findings));
                continue;
            }
            *answered += 1;
            return match reply(entry, &scope) {
                Ok(response) => (response, entry.reply.after),
                Err(error) => {
                    let why = format!("{}: {error}", entry.matching());
                    state.find(Finding::unevaluated(FindingKind::Stub(self.0.service.clone()), error));
                    (problem(StatusCode::INTERNAL_SERVER_ERROR, &why), Duration::ZERO)
                }
            };
        }
        let found = format!("{} {}: {}", request.method, request.path, why_none(&missed));
        let kind = FindingKind::Stub(self.0.service.clone());
        state.find(Finding::new(kind, "an entry for every request", found.clone()));
        let title = format!("the stub of {} has no entry for {found}", self.0.service);
        (problem(StatusCode::NOT_FOUND, &title), Duration::ZERO)
    }

    /// What went wrong since the last call.
    pub(crate) fn take_findings(&self) -> Vec<Finding> {
        std::mem::take(&mut self.state().findings)
    }

    /// The entries of the scenario that no request has met and that one had to meet.
    pub(crate) fn idle(&self) -> Vec<Finding> {
        let state = self.state();
        let of_scenario = self.0.entries.iter().zip(&state.answered).take(self.0.of_scenario);
        let idle = of_scenario
            .filter(|(entry, answered)| **answered == 0 && entry.meeting == MeetingExpectation::Required);
        let finding = |(entry, _): (&StubEntry, _)| {
            let kind = FindingKind::IdleStub(self.0.service.clone());
            let found = format!("none met the entry on line {}", entry.span.line);
            Finding::new(kind, format!("a request {}", entry.matching()), found)
        };
        idle.map(finding).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// Why none of these entries is for a request: what differs in those for its method and path, or else what there is.
fn why_none(missed: &[(&StubEntry, Vec<Finding>)]) -> String {
    let reason = |(entry, findings): &(&StubEntry, Vec<Finding>)| {
        let differs = findings.iter().filter(|finding| finding.expected != entry.matching());
        let differs: Vec<String> =
            differs.map(|f| format!("{}: {}, not {}", f.subject(), f.expected, f.found)).collect();
        (!differs.is_empty()).then(|| format!("`{}` needs {}", entry.matching(), differs.join("; ")))
    };
    let reasons: Vec<String> = missed.iter().filter_map(reason).collect();
    if !reasons.is_empty() {
        return reasons.join("; ");
    }
    let known: Vec<String> = missed.iter().map(|(entry, _)| format!("`{}`", entry.matching())).collect();
    format!("no entry matches; there are {}", known.join(", "))
}

fn reply(entry: &StubEntry, scope: &Scope) -> Result<Response<Bytes>, EvaluationError> {
    // A reply has no body of several parts, whose boundary the seed would give.
    let EncodedBody { bytes, content_type, .. } = encoded(&entry.reply.body, scope, Seed(0))?;
    let mut response = Response::new(bytes);
    *response.status_mut() = StatusCode::from_u16(entry.reply.status).expect("reading checks statuses");
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    for (name, template) in &entry.reply.headers {
        let text = template.render(scope)?;
        let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| EvaluationError {
            expression: name.to_string(),
            reason: format!("{text:?} can't be a header's value"),
        })?;
        if *name == CONTENT_TYPE {
            headers.remove(name);
        }
        // The length and the coding of the body are the server's.
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            headers.append(name, value);
        }
    }
    Ok(response)
}

fn problem(status: StatusCode, why: &str) -> Response<Bytes> {
    let mut response = Response::new(json!({ "error": why }).to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The parameters of a query: a text, or a list of texts for one that is there several times.
fn query(text: &str) -> Object {
    let mut query = Object::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let value = Value::from(&*value);
        match query.get_mut(&*name) {
            None => drop(query.insert(name.into_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = vec![first.clone(), value].into(),
        }
    }
    query
}

impl tower::Service<Request<Bytes>> for Stub {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let stub = self.clone();
        Box::pin(async move { Ok(stub.answer(request).await) })
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stub").field(&self.0.service).finish()
    }
}
