//! curl's commands: a step each.

use scenario::Value;

use self::{
    option_names::{VALUE_WITHOUT_EFFECT, WITH_VALUE, WITHOUT_EFFECT},
    words::{Command, commands},
};
use crate::{
    Context, MOST_REQUESTS, NotReadable, body,
    draft::{Auth, Body, Cookies, Draft, Follow, Part, Request, Step},
    services::Scheme,
    variables::Variables,
};

mod option_names;
mod words;

pub(crate) fn drafts(text: &str, context: &mut Context<'_>) -> Result<Vec<Draft>, NotReadable> {
    let (commands, unread) = commands(text);
    for (line, what) in unread {
        context.losses.tell_at(Some(line), format!("{what} isn't carried over"));
    }
    Context::check_number(commands.len())?;
    let mut variables = Variables::in_braces(|_| None);
    let mut steps = Vec::new();
    for command in commands {
        context.losses.enter("", Some(command.line));
        read_command(command, context, &mut variables, &mut steps);
        Context::check_number(steps.len())?;
    }
    context.losses.leave();
    let name = match steps.as_slice() {
        [step] => {
            format!("{} {}", step.request.method, step.request.path.split('?').next().unwrap_or_default())
        }
        _ => context.origin.name.to_owned(),
    };
    let values = variables.values().clone();
    let draft = Draft { name, values, cookies: Cookies::Forgotten, follow: Follow::No, steps };
    Ok(if draft.steps.is_empty() { Vec::new() } else { vec![draft] })
}

fn read_command(
    command: Command,
    context: &mut Context<'_>,
    variables: &mut Variables,
    steps: &mut Vec<Step>,
) {
    let mut words = command.words.into_iter().peekable();
    // What is copied from a terminal begins with its prompt.
    words.next_if(|word| matches!(word.as_str(), "$" | "%"));
    while let Some((name, value)) = words
        .peek()
        .and_then(|word| word.split_once('='))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty())
    {
        variables.set(name, value.into());
        words.next();
    }
    words.next_if(|word| word == "export");
    let Some(program) = words.next() else { return };
    if let Some((name, value)) = program.split_once('=') {
        return variables.set(name, value.into());
    }
    if program.rsplit('/').next() != Some("curl") {
        return context.losses.tell(format!("`{program} …` isn't curl, and is left out"));
    }
    if let Some(rest) = command.rest {
        context.losses.tell(format!("`{rest}` isn't carried over: expect it of the reply"));
    }
    let words: Vec<String> = words.collect();
    for part in words.split(|word| word == "--next" || word == "-:") {
        let mut options = Options::default();
        options.read(part, context);
        options.finish(context, variables, steps);
    }
}

/// What one command says about its requests.
#[derive(Default)]
struct Options {
    urls: Vec<String>,
    method: Option<String>,
    headers: Vec<String>,
    data: Vec<Data>,
    form: Vec<(String, FormPart)>,
    upload: Option<String>,
    json: Option<Vec<String>>,
    query: Vec<String>,
    auth: Option<Auth>,
    cookies: Vec<String>,
    timeout: Option<String>,
    follow: Follow,
    head: Flag,
    get: Flag,
    insecure: Flag,
}

#[derive(Default, PartialEq, Eq)]
enum Flag {
    #[default]
    Off,
    On,
}

/// What `-d` and its kin say.
enum Data {
    Text(String),
    Encoded(String),
    File(String),
}

enum FormPart {
    Written(String),
    Literal(String),
}

impl Options {
    fn read(&mut self, words: &[String], context: &mut Context<'_>) {
        let mut words = words.iter();
        let mut options_end = false;
        while let Some(word) = words.next() {
            if word == "--" {
                options_end = true;
            } else if let Some(long) = word.strip_prefix("--").filter(|_| !options_end) {
                let (name, joined) =
                    long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                if WITH_VALUE.iter().any(|(_, known)| *known == name) {
                    match joined.map(str::to_owned).or_else(|| words.next().cloned()) {
                        Some(value) => self.take(name, value, context),
                        None => context.losses.tell(format!("`--{name}` has no value")),
                    }
                } else {
                    self.set(name, "--", context);
                }
            } else if word.starts_with('-') && word.len() > 1 && !options_end {
                let mut rest = &word[1..];
                while let Some(c) = rest.chars().next() {
                    rest = &rest[c.len_utf8()..];
                    let short = c.to_string();
                    let Some((_, name)) = WITH_VALUE.iter().find(|(known, _)| *known == short) else {
                        self.set(&short, "-", context);
                        continue;
                    };
                    let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
                    match value {
                        Some(value) => self.take(name, value, context),
                        None => context.losses.tell(format!("`-{short}` has no value")),
                    }
                    break;
                }
            } else {
                self.urls.push(word.clone());
            }
        }
    }

