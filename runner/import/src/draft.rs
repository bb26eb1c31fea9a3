//! A scenario before it is text.

use std::collections::BTreeSet;

use scenario::{Object, Value, write_yaml};

use crate::{
    ImportedScenario,
    losses::Losses,
    services::slug,
    variables::{Values, quoted},
};

/// A scenario that is being made. All texts in it are templates.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// The values of variables before the first step.
    pub(crate) values: Values,
    pub(crate) cookies: Cookies,
    /// What holds for all its requests.
    pub(crate) follow: Follow,
    pub(crate) steps: Vec<Step>,
}

/// Whether requests send the cookies of earlier replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookies {
    Forgotten,
    Kept,
}

/// A request with what is expected of its reply.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: Option<String>,
    /// How long to wait before it.
    pub(crate) wait: Option<String>,
    pub(crate) request: Request,
    pub(crate) expect: Expect,
    pub(crate) capture: Vec<(String, String)>,
    pub(crate) times: Times,
    /// The variables that it uses.
    pub(crate) uses: BTreeSet<String>,
}

/// How often a request is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    Repeat(u64),
    /// Until its expectations are met, for at most this long, with a pause of this length.
    Until {
        within: String,
        every: String,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) service: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) auth: Option<Auth>,
    pub(crate) body: Body,
    pub(crate) follow: Follow,
    pub(crate) timeout: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    Basic { user: String, password: String },
    Bearer(String),
}

/// Whether redirects are followed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    #[default]
    No,
    Yes,
    UpTo(u64),
}

#[derive(Debug, Default, PartialEq)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Value),
    Text(String),
    Form(Vec<(String, String)>),
    Multipart(Vec<(String, Part)>),
    /// The bytes of a file.
    File(String),
}

/// A part of a multipart body.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    Text(String),
    File { file: String, content_type: Option<String>, name: Option<String> },
}

/// What a reply must be.
#[derive(Debug, Default)]
pub(crate) struct Expect {
    /// Statuses, or classes of them such as `2xx`.
    pub(crate) status: Vec<Value>,
    pub(crate) headers: Vec<(String, Value)>,
    pub(crate) body: Option<Value>,
    pub(crate) that: Vec<String>,
}

impl Step {
    pub(crate) fn new(request: Request) -> Self {
        let (name, wait, expect, capture, uses) = Default::default();
        Self { name, wait, request, expect, capture, times: Times::Once, uses }
    }
}

/// Headers whose values are secrets.
const SECRET: &[&str] =
    &["authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token"];

/// The client that keeps cookies.
const CLIENT: &str = "user";

/// The texts of drafts. Their names and the names of their files are made different.
pub(crate) fn texts(drafts: Vec<Draft>, losses: &mut Losses) -> Vec<ImportedScenario> {
    let (mut names, mut files) = (BTreeSet::new(), BTreeSet::new());
    let mut text = |mut draft: Draft| {
        let wanted = if draft.name.trim().is_empty() { "Imported requests" } else { draft.name.trim() };
        draft.name = free(&mut names, wanted, |name, number| format!("{name} ({number})"));
        let wanted = slug(&draft.name);
        let wanted = if wanted.is_empty() { "imported" } else { &wanted };
        let file = free(&mut files, wanted, |name, number| format!("{name}-{number}"));
        draft.define_variables(losses);
        draft.tell_files(losses);
        for step in &mut draft.steps {
            step.request.clean(losses);
        }
        draft.tell_secrets(losses);
        let text = write_yaml(draft.mapping());
        ImportedScenario { name: draft.name, file: format!("{file}.yaml"), text }
    };
    drafts.into_iter().map(&mut text).collect()
}

/// The first name that isn't taken: as wanted, or with a number from 2.
fn free(taken: &mut BTreeSet<String>, wanted: &str, numbered: fn(&str, usize) -> String) -> String {
    let names = (1..).map(|number| if number == 1 { wanted.to_owned() } else { numbered(wanted, number) });
    let name = names.into_iter().find(|name| taken.insert(name.clone()));
    name.expect("some number is free")
}

