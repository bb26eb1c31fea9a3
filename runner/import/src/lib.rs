//! What other tools write in, scenarios out: curl commands, HAR, hurl, Postman's collections, OpenAPI.
//!
//! [`import`] turns a text of a [`Format`] into the texts of scenarios, names the services that they need, and tells everything
//! that it can't carry over.
//!
//! ```
//! use import::{Format, Origin, import};
//!
//! let origin = Origin { name: "orders", services: &[] };
//! let imported = import(Format::Curl, "curl -X DELETE localhost:5003/api/orders/7", &origin).expect("it is readable");
//! assert!(imported.scenarios[0].text.contains("request: DELETE localhost-5003 /api/orders/7"));
//! assert_eq!(imported.services[0].base_url.as_deref(), Some("http://localhost:5003"));
//! ```
//!
//! | folder or file | what is in it |
//! | --- | --- |
//! | `format` | the formats by name |
//! | `curl`, `har`, `hurl`, `openapi`, `postman` | a format each: its text to drafts |
//! | `draft` | a scenario before it is text |
//! | `body` | which kind of body some bytes are |
//! | `variables` | `{{name}}` of other tools to `${name}` |
//! | `json_path` | `$.items[0].id` to `body.items[0].id` |
//! | `services` | addresses to services |
//! | `losses` | what isn't carried over |
//! | `json_lines` | the line of a value in JSON |
//! | `project` | e2e.conf and first files for a new project |
//!
//! This crate has no clock, no file and no environment: text is passed in by the caller. Its input is untrusted: its size and depth
//! have bounds.

mod body;
mod curl;
mod draft;
mod format;
mod har;
mod hurl;
mod json_lines;
mod json_path;
mod losses;
mod openapi;
mod postman;
mod project;
mod services;
mod variables;

pub use format::Format;
pub use losses::Loss;
pub use project::{Answer, Found, NewProject, new_project};
pub use services::{KnownService, NewService};

use losses::Losses;
use services::{Services, Target};
use variables::Variables;

/// The largest text that is imported, in bytes.
pub const LARGEST: usize = 64 << 20;
/// The most requests that are imported from one text.
const MOST_REQUESTS: usize = 10_000;

/// Where a text comes from, and what is known there.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The name of the text, such as that of its file without its extension. Scenarios are called after it if the text has no
    /// name for them.
    pub name: &'a str,
    /// The services of e2e.conf. An address of theirs is written with their names.
    pub services: &'a [KnownService],
}

/// What a text was turned into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The scenarios; their names and the names of their files differ.
    pub scenarios: Vec<ImportedScenario>,
    /// Services that they need and e2e.conf doesn't have.
    pub services: Vec<NewService>,
    /// What isn't carried over, in the order of the text.
    pub losses: Vec<Loss>,
    /// How many requests the text has.
    pub entries: usize,
}

/// A scenario that was made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedScenario {
    /// Its name.
    pub name: String,
    /// A name for its file, without a folder and with `.yaml`.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Why a text can't be imported at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotReadable {
    /// The line, counted from 1; `None` when it is about the whole text.
    pub line: Option<usize>,
    /// What is wrong, as a sentence without its full stop.
    pub reason: String,
}

impl NotReadable {
    fn new(line: impl Into<Option<usize>>, reason: impl Into<String>) -> Self {
        Self { line: line.into(), reason: reason.into() }
    }
}

impl From<scenario::NotJson> for NotReadable {
    fn from(error: scenario::NotJson) -> Self {
        Self::new(error.line, error.to_string())
    }
}

/// Turns a text into scenarios.
///
/// # Errors
///
/// The text isn't of that format, has no requests, or is too large.
pub fn import(format: Format, text: &str, origin: &Origin<'_>) -> Result<Import, NotReadable> {
    if text.len() > LARGEST {
        return Err(NotReadable::new(None, format!("it has more than {} MiB", LARGEST >> 20)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut context =
        Context { origin: *origin, services: Services::new(origin.services), losses: Losses::default() };
    let drafts = match format {
        Format::Curl => curl::drafts(text, &mut context),
        Format::Har => har::drafts(text, &mut context),
        Format::Hurl => hurl::drafts(text, &mut context),
        Format::Openapi => openapi::drafts(text, &mut context),
        Format::Postman => postman::drafts(text, &mut context),
    }?;
    let Context { services, mut losses, .. } = context;
    if drafts.is_empty() {
        return Err(NotReadable::new(None, format!("there is no request in this {}", format.describe())));
    }
    let entries = drafts.iter().map(|draft| draft.steps.len()).sum::<usize>() + losses.whole_entries();
    let mut services = services.into_new();
    let is_called =
        |name: &str| drafts.iter().flat_map(|draft| &draft.steps).any(|step| step.request.service == name);
    services.retain(|service| is_called(&service.name));
    let scenarios = draft::texts(drafts, &mut losses);
    Ok(Import { scenarios, services, losses: losses.into_all(), entries })
}

/// The title of an OpenAPI document; `None` when a text is none, or has no title.
pub fn document_title(text: &str) -> Option<String> {
    openapi::title(text)
}

/// Checks that a text is an OpenAPI document.
///
/// # Errors
///
/// What is wrong with it, and where.
pub fn check_document(text: &str) -> Result<(), NotReadable> {
    openapi::check(text)
}

/// What all formats need while they read.
struct Context<'a> {
    origin: Origin<'a>,
    services: Services,
    losses: Losses,
}

impl Context<'_> {
    /// The service and path of a request's address. Variables in its beginning are put in if their values are known.
    fn target(&mut self, method: &str, url: &str, variables: &Variables) -> Result<Target, String> {
        if http::Method::from_bytes(method.as_bytes()).is_err() {
            return Err(format!("`{}` is no method", method.escape_debug()));
        }
        let url = url.trim();
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url[host..].find(['/', '?']).map_or(url.len(), |at| host + at);
        let resolved = variables.resolved(&url[..end]);
        self.services.target(&format!("{resolved}{}", &url[end..]))
    }

    /// Whether a text has more requests than are imported.
    fn check_number(requests: usize) -> Result<(), NotReadable> {
        if requests > MOST_REQUESTS {
            let reason = format!("it has {requests} requests; at most {MOST_REQUESTS} are imported");
            return Err(NotReadable::new(None, reason));
        }
        Ok(())
    }
}
