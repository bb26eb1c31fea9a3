//! HTTP Archive 1.2, which browsers and proxies record: a step for each request, which expects the status that was recorded.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use scenario::Value;

use crate::{
    Context, NotReadable, body,
    draft::{Body, Cookies, Draft, Part, Request, Step},
    json_lines::{At, JsonLines},
    services::Scheme,
    variables::{Variables, literal, path_literal},
};

/// Headers that browsers add, or that belong to one connection. Some begin with the last ones.
const OF_BROWSERS: &[&str] = &[
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "dnt",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
];
const OF_BROWSERS_BEGIN: &[&str] = &["sec-", ":", "proxy-"];

/// How the types of what pages are made of begin.
const ASSETS: &[&str] = &[
    "image/",
    "font/",
    "audio/",
    "video/",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/font",
    "application/wasm",
];

pub(crate) fn drafts(text: &str, context: &mut Context<'_>) -> Result<Vec<Draft>, NotReadable> {
    let archive = Value::parse(text)?;
    let Some(Value::Array(entries)) = archive.get("log").and_then(|log| log.get("entries")) else {
        return Err(NotReadable::new(None, "this JSON is no HTTP archive: it has no `log.entries`"));
    };
    Context::check_number(entries.len())?;
    let mut reading = Reading {
        lines: JsonLines::of(text),
        context,
        cookies: BTreeSet::new(),
        removed: BTreeSet::new(),
        assets: 0,
    };
    let mut pages: Vec<(String, Draft)> = Vec::new();
    let titles = titles(&archive);
    for (number, entry) in entries.iter().enumerate() {
        let page = text_of(entry, "pageref").unwrap_or_default().to_owned();
        let Some((step, kept)) = reading.step(number, entry) else { continue };
        let at = pages.iter().position(|(other, _)| *other == page).unwrap_or_else(|| {
            let title = titles.get(page.as_str()).copied().filter(|title| !title.contains("://"));
            let name = title.unwrap_or(reading.context.origin.name).to_owned();
            pages.push((page, Draft::new(name)));
            pages.len() - 1
        });
        let draft = &mut pages[at].1;
        draft.steps.push(step);
        if kept == Cookies::Kept {
            draft.cookies = kept;
        }
    }
    reading.tell_the_rest();
    Ok(pages.into_iter().map(|(_, draft)| draft).collect())
}

/// The titles of pages by their ids.
fn titles(archive: &Value) -> BTreeMap<&str, &str> {
    let pages = archive.get("log").and_then(|log| log.get("pages"));
    items(pages).iter().filter_map(|page| Some((text_of(page, "id")?, text_of(page, "title")?))).collect()
}

struct Reading<'a, 'c> {
    lines: JsonLines,
    context: &'a mut Context<'c>,
    /// The names of the cookies that replies have set.
    cookies: BTreeSet<String>,
    /// The names of headers that are left out.
    removed: BTreeSet<String>,
    assets: usize,
}