impl Follow {
    fn value(self) -> Option<Value> {
        match self {
            Self::No => None,
            Self::Yes => Some(true.into()),
            Self::UpTo(times) => Some(times.into()),
        }
    }
}

impl Draft {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        let (values, steps) = Default::default();
        Self { name: name.into(), values, cookies: Cookies::Forgotten, follow: Follow::No, steps }
    }

    /// Makes variables that no step captures before they are used, and turns captures that nothing uses into expectations.
    fn define_variables(&mut self, losses: &mut Losses) {
        let used: BTreeSet<&String> = self.steps.iter().flat_map(|step| &step.uses).collect();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut needed = Values::new();
        for step in &self.steps {
            for name in step.uses.iter().filter(|name| !known.contains(*name)) {
                if needed.contains_key(name) {
                    continue;
                }
                let value = self.values.get(name).cloned().unwrap_or_else(|| {
                    losses.leave();
                    losses.tell(format!(
                        "`{name}` has no value: write it under `vars` in the scenario `{}`",
                        self.name
                    ));
                    "".into()
                });
                needed.insert(name.clone(), value);
            }
            known.extend(step.capture.iter().map(|(name, _)| name.clone()));
        }
        let unused: BTreeSet<String> = self
            .steps
            .iter()
            .flat_map(|step| &step.capture)
            .map(|(name, _)| name.clone())
            .filter(|name| !used.contains(name))
            .collect();
        for step in &mut self.steps {
            for (_, expression) in step.capture.extract_if(.., |(name, _)| unused.contains(name)) {
                step.expect.that.push(format!("{expression} is defined"));
            }
        }
        self.values = needed;
    }

    /// Tells which files have to be beside the scenario.
    fn tell_files(&self, losses: &mut Losses) {
        let files: BTreeSet<&str> = self.steps.iter().flat_map(|step| step.request.files()).collect();
        if !files.is_empty() {
            let files: Vec<_> = files.into_iter().collect();
            losses.leave();
            losses
                .tell(format!("these files have to be in the folder of the scenario: {}", files.join(", ")));
        }
    }

    /// Tells where the scenario holds a password or a token as it was.
    fn tell_secrets(&self, losses: &mut Losses) {
        let of_variable = |text: &str| {
            let is_held = |value: &Value| *value != Value::Null && !value.to_text().is_empty();
            self.values.iter().any(|(name, value)| is_held(value) && text.contains(&format!("${{{name}}}")))
        };
        // A value that is a variable's alone is as secret as that.
        let is_secret = |text: &str| {
            if text.replace("$${", "").contains("${") { of_variable(text) } else { !text.is_empty() }
        };
        for step in &self.steps {
            let secrets = step.request.secrets().into_iter().filter(|(_, text)| is_secret(text));
            let names: BTreeSet<String> = secrets.map(|(name, _)| format!("`{name}`")).collect();
            if names.is_empty() {
                continue;
            }
            let Request { method, service, path, .. } = &step.request;
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            losses.leave();
            losses.tell(format!(
                "{method} {service} {path} holds a secret as it was, in {names}: declare it under `secrets` in e2e.conf, and write `${{secrets.NAME}}` in its place"
            ));
        }
    }

    fn mapping(&self) -> Object {
        let mut mapping = Object::new();
        mapping.insert("scenario".into(), self.name.as_str().into());
        if !self.values.is_empty() {
            let values = self.values.iter().map(|(name, value)| (name.clone(), value.clone()));
            mapping.insert("vars".into(), Value::Object(values.collect()));
        }
        let mut defaults = Object::new();
        if self.cookies == Cookies::Kept && self.steps.len() > 1 {
            let none = Value::Object(Object::new());
            mapping.insert("clients".into(), [(CLIENT, none)].into_iter().collect());
            defaults.insert("as".into(), CLIENT.into());
        }
        defaults.extend(self.follow.value().map(|follow| ("follow".into(), follow)));
        if !defaults.is_empty() {
            mapping.insert("defaults".into(), defaults.into());
        }
        let wait =
            |step: &Step| step.wait.as_ref().map(|time| [("wait", time.as_str())].into_iter().collect());
        let steps = self.steps.iter().flat_map(|step| wait(step).into_iter().chain([step.mapping()]));
        mapping.insert("steps".into(), Value::Array(steps.collect()));
        mapping
    }
}

