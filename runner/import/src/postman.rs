//! Collections of Postman: a step for each request, in one scenario, since requests of all folders share variables and cookies.

use scenario::Value;

use self::script::Script;
use crate::{
    Context, NotReadable, body,
    draft::{Auth, Body, Cookies, Draft, Follow, Part, Request, Step},
    json_lines::{At, JsonLines},
    services::Scheme,
    variables::Variables,
};

mod javascript;
mod script;

/// What Postman itself has a value for.
fn generated(name: &str) -> Option<String> {
    let expression = match name {
        "$guid" | "$randomUUID" => "uuid()",
        "$isoTimestamp" => "now()",
        "$randomInt" => "random(0, 1000)",
        _ => return None,
    };
    Some(expression.to_owned())
}

pub(crate) fn drafts(text: &str, context: &mut Context<'_>) -> Result<Vec<Draft>, NotReadable> {
    let value = Value::parse(text)?;
    // What Postman's API answers has the collection within.
    let (collection, path) = match value.get("collection") {
        Some(inner) => (inner, vec![At::Key("collection")]),
        None => (&value, Vec::new()),
    };
    let Some(Value::Array(items)) = collection.get("item") else {
        return Err(NotReadable::new(None, "this JSON is no collection of Postman: it has no `item`"));
    };
    let lines = JsonLines::of(text);
    let mut variables = Variables::in_braces(generated);
    for variable in list(collection.get("variable")) {
        if let Some(name) = text_of(variable, "key").or_else(|| text_of(variable, "id")) {
            variables.set(name, variable.get("value").cloned().unwrap_or_default());
        }
    }
    let mut reading = Reading { lines: &lines, context, variables, steps: Vec::new(), untested: 0 };
    reading.tell_scripts(collection, &path, "the collection");
    reading.items(items, &path, &[], collection.get("auth"))?;
    let Reading { context, variables, steps, untested, .. } = reading;
    context.losses.leave();
    if untested > 0 {
        context.losses.tell(format!("of requests without tests a status of 2xx is expected: {untested}"));
    }
    let name = collection
        .get("info")
        .and_then(|info| text_of(info, "name"))
        .unwrap_or(context.origin.name)
        .to_owned();
    let draft = Draft {
        values: variables.values().clone(),
        cookies: Cookies::Kept,
        follow: Follow::Yes,
        steps,
        ..Draft::new(name)
    };
    Ok(if draft.steps.is_empty() { Vec::new() } else { vec![draft] })
}

struct Reading<'a, 'c> {
    lines: &'a JsonLines,
    context: &'a mut Context<'c>,
    variables: Variables,
    steps: Vec<Step>,
    /// The requests without tests.
    untested: usize,
}