    /// An option with a value, by its long name.
    fn take(&mut self, name: &str, value: String, context: &mut Context<'_>) {
        let file = |value: &str| value.strip_prefix('@').map(str::to_owned);
        match name {
            "url" => self.urls.push(value),
            "request" => self.method = Some(value),
            "header" => match file(&value) {
                Some(file) => {
                    context.losses.tell(format!("the headers in the file `{file}` aren't carried over"));
                }
                None => self.headers.push(value),
            },
            "user-agent" => self.headers.push(format!("User-Agent: {value}")),
            "referer" => self.headers.push(format!("Referer: {}", value.trim_end_matches(";auto"))),
            "cookie" if value.contains('=') => self.cookies.push(value),
            "cookie" | "cookie-jar" => {
                context.losses.tell(format!(
                    "the cookies in the file `{value}` aren't carried over: `as: NAME` keeps cookies"
                ));
            }
            "data" | "data-ascii" | "data-binary" => {
                self.data.push(file(&value).map_or_else(|| Data::Text(value), Data::File));
            }
            "data-raw" => self.data.push(Data::Text(value)),
            "data-urlencode" => self.data.push(Data::Encoded(value)),
            "json" => match file(&value) {
                Some(file) => {
                    self.json.get_or_insert_default();
                    self.data.push(Data::File(file));
                }
                None => self.json.get_or_insert_default().push(value),
            },
            "url-query" => self.query.push(value),
            "form" | "form-string" => {
                let Some((field, text)) = value.split_once('=') else {
                    return context.losses.tell(format!("`{value}` is no field of a form"));
                };
                let part = if name == "form" { FormPart::Written } else { FormPart::Literal };
                self.form.push((field.to_owned(), part(text.to_owned())));
            }
            "upload-file" => self.upload = Some(value),
            "user" => {
                let (user, password) = value.split_once(':').unwrap_or((&value, ""));
                self.auth = Some(Auth::Basic { user: user.to_owned(), password: password.to_owned() });
            }
            "oauth2-bearer" => self.auth = Some(Auth::Bearer(value)),
            "max-time" => match value.parse::<f64>() {
                Ok(seconds) if seconds > 0.0 => self.timeout = Some(format!("{seconds}s")),
                _ => context.losses.tell(format!("`--max-time {value}` is no time")),
            },
            "max-redirs" => self.follow = value.parse().map_or(Follow::Yes, Follow::UpTo),
            name if VALUE_WITHOUT_EFFECT.contains(&name) => {}
            "retry" => context
                .losses
                .tell("`--retry` isn't carried over: `eventually` polls until a reply is as expected"),
            _ => context.losses.tell(format!("`--{name} {value}` isn't carried over")),
        }
    }

    /// An option without a value.
    fn set(&mut self, name: &str, dashes: &str, context: &mut Context<'_>) {
        match name {
            "L" | "location" | "location-trusted" => self.follow = Follow::Yes,
            "I" | "head" => self.head = Flag::On,
            "G" | "get" => self.get = Flag::On,
            "k" | "insecure" => self.insecure = Flag::On,
            "basic" => {}
            name if WITHOUT_EFFECT.contains(&name) => {}
            _ => context.losses.tell(format!("`{dashes}{name}` isn't carried over")),
        }
    }

    fn finish(mut self, context: &mut Context<'_>, variables: &mut Variables, steps: &mut Vec<Step>) {
        if self.urls.is_empty() {
            return context.losses.leave_out("it has no address");
        }
        for url in std::mem::take(&mut self.urls) {
            // The text is refused then.
            if steps.len() > MOST_REQUESTS {
                return;
            }
            steps.extend(self.step(&url, context, variables));
        }
    }

    fn step(&self, url: &str, context: &mut Context<'_>, variables: &mut Variables) -> Option<Step> {
        let target = match context.target(&self.method(), url, variables) {
            Ok(target) => target,
            Err(why) => {
                context.losses.leave_out(why);
                return None;
            }
        };
        if target.scheme == Scheme::Https {
            context
                .losses
                .tell(format!("links don't speak https: `{}` has to be reached over http", target.service));
        } else if self.insecure == Flag::On {
            context.losses.tell("`--insecure` has no meaning over http");
        }
        if url.contains('[') && !url.contains("://[") || url.replace("{{", "").contains('{') {
            context
                .losses
                .tell("curl sends a request for each part of `[…]` or `{…}` in an address: here it is one");
        }
        let mut request = Request {
            method: self.method(),
            service: target.service,
            path: variables.path(&target.path),
            follow: self.follow,
            timeout: self.timeout.clone(),
            ..Request::default()
        };
        self.put_headers(&mut request, context, variables);
        let login = target.login.map(|(user, password)| Auth::Basic { user, password });
        request.auth = self.auth.clone().or(login).map(|auth| match auth {
            Auth::Basic { user, password } => {
                Auth::Basic { user: variables.template(&user), password: variables.template(&password) }
            }
            Auth::Bearer(token) => Auth::Bearer(variables.template(&token)),
        });
        self.put_body(&mut request, context, variables);
        for pair in &self.query {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request.query.push((variables.template(name), variables.template(value)));
        }
        let mut step = Step::new(request);
        step.expect.status = vec![Value::from("2xx")];
        step.uses = variables.take_used();
        Some(step)
    }