impl Step {
    fn mapping(&self) -> Value {
        let mut request = self.request.mapping();
        let mut expect = self.expect.mapping();
        if expect.is_empty() && self.capture.is_empty() {
            expect.insert("status".into(), "2xx".into());
        }
        if !expect.is_empty() {
            request.insert("expect".into(), expect.into());
        }
        if !self.capture.is_empty() {
            let captures = self.capture.iter().map(|(name, value)| (name.clone(), value.as_str()));
            request.insert("capture".into(), captures.collect());
        }
        let mut mapping = Object::new();
        if let Some(name) = self.name.as_deref().filter(|name| !name.trim().is_empty()) {
            mapping.insert("name".into(), name.into());
        }
        match &self.times {
            Times::Once => mapping.extend(request),
            Times::Repeat(times) => {
                mapping.insert("repeat".into(), (*times).into());
                mapping.extend(request);
            }
            Times::Until { within, every } => {
                let mut inner = Object::new();
                inner.insert("within".into(), within.as_str().into());
                inner.insert("every".into(), every.as_str().into());
                inner.extend(request);
                mapping.insert("eventually".into(), inner.into());
            }
        }
        mapping.into()
    }
}

impl Request {
    /// Takes out what its reader would refuse: names of headers that are none, lines in values, and one of two authentications.
    fn clean(&mut self, losses: &mut Losses) {
        for (name, _) in self.headers.extract_if(.., |(name, _)| name.parse::<http::HeaderName>().is_err()) {
            losses.leave();
            losses.tell(format!("`{}` can't be the name of a header", name.escape_debug()));
        }
        // A header that is written counts, as it does in most tools.
        if self.header("authorization").is_some() {
            self.auth = None;
        }
        let auth = self.auth.iter_mut().flat_map(|auth| match auth {
            Auth::Basic { user, password } => vec![user, password],
            Auth::Bearer(token) => vec![token],
        });
        let parts = match &mut self.body {
            Body::Multipart(parts) => parts.as_mut_slice(),
            _ => &mut [],
        };
        let of_parts = parts.iter_mut().flat_map(|(name, part)| match part {
            Part::Text(_) => vec![name],
            Part::File { content_type, name: file_name, .. } => {
                [name].into_iter().chain(content_type).chain(file_name).collect()
            }
        });
        for value in self.headers.iter_mut().map(|(_, value)| value).chain(auth).chain(of_parts) {
            if value.contains(char::is_control) {
                *value = value.replace(char::is_control, " ");
            }
        }
    }