impl<'a> Reading<'a, '_> {
    fn items(
        &mut self,
        items: &'a [Value],
        path: &[At<'a>],
        folders: &[&str],
        auth: Option<&'a Value>,
    ) -> Result<(), NotReadable> {
        for (number, item) in items.iter().enumerate() {
            let path = [path, &[At::Key("item"), At::Item(number)]].concat();
            let name = text_of(item, "name").unwrap_or_default();
            let auth = item.get("auth").or(auth);
            if let Some(Value::Array(inner)) = item.get("item") {
                self.context.losses.enter("", self.lines.line(&path));
                self.tell_scripts(item, &path, &format!("the folder `{name}`"));
                self.items(inner, &path, &[folders, &[name]].concat(), auth)?;
            } else if let Some(request) = item.get("request") {
                Context::check_number(self.steps.len() + 1)?;
                self.context.losses.enter(name.chars().take(80).collect::<String>(), self.lines.line(&path));
                match self.step(item, request, &path, auth) {
                    Ok(mut step) => {
                        step.name = Some([folders, &[name]].concat().join(" / ").chars().take(200).collect());
                        step.uses.extend(self.variables.take_used());
                        self.steps.push(step);
                    }
                    Err(why) => self.context.losses.leave_out(why),
                }
            }
        }
        Ok(())
    }

    /// Tells that scripts for all requests of a folder aren't carried over.
    fn tell_scripts(&mut self, holder: &'a Value, path: &[At<'a>], of: &str) {
        for (number, event) in list(holder.get("event")).iter().enumerate() {
            if script::lines(event).iter().any(|line| !line.trim().is_empty()) {
                let place = self.lines.line(&[path, &[At::Key("event"), At::Item(number)]].concat());
                let message =
                    format!("the script of {of}, which runs for each of its requests, isn't carried over");
                self.context.losses.tell_at(place, message);
            }
        }
    }

    fn step(
        &mut self,
        item: &'a Value,
        sent: &'a Value,
        path: &[At<'a>],
        auth: Option<&'a Value>,
    ) -> Result<Step, String> {
        let url = url(sent);
        if url.is_empty() {
            return Err("it has no address".into());
        }
        let method = text_of(sent, "method").unwrap_or("GET");
        let target = self.context.target(method, &url, &self.variables)?;
        if target.scheme == Scheme::Https {
            let message =
                format!("links don't speak https: `{}` has to be reached over http", target.service);
            self.context.losses.tell(message);
        }
        let mut request = Request {
            method: method.to_owned(),
            service: target.service,
            path: self.variables.path(&target.path),
            ..Request::default()
        };
        for (name, value) in pairs(sent.get("header")) {
            if name.parse::<http::HeaderName>().is_ok() {
                request.headers.push((name.to_owned(), self.variables.template(value)));
            } else {
                self.context.losses.tell(format!("`{name}` can't be the name of a header"));
            }
        }
        let own = sent.get("auth").filter(|auth| !matches!(auth, Value::Null));
        if let Some(auth) = own.or(auth) {
            self.put_auth(&mut request, auth);
        }
        self.put_body(&mut request, sent.get("body").unwrap_or(&Value::Null));
        let mut step = Step::new(request);
        let mut tested = false;
        for (number, event) in list(item.get("event")).iter().enumerate() {
            let path =
                [path, &[At::Key("event"), At::Item(number), At::Key("script"), At::Key("exec")]].concat();
            let place = |offset: usize| {
                self.lines
                    .line(&[path.as_slice(), &[At::Item(offset)]].concat())
                    .or_else(|| self.lines.line(&path))
            };
            let lines = script::lines(event);
            let mut script = Script::new(&mut step, &mut self.variables);
            let unread = if let Some("prerequest") = text_of(event, "listen") {
                script.before(&lines)
            } else {
                tested |= lines.iter().any(|line| line.contains("pm.test") || line.contains("tests["));
                script.after(&lines)
            };
            for (offset, what) in unread {
                let message = format!(
                    "`{}` of its script isn't carried over",
                    what.chars().take(80).collect::<String>()
                );
                self.context.losses.tell_at(place(offset), message);
            }
        }
        if !tested {
            self.untested += 1;
        }
        Ok(step)
    }

    fn put_auth(&mut self, request: &mut Request, auth: &Value) {
        let kind = text_of(auth, "type").unwrap_or("noauth");
        let variables = &mut self.variables;
        let mut part = |key: &str| {
            let all = auth.get(kind).unwrap_or(&Value::Null);
            let direct = || text_of(all, key);
            let found = pairs(Some(all)).into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
            variables.template(found.or_else(direct).unwrap_or_default())
        };
        match kind {
            "noauth" => {}
            "basic" => {
                request.auth = Some(Auth::Basic { user: part("username"), password: part("password") });
            }
            "bearer" => request.auth = Some(Auth::Bearer(part("token"))),
            "apikey" => {
                let (name, value) = (part("key"), part("value"));
                let place = part("in");
                if place == "query" {
                    request.query.push((name, value));
                } else if name.parse::<http::HeaderName>().is_ok() {
                    request.headers.push((name, value));
                }
            }
            other => self.context.losses.tell(format!("authentication by `{other}` isn't carried over")),
        }
    }

    fn put_body(&mut self, request: &mut Request, written: &Value) {
        if written.get("disabled") == Some(&Value::Bool(true)) {
            return;
        }
        match text_of(written, "mode") {
            None => {}
            Some("raw") => {
                let raw = text_of(written, "raw").unwrap_or_default();
                let options = written.get("options").and_then(|options| options.get("raw"));
                let kind = match options.and_then(|options| text_of(options, "language")) {
                    Some("json") => "application/json",
                    Some("xml") => "application/xml",
                    Some("html") => "text/html",
                    _ => "",
                };
                if !raw.is_empty() && !kind.is_empty() && request.header("content-type").is_none() {
                    request.headers.push(("Content-Type".into(), kind.into()));
                }
                body::put(request, raw, &mut self.variables);
            }
            Some("urlencoded") => {
                let fields = pairs(written.get("urlencoded"));
                let variables = &mut self.variables;
                let field =
                    |(name, value): (&str, &str)| (variables.template(name), variables.template(value));
                request.body = Body::Form(fields.into_iter().map(field).collect());
                request.remove_header("content-type");
            }
            Some("formdata") => {
                request.remove_header("content-type");
                let parts = enabled(written.get("formdata")).filter_map(|part| {
                    let name = text_of(part, "key")?.to_owned();
                    Some((name, self.part(part)))
                });
                request.body = Body::Multipart(parts.collect());
            }
            Some("file") => {
                let file = written.get("file").and_then(|file| text_of(file, "src")).unwrap_or_default();
                if file.is_empty() {
                    self.context.losses.tell("its body is a file that isn't named: write `file: NAME`");
                } else {
                    request.body = Body::File(self.variables.template(file));
                }
            }
            Some("graphql") => {
                let graphql = written.get("graphql").unwrap_or(&Value::Null);
                let query = self.variables.template(text_of(graphql, "query").unwrap_or_default());
                let mut entries = vec![("query", Value::from(query))];
                let given = text_of(graphql, "variables").filter(|text| !text.trim().is_empty());
                if let Some(text) = given {
                    match self.variables.json(text) {
                        Some(value) => entries.push(("variables", value)),
                        None => self.context.losses.tell("the variables of its GraphQL query are no JSON"),
                    }
                }
                request.body = Body::Json(entries.into_iter().collect());
                request.remove_header("content-type");
            }
            Some(other) => {
                self.context.losses.tell(format!("a body of the mode `{other}` isn't carried over"));
            }
        }
    }

    fn part(&mut self, part: &Value) -> Part {
        if text_of(part, "type") != Some("file") {
            return Part::Text(self.variables.template(text_of(part, "value").unwrap_or_default()));
        }
        let files = match part.get("src") {
            Some(Value::Array(files)) => files.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(file)) => vec![file.as_str()],
            _ => Vec::new(),
        };
        if files.len() != 1 {
            self.context
                .losses
                .tell("a part of its body is no file, or several: write them under `multipart`");
        }
        Part::File {
            file: self.variables.template(files.first().copied().unwrap_or("file")),
            content_type: text_of(part, "contentType").map(|kind| self.variables.template(kind)),
            name: None,
        }
    }
}

