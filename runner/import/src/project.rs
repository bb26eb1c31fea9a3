//! The first files of a new project: e2e.conf, a scenario for each service, and invariants.

use http::Uri;
use scenario::{Object, Value, write_yaml};

use crate::{
    Context, Import, Loss, NotReadable, Origin,
    draft::{self, Request, Step},
    losses::Losses,
    openapi,
    services::{Services, slug},
    variables::quoted,
};

/// A service that was found, or is described by a document.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Its name, if something tells it.
    pub name: Option<String>,
    /// Where it is.
    pub base_url: Option<Uri>,
    /// Its OpenAPI document, as text.
    pub document: Option<String>,
    /// What it answered, in the order in which it was asked.
    pub answers: Vec<Answer>,
}

/// What a service answered to a GET.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The path that was asked for.
    pub path: &'static str,
    /// The status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Option<Value>,
}

/// The files of a new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Their paths, relative to the project's folder, and their texts.
    pub files: Vec<(String, String)>,
    /// The services, each with a sentence about what it was made of.
    pub services: Vec<(String, String)>,
    /// What of documents isn't carried over, each with the service.
    pub losses: Vec<(String, Loss)>,
}

/// What holds of every reply with a body.
const ANYTHING: &str = "reply is not none";
/// The address of a service whose address isn't known.
const EXAMPLE_URL: &str = "http://localhost:8080";

/// Makes the files of a project with these services; without any, with one to be filled in.
///
/// # Errors
///
/// A document isn't one of OpenAPI 3.
pub fn new_project(found: Vec<Found>) -> Result<NewProject, NotReadable> {
    let mut services = Services::new(&[]);
    let mut project = NewProject { files: Vec::new(), services: Vec::new(), losses: Vec::new() };
    let (mut configured, mut invariants) = (Vec::new(), Object::new());
    let found =
        if found.is_empty() { vec![Found { name: Some("app".into()), ..Found::default() }] } else { found };
    for found in &found {
        let title = found.document.as_deref().and_then(openapi::title);
        let wanted = found.name.as_deref().or(title.as_deref()).map(slug).filter(|name| !name.is_empty());
        let port = found.base_url.as_ref().and_then(Uri::port_u16);
        let usual = || port.map_or("app".to_owned(), |port| format!("service-{port}"));
        // An address that differs for each keeps two of one name apart.
        let name = services.add(&wanted.unwrap_or_else(usual), Some(configured.len().to_string()));
        let mut base_url =
            found.base_url.as_ref().map(|url| url.to_string().trim_end_matches('/').to_owned());
        let mut observed = found.observed();
        let from_document = match &found.document {
            Some(document) => {
                let described = Described::of(document, &name)?;
                base_url = base_url.or(described.server);
                observed = observed.or(described.observed);
                Some(described.import)
            }
            None => None,
        };
        project.services.push((name.clone(), about(found, from_document.as_ref())));
        let scenarios = from_document.map(|import| {
            project.losses.extend(import.losses.into_iter().map(|loss| (name.clone(), loss)));
            import.scenarios
        });
        match scenarios.filter(|scenarios| !scenarios.is_empty()) {
            Some(scenarios) => project.files.extend(
                scenarios
                    .into_iter()
                    .map(|scenario| (format!("scenarios/{name}/{}", scenario.file), scenario.text)),
            ),
            None => project.files.push((format!("scenarios/{name}.yaml"), first_scenario(&name, found))),
        }
        invariants.extend(observed.map(|(path, holds)| invariant(&name, &path, &holds)));
        configured.push((name, base_url, found.health()));
    }
    if !invariants.is_empty() {
        project.files.push(("scenarios/invariants.yaml".into(), invariants_file(invariants)));
    }
    project.files.insert(0, ("e2e.conf".into(), configuration(&configured)));
    Ok(project)
}

/// What a document gives a service.
struct Described {
    import: Import,
    /// The address that the document has.
    server: Option<String>,
    /// A path to observe, and what must hold of it.
    observed: Option<(String, String)>,
}