impl Reading<'_, '_> {
    fn step(&mut self, number: usize, entry: &Value) -> Option<(Step, Cookies)> {
        let sent = entry.get("request").unwrap_or(&Value::Null);
        let received = entry.get("response").unwrap_or(&Value::Null);
        let method = text_of(sent, "method").unwrap_or("GET").to_owned();
        let url = text_of(sent, "url").unwrap_or_default();
        let place = self.lines.line(&[At::Key("log"), At::Key("entries"), At::Item(number)]);
        let shown: String = url.chars().take(100).collect();
        self.context.losses.enter(format!("{method} {shown}"), place);
        let kind =
            received.get("content").and_then(|content| text_of(content, "mimeType")).unwrap_or_default();
        if ASSETS.iter().any(|asset| kind.starts_with(asset)) {
            self.assets += 1;
            return None;
        }
        let headers = pairs(sent.get("headers"));
        let is_preflight =
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("access-control-request-method"));
        let status = received.get("status").and_then(whole);
        let why = match (is_preflight, status) {
            (true, _) => Some("it is a preflight of the browser"),
            (_, None | Some(0)) => Some("no reply was recorded"),
            (_, Some(101)) => Some("it opened a WebSocket"),
            _ => None,
        };
        if let Some(why) = why {
            self.context.losses.leave_out(why);
            return None;
        }
        let target = match self.context.target(&method, &url.replace("{{", "%7B%7B"), &no_variables()) {
            Ok(target) => target,
            Err(why) => {
                self.context.losses.leave_out(why);
                return None;
            }
        };
        if target.scheme == Scheme::Https {
            self.context.losses.enter("", None);
            self.context
                .losses
                .tell(format!("links don't speak https: `{}` has to be reached over http", target.service));
            self.context.losses.enter(format!("{method} {shown}"), place);
        }
        let mut request = Request {
            method,
            service: target.service,
            path: path_literal(&target.path),
            ..Request::default()
        };
        let cookies = self.put_headers(&mut request, &headers);
        self.put_body(&mut request, sent.get("postData").unwrap_or(&Value::Null));
        for (_, value) in
            pairs(received.get("headers")).iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            let names = value.lines().filter_map(|cookie| cookie.split_once('='));
            self.cookies.extend(names.map(|(name, _)| name.trim().to_owned()));
        }
        let set = pairs(received.get("cookies")).into_iter().map(|(name, _)| name.to_owned());
        self.cookies.extend(set);
        let mut step = Step::new(request);
        step.expect.status.extend(status.map(Value::from));
        Some((step, cookies))
    }

    fn put_headers(&mut self, request: &mut Request, headers: &[(&str, &str)]) -> Cookies {
        let mut cookies = Cookies::Forgotten;
        for (name, value) in headers {
            let lower = name.to_ascii_lowercase();
            if OF_BROWSERS.contains(&lower.as_str())
                || OF_BROWSERS_BEGIN.iter().any(|begin| lower.starts_with(begin))
                || (lower == "accept" && *value == "*/*")
            {
                if !lower.starts_with(':')
                    && !matches!(lower.as_str(), "host" | "content-length" | "connection")
                {
                    self.removed.insert(lower);
                }
                continue;
            }
            if lower.parse::<http::HeaderName>().is_err() {
                self.context.losses.tell(format!("`{name}` can't be the name of a header"));
                continue;
            }
            if lower == "cookie" {
                let mut names = value.split(';').filter_map(|cookie| cookie.trim().split_once('='));
                if names.all(|(name, _)| self.cookies.contains(name)) {
                    cookies = Cookies::Kept;
                    continue;
                }
            }
            let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            request.headers.push(((*name).to_owned(), literal(&value)));
        }
        cookies
    }

    fn put_body(&mut self, request: &mut Request, data: &Value) {
        let kind = text_of(data, "mimeType").unwrap_or_default();
        if !kind.is_empty() && request.header("content-type").is_none() && data.get("text").is_some() {
            request.headers.push(("Content-Type".into(), literal(kind)));
        }
        if body::media_type(kind) == "multipart/form-data" {
            return self.put_parts(request, data);
        }
        let params = pairs(data.get("params"));
        let text = text_of(data, "text").unwrap_or_default();
        if text.is_empty() && !params.is_empty() {
            let field = |(name, value): &(&str, &str)| (literal(&plus(name)), literal(&plus(value)));
            request.body = Body::Form(params.iter().map(field).collect());
            request.remove_header("content-type");
            return;
        }
        let decoded;
        let text = if text_of(data, "encoding") == Some("base64") {
            match BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(text) => {
                    decoded = text;
                    decoded.as_str()
                }
                None => {
                    return self
                        .context
                        .losses
                        .tell("its body is binary: write it into a file, and `file: NAME`");
                }
            }
        } else {
            text
        };
        body::put(request, text, &mut no_variables());
    }

    fn put_parts(&mut self, request: &mut Request, data: &Value) {
        request.remove_header("content-type");
        let mut parts = Vec::new();
        for param in items(data.get("params")) {
            let name = text_of(param, "name").unwrap_or_default().to_owned();
            let part = match text_of(param, "fileName") {
                Some(file) => {
                    self.context.losses.tell(format!("the file `{file}` that was sent isn't in the archive"));
                    let content_type = text_of(param, "contentType").map(literal);
                    Part::File { file: literal(file), content_type, name: None }
                }
                None => Part::Text(literal(text_of(param, "value").unwrap_or_default())),
            };
            parts.push((name, part));
        }
        if parts.is_empty() {
            self.context
                .losses
                .tell("the parts of its body aren't carried over: write them under `multipart`");
        } else {
            request.body = Body::Multipart(parts);
        }
    }

    fn tell_the_rest(self) {
        let losses = &mut self.context.losses;
        losses.leave();
        if self.assets > 0 {
            losses.tell(format!(
                "requests for images, scripts, styles and fonts are left out: {}",
                self.assets
            ));
        }
        if !self.removed.is_empty() {
            let names: Vec<_> = self.removed.into_iter().collect();
            losses.tell(format!("headers that browsers add are left out: {}", names.join(", ")));
        }
    }
}

/// No browser knows of variables: what looks like one is meant.
fn no_variables() -> Variables {
    Variables::between("\u{f8f1}", "\u{f8f1}", |_| None)
}

/// A value of a form that may be encoded.
fn plus(text: &str) -> String {
    crate::services::decoded(&text.replace('+', " "))
}

fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

/// The entries of a list of `{ name, value }`.
fn pairs(value: Option<&Value>) -> Vec<(&str, &str)> {
    let pair = |item| Some((text_of(item, "name")?, text_of(item, "value").unwrap_or_default()));
    items(value).iter().filter_map(pair).collect()
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}