/// The address of a request, with its path variables put in.
fn url(sent: &Value) -> String {
    let written = match (sent, sent.get("url")) {
        (Value::String(url), _) | (_, Some(Value::String(url))) => return url.clone(),
        (_, Some(url)) => url,
        _ => return String::new(),
    };
    let raw = text_of(written, "raw").map_or_else(|| joined(written), str::to_owned);
    let (path, query) = raw.split_once('?').map_or((raw.as_str(), None), |(path, query)| (path, Some(query)));
    let mut path = path.to_owned();
    for variable in list(written.get("variable")) {
        if let (Some(name), Some(value)) = (text_of(variable, "key"), text_of(variable, "value")) {
            let segments = path
                .split('/')
                .map(|segment| if segment.strip_prefix(':') == Some(name) { value } else { segment });
            path = segments.collect::<Vec<_>>().join("/");
        }
    }
    let query = match written.get("query") {
        // Those that are disabled stand in `raw` all the same.
        Some(Value::Array(_)) => {
            let pairs: Vec<String> = enabled(written.get("query"))
                .map(|pair| match (text_of(pair, "key").unwrap_or_default(), text_of(pair, "value")) {
                    (name, Some(value)) => format!("{name}={value}"),
                    (name, None) => name.to_owned(),
                })
                .collect();
            pairs.join("&")
        }
        _ => query.unwrap_or_default().to_owned(),
    };
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// The address that its parts make.
fn joined(url: &Value) -> String {
    let parts = |key: &str, between: &str| match url.get(key) {
        Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let port = text_of(url, "port").map_or(String::new(), |port| format!(":{port}"));
    let scheme = text_of(url, "protocol").unwrap_or("http");
    format!("{scheme}://{}{port}/{}", parts("host", "."), parts("path", "/"))
}

fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

fn enabled(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    list(value).iter().filter(|item| item.get("disabled") != Some(&Value::Bool(true)))
}

/// The enabled entries of a list of `{ key, value }`.
fn pairs(value: Option<&Value>) -> Vec<(&str, &str)> {
    enabled(value)
        .filter_map(|item| Some((text_of(item, "key")?, text_of(item, "value").unwrap_or_default())))
        .collect()
}