impl Described {
    fn of(document: &str, service: &str) -> Result<Self, NotReadable> {
        let mut context = Context {
            origin: Origin { name: service, services: &[] },
            services: Services::new(&[]),
            losses: Losses::default(),
        };
        let (drafts, server) = openapi::drafts_for(document, service, &mut context)?;
        let steps = || drafts.iter().flat_map(|draft| &draft.steps);
        let is_plain = |step: &&Step| {
            let Request { method, query, headers, auth, .. } = &step.request;
            let is_certain = step.expect.status == [Value::from(200)];
            method == "GET" && is_certain && query.is_empty() && headers.is_empty() && auth.is_none()
        };
        let observed = steps().find(is_plain).map(|step| (step.request.path.clone(), ANYTHING.to_owned()));
        let entries = steps().count();
        let mut losses = context.losses;
        let scenarios = draft::texts(drafts, &mut losses);
        let import = Import { scenarios, services: Vec::new(), losses: losses.into_all(), entries };
        Ok(Self { import, server, observed })
    }
}

/// What a service was made of.
fn about(found: &Found, import: Option<&Import>) -> String {
    let answers = found.answers.iter().map(|answer| format!("GET {} {}", answer.path, answer.status));
    let document = import.map(|import| {
        let (scenarios, steps) = (import.scenarios.len(), import.entries);
        let (requests, scenarios) = (counted(steps, "request"), counted(scenarios, "scenario"));
        format!("an OpenAPI document: {requests} in {scenarios}")
    });
    let parts: Vec<_> = answers.chain(document).collect();
    if parts.is_empty() { "to be filled in".into() } else { parts.join(", ") }
}

/// A number of things.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl Found {
    /// The path that told that it is well.
    fn health(&self) -> Option<&Answer> {
        let is_health = |answer: &&Answer| answer.path != "/" && (200..300).contains(&answer.status);
        self.answers.iter().find(is_health)
    }

    /// A path to observe, and what must hold of its reply; `/` of a service that wasn't asked.
    fn observed(&self) -> Option<(String, String)> {
        if self.answers.is_empty() && self.document.is_none() {
            return Some(("/".into(), ANYTHING.into()));
        }
        let well = self.answers.iter().filter(|answer| (200..300).contains(&answer.status));
        let answer = self.health().or_else(|| well.into_iter().next())?;
        let status = answer.body.as_ref().and_then(|body| body.get("status")?.as_str());
        let holds =
            status.map_or(ANYTHING.to_owned(), |status| format!("reply.status == {}", quoted(status)));
        Some((answer.path.to_owned(), holds))
    }

    /// The answer that the first scenario expects again: that about its health, or any.
    fn first(&self) -> Option<&Answer> {
        self.health().or_else(|| self.answers.iter().find(|answer| answer.status < 500))
    }
}

fn first_scenario(name: &str, found: &Found) -> String {
    let (path, status) = found.first().map_or(("/", 200), |answer| (answer.path, answer.status));
    format!(
        "\
# A scenario is a list of steps. A step sends a request and says what its reply must be.
scenario: {name} answers
steps:
  - request: GET {name} {path}
    expect:
      status: {status}
"
    )
}

type Configured<'a> = (String, Option<String>, Option<&'a Answer>);

fn configuration(services: &[Configured<'_>]) -> String {
    let mut text = "\
# The services that the scenarios test. They run already, at these addresses; or the runner starts them, anew for each scenario:
#
#     command: python3 app.py --port ${port}        # or node, java -jar …, ./app; ${data_dir} is a folder of its own
#     env: { USERS_URL: \"${url.users-service}\" }    # the address of the link to a service that it calls
#     depends_on: [users-service]                   # faults can be put on the links to these
services:
"
    .to_owned();
    for (name, base_url, health) in services {
        let url = base_url.clone().unwrap_or(format!("{EXAMPLE_URL}    # write its address here"));
        let ready = health.map_or(String::new(), |health| format!("    ready: {}\n", health.path));
        text.extend(["  ", name, ":\n    base_url: ", &url, "\n", &ready]);
    }
    text
}

/// That a service answers what it is observed by.
fn invariant(service: &str, path: &str, holds: &str) -> (String, Value) {
    let observe: Value = [("reply", format!("GET {service} {path}"))].into_iter().collect();
    let invariant = [("when", "settled".into()), ("observe", observe), ("holds", holds.into())];
    (format!("{service} is well"), invariant.into_iter().collect())
}

fn invariants_file(invariants: Object) -> String {
    let text = write_yaml([("invariants".to_owned(), Value::Object(invariants))].into_iter().collect());
    format!(
        "\
# What must hold in every scenario, whatever faults it has: once the system has settled, or `always`, after every step.
# Write what your system promises, such as that no money appears or disappears.
{text}"
    )
}