    fn method(&self) -> String {
        let has_data = !self.data.is_empty() || self.json.is_some() || !self.form.is_empty();
        let usual = if self.head == Flag::On {
            "HEAD"
        } else if self.upload.is_some() {
            "PUT"
        } else if has_data && self.get == Flag::Off {
            "POST"
        } else {
            "GET"
        };
        self.method.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn put_headers(&self, request: &mut Request, context: &mut Context<'_>, variables: &mut Variables) {
        for header in &self.headers {
            // `X-Empty;` is a header without a value, `Accept:` takes out the one that curl would send.
            let (name, value) = match (header.split_once(':'), header.strip_suffix(';')) {
                (Some((name, value)), _) => (name.trim(), value.trim()),
                (None, Some(name)) => {
                    request.headers.push((name.trim().to_owned(), String::new()));
                    continue;
                }
                _ => {
                    context.losses.tell(format!("`{header}` is no header"));
                    continue;
                }
            };
            if value.is_empty() || name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            if name.parse::<http::HeaderName>().is_err() {
                context.losses.tell(format!("`{name}` can't be the name of a header"));
                continue;
            }
            request.headers.push((name.to_owned(), variables.template(value)));
        }
        if !self.cookies.is_empty() {
            request.headers.push(("Cookie".into(), variables.template(&self.cookies.join("; "))));
        }
        if self.json.is_some() && request.header("accept").is_none() {
            request.headers.push(("Accept".into(), "application/json".into()));
        }
    }

    fn put_body(&self, request: &mut Request, context: &mut Context<'_>, variables: &mut Variables) {
        if let Some(file) = &self.upload {
            request.body = Body::File(variables.template(file));
            return;
        }
        if !self.form.is_empty() {
            let parts =
                self.form.iter().map(|(field, part)| (field.clone(), self::part(part, context, variables)));
            request.body = Body::Multipart(parts.collect());
            return;
        }
        if self.get == Flag::On || (self.head == Flag::On && !self.data.is_empty()) {
            for data in &self.data {
                match data {
                    Data::Text(text) => {
                        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
                        request.query.extend(
                            pairs
                                .iter()
                                .map(|(name, value)| (variables.template(name), variables.template(value))),
                        );
                    }
                    Data::Encoded(text) => {
                        let (name, value) = text.split_once('=').unwrap_or(("", text));
                        request.query.push((variables.template(name), variables.template(value)));
                    }
                    Data::File(file) => {
                        context.losses.tell(format!("the query in the file `{file}` isn't carried over"));
                    }
                }
            }
            return;
        }
        if let [Data::File(file)] = self.data.as_slice() {
            if request.header("content-type").is_none() {
                let usual = if self.json.is_some() {
                    "application/json"
                } else {
                    "application/x-www-form-urlencoded"
                };
                request.headers.push(("Content-Type".into(), usual.into()));
            }
            request.body = Body::File(variables.template(file));
            return;
        }
        let mut texts: Vec<String> = self.json.clone().unwrap_or_default();
        for data in &self.data {
            match data {
                Data::Text(text) => texts.push(text.clone()),
                Data::Encoded(text) => texts.push(encoded(text)),
                Data::File(file) => {
                    context.losses.tell(format!(
                        "the data in the file `{file}` isn't carried over: `file` is a whole body"
                    ));
                }
            }
        }
        if texts.is_empty() {
            return;
        }
        let separator = if self.json.is_some() { "" } else { "&" };
        let usual =
            if self.json.is_some() { "application/json" } else { "application/x-www-form-urlencoded" };
        if request.header("content-type").is_none() {
            request.headers.push(("Content-Type".into(), usual.into()));
        }
        body::put(request, &texts.join(separator), variables);
    }
}

/// The value of `--data-urlencode`, encoded: `name=value`, `=value` or `value`.
fn encoded(text: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match text.split_once('=') {
        Some(("", value)) => encode(value),
        Some((name, value)) => format!("{name}={}", encode(value)),
        None => encode(text),
    }
}

/// A field of `-F`: `text`, `@file;type=image/png;filename=x.png` or `<file`.
fn part(part: &FormPart, context: &mut Context<'_>, variables: &mut Variables) -> Part {
    let written = match part {
        FormPart::Literal(text) => return Part::Text(variables.template(text)),
        FormPart::Written(written) => written,
    };
    let Some(file) = written.strip_prefix('@').or_else(|| written.strip_prefix('<')) else {
        return Part::Text(variables.template(written.split(";type=").next().unwrap_or_default()));
    };
    if written.starts_with('<') {
        context.losses.tell(format!("the text of the file `{file}` is sent as a file"));
    }
    let mut pieces = file.split(';');
    let (mut content_type, mut name) = (None, None);
    let file = variables.template(pieces.next().unwrap_or_default());
    for piece in pieces {
        match piece.split_once('=') {
            Some(("type", value)) => content_type = Some(variables.template(value)),
            Some(("filename", value)) => name = Some(variables.template(value.trim_matches('"'))),
            _ => context.losses.tell(format!("`;{piece}` of a form's field isn't carried over")),
        }
    }
    Part::File { file, content_type, name }
}