    /// The values that are secrets, each with the header or the kind of authentication that it belongs to.
    fn secrets(&self) -> Vec<(&str, &str)> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let secret = headers.filter(|(name, _)| SECRET.contains(&name.to_lowercase().as_str()));
        let auth = self.auth.iter().map(|auth| match auth {
            Auth::Basic { password, .. } => ("auth.basic", password.as_str()),
            Auth::Bearer(token) => ("auth.bearer", token.as_str()),
        });
        secret.chain(auth).collect()
    }

    /// The files whose content it sends.
    fn files(&self) -> Vec<&str> {
        match &self.body {
            Body::File(file) => vec![file],
            Body::Multipart(parts) => {
                let files = parts.iter().map(|(_, part)| match part {
                    Part::File { file, .. } => Some(file.as_str()),
                    Part::Text(_) => None,
                });
                files.flatten().collect()
            }
            _ => Vec::new(),
        }
    }

    fn mapping(&self) -> Object {
        let mut mapping = Object::new();
        mapping.insert("request".into(), format!("{} {} {}", self.method, self.service, self.path).into());
        let mut put = |key: &str, value: Value| mapping.insert(key.into(), value);
        if !self.query.is_empty() {
            put("query", repeated(&self.query));
        }
        if !self.headers.is_empty() {
            put("headers", repeated(&self.headers));
        }
        match &self.auth {
            None => None,
            Some(Auth::Basic { user, password }) => {
                let login = [("user", user.as_str()), ("password", password.as_str())];
                put("auth", [("basic", login.into_iter().collect::<Value>())].into_iter().collect())
            }
            Some(Auth::Bearer(token)) => put("auth", [("bearer", token.as_str())].into_iter().collect()),
        };
        match &self.body {
            Body::None => None,
            Body::Json(value) => put("body", value.clone()),
            Body::Text(text) => put("text", text.as_str().into()),
            Body::Form(fields) => put("form", repeated(fields)),
            Body::Multipart(parts) => {
                let parts = parts.iter().map(|(name, part)| (name.clone(), part.value()));
                put("multipart", collected(parts))
            }
            Body::File(file) => put("file", file.as_str().into()),
        };
        if let Some(follow) = self.follow.value() {
            put("follow", follow);
        }
        if let Some(timeout) = &self.timeout {
            put("timeout", timeout.as_str().into());
        }
        mapping
    }
}

impl Part {
    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::File { file, content_type, name } => {
                let entries =
                    [("file", Some(file)), ("type", content_type.as_ref()), ("name", name.as_ref())];
                let entries = entries.into_iter().filter_map(|(key, value)| Some((key, value?.as_str())));
                entries.collect()
            }
        }
    }
}

impl Expect {
    fn mapping(&self) -> Object {
        let mut mapping = Object::new();
        match self.status.as_slice() {
            [] => {}
            [status] => {
                mapping.insert("status".into(), status.clone());
            }
            statuses => {
                mapping.insert("status".into(), Value::Array(statuses.to_vec()));
            }
        }
        if !self.headers.is_empty() {
            mapping.insert("headers".into(), collected(self.headers.iter().cloned()));
        }
        if let Some(body) = &self.body {
            mapping.insert("body".into(), body.clone());
        }
        match self.that.as_slice() {
            [] => {}
            [condition] => {
                mapping.insert("that".into(), condition.as_str().into());
            }
            conditions => {
                mapping.insert("that".into(), conditions.iter().map(String::as_str).collect());
            }
        }
        mapping
    }

    /// Expects a value of a header.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Expects an expression to be equal to a text.
    pub(crate) fn equal(&mut self, expression: &str, text: &str) {
        self.that.push(format!("{expression} == {}", quoted(text)));
    }
}

/// Names with texts, of which a repeated one is a list.
fn repeated(entries: &[(String, String)]) -> Value {
    collected(entries.iter().map(|(name, text)| (name.clone(), scalar(text))))
}

/// Names with values, of which a repeated one is a list. Names of headers that differ in case only are the same to the reader, and
/// are told apart here no more than there.
fn collected(entries: impl Iterator<Item = (String, Value)>) -> Value {
    let mut collected = Object::new();
    for (name, value) in entries {
        match collected.get_mut(&name) {
            None => {
                collected.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![std::mem::take(first), value]),
        }
    }
    collected.into()
}

/// A text, as a number where that is written the same.
fn scalar(text: &str) -> Value {
    let is_whole = text.len() <= 15
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
        && !text.is_empty();
    text.parse::<u64>().ok().filter(|_| is_whole).map_or_else(|| text.into(), Value::from)
}
