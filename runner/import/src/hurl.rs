//! Files of hurl: a step for each entry.

use scenario::Value;

use self::{
    lines::{Lines, Written, request_line, response_line, section, without_comment},
    options::options,
    tokens::unescaped,
};
use crate::{
    Context, NotReadable, body,
    draft::{Auth, Body, Cookies, Draft, Follow, Part, Request, Step},
    services::Scheme,
    variables::{Variables, quoted},
};

mod assert;
mod lines;
mod options;
mod tokens;

/// What hurl itself has a value for.
fn generated(name: &str) -> Option<String> {
    match name {
        "newUuid" => Some("uuid()".into()),
        "newDate" => Some("now()".into()),
        _ => None,
    }
}

pub(crate) fn drafts(text: &str, context: &mut Context<'_>) -> Result<Vec<Draft>, NotReadable> {
    let mut variables = Variables::in_braces(generated);
    let mut lines = Lines::of(text);
    let mut steps: Vec<Step> = Vec::new();
    while let Some((number, line)) = lines.next_meaningful() {
        Context::check_number(steps.len() + 1)?;
        let Some((method, url)) = request_line(line) else {
            let reason = format!("`{}` is no request, such as `GET http://localhost:8080/`", shown(line));
            return Err(NotReadable::new(number, reason));
        };
        context.losses.enter(format!("{method} {}", shown(url)), Some(number));
        let mut entry = Entry { context, variables: &mut variables, skipped: Skip::No };
        let step = entry.read(method, url, &mut lines)?;
        let skipped = entry.skipped;
        match (step, skipped) {
            (Ok(step), Skip::No) => steps.push(step),
            (Ok(_), Skip::Yes) => context.losses.leave_out("it is skipped in hurl, too"),
            (Err(why), _) => context.losses.leave_out(why),
        }
    }
    context.losses.leave();
    let values = variables.values().clone();
    // hurl keeps the cookies of a file.
    let draft = Draft {
        name: context.origin.name.to_owned(),
        values,
        cookies: Cookies::Kept,
        follow: Follow::No,
        steps,
    };
    Ok(if draft.steps.is_empty() { Vec::new() } else { vec![draft] })
}

/// A beginning of a text, for messages.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// `name: value`.
fn pair(line: &str) -> Option<(String, String)> {
    let line = without_comment(line);
    let mut escaped = false;
    let at = line.char_indices().find(|(_, c)| {
        let is_end = *c == ':' && !escaped;
        escaped = *c == '\\' && !escaped;
        is_end
    });
    let (name, value) = line.split_at(at?.0);
    Some((unescaped(name.trim()), unescaped(value[1..].trim())))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Skip {
    No,
    Yes,
}

struct Entry<'a, 'c> {
    context: &'a mut Context<'c>,
    variables: &'a mut Variables,
    skipped: Skip,
}

impl Entry<'_, '_> {
    /// Reads one entry to its end. It is left out for the inner error.
    fn read(
        &mut self,
        method: &str,
        url: &str,
        lines: &mut Lines<'_>,
    ) -> Result<Result<Step, String>, NotReadable> {
        let target = self.context.target(method, &url.replace("\\#", "%23"), self.variables);
        let mut request = Request { method: method.to_owned(), ..Request::default() };
        if let Ok(target) = &target {
            (request.service, request.path) = (target.service.clone(), self.variables.path(&target.path));
            if target.scheme == Scheme::Https {
                let message =
                    format!("links don't speak https: `{}` has to be reached over http", target.service);
                self.context.losses.tell(message);
            }
            request.auth = target.login.clone().map(|(user, password)| Auth::Basic { user, password });
        }
        let mut step = Step::new(request);
        self.request_parts(&mut step, lines)?;
        let status = lines.peek().and_then(|(_, line)| response_line(line));
        match status {
            Some(status) => {
                lines.at += 1;
                if let Ok(status) = status.parse::<u16>() {
                    step.expect.status = vec![status.into()];
                }
                self.response_parts(&mut step, lines)?;
            }
            // hurl takes any reply then.
            None => step.expect.that.push("status < 600".into()),
        }
        if step.expect.status.is_empty()
            && step.expect.that.is_empty()
            && step.expect.body.is_none()
            && step.capture.is_empty()
        {
            step.expect.that.push("status < 600".into());
        }
        step.uses = self.variables.take_used();
        Ok(target.map(|_| step))
    }

    fn request_parts(&mut self, step: &mut Step, lines: &mut Lines<'_>) -> Result<(), NotReadable> {
        while let Some((number, line)) = lines.peek() {
            if let Some(name) = section(line) {
                lines.at += 1;
                self.request_section(name, step, lines);
            } else if response_line(line).is_some() || request_line(line).is_some() {
                break;
            } else if let Some(written) = lines.body(number, line)? {
                self.put_body(&mut step.request, written);
            } else if let Some((name, value)) = pair(line) {
                lines.at += 1;
                if name.parse::<http::HeaderName>().is_ok() {
                    step.request.headers.push((name, self.variables.template(&value)));
                } else {
                    self.context
                        .losses
                        .tell_at(Some(number), format!("`{}` can't be the name of a header", shown(&name)));
                }
            } else {
                return Err(NotReadable::new(number, format!("`{}` is no part of a request", shown(line))));
            }
        }
        Ok(())
    }

    fn request_section(&mut self, name: &str, step: &mut Step, lines: &mut Lines<'_>) {
        let mut pairs = Vec::new();
        while let Some((number, line)) = lines.peek() {
            if section(line).is_some() || response_line(line).is_some() || request_line(line).is_some() {
                break;
            }
            // What follows a section in a request is its body, which has no name before a colon.
            if line.starts_with(['{', '`', '<']) {
                break;
            }
            let Some((key, value)) = pair(line) else { break };
            lines.at += 1;
            pairs.push((number, key, value));
        }
        let mut fields = |pairs: &[(usize, String, String)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(_, name, value)| (self.variables.template(name), self.variables.template(value)))
                .collect()
        };
        match name {
            "Query" | "QueryStringParams" => step.request.query.extend(fields(&pairs)),
            "Form" | "FormParams" => step.request.body = Body::Form(fields(&pairs)),
            "Cookies" => {
                let cookies: Vec<_> =
                    fields(&pairs).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                step.request.headers.push(("Cookie".into(), cookies.join("; ")));
            }
            "BasicAuth" => {
                let login = fields(&pairs).into_iter().next();
                step.request.auth = login.map(|(user, password)| Auth::Basic { user, password });
            }
            "Multipart" | "MultipartFormData" => {
                let parts = pairs.iter().map(|(_, name, value)| (name.clone(), self.part(value))).collect();
                step.request.body = Body::Multipart(parts);
            }
            "Options" => self.skipped = options(&pairs, step, self.variables, &mut self.context.losses),
            other => self.context.losses.tell(format!("the section `[{other}]` isn't carried over")),
        }
    }

    /// A field of a multipart body: a text, or `file,photo.png; image/png`.
    fn part(&mut self, value: &str) -> Part {
        let Some(file) = value.strip_prefix("file,") else {
            return Part::Text(self.variables.template(value));
        };
        let (file, content_type) = file.split_once(';').unwrap_or((file, ""));
        let content_type = Some(content_type.trim()).filter(|kind| !kind.is_empty());
        Part::File {
            file: self.variables.template(file.trim()),
            content_type: content_type.map(|kind| self.variables.template(kind)),
            name: None,
        }
    }

    fn put_body(&mut self, request: &mut Request, written: Written) {
        match written {
            Written::Json(text) => {
                if let Some(value) = self.variables.json(&text) {
                    request.body = Body::Json(value);
                    body::drop_usual_type(request);
                } else {
                    if request.header("content-type").is_none() {
                        request.headers.push(("Content-Type".into(), "application/json".into()));
                    }
                    request.body = Body::Text(self.variables.template(text.trim_end()));
                }
            }
            Written::Text { text, language } => {
                let kind = match language.as_str() {
                    "json" => "application/json",
                    "xml" => "application/xml",
                    "graphql" => {
                        let query = self.variables.template(&text);
                        request.body = Body::Json([("query", query)].into_iter().collect());
                        return;
                    }
                    _ => "",
                };
                if !kind.is_empty() && request.header("content-type").is_none() {
                    request.headers.push(("Content-Type".into(), kind.into()));
                }
                body::put(request, &text, self.variables);
            }
            Written::File(file) => request.body = Body::File(self.variables.template(&file)),
            Written::Binary(why) => {
                self.context.losses.tell(format!(
                    "its body isn't carried over, as {why}: write it into a file, and `file: NAME`"
                ));
            }
        }
    }

    fn response_parts(&mut self, step: &mut Step, lines: &mut Lines<'_>) -> Result<(), NotReadable> {
        let mut within = "";
        while let Some((number, line)) = lines.peek() {
            if request_line(line).is_some() {
                break;
            }
            if let Some(name) = section(line) {
                lines.at += 1;
                within = name;
                continue;
            }
            let starts_body = line.starts_with(['{', '<', '`']) || line.starts_with('[');
            if (within.is_empty() || starts_body)
                && let Some(written) = lines.body(number, line)?
            {
                self.expect_body(step, written);
                continue;
            }
            lines.at += 1;
            let told = match within {
                "Asserts" => {
                    assert::condition(line, self.variables).map(|condition| step.expect.that.push(condition))
                }
                "Captures" => self.capture(step, line),
                "" => match pair(line) {
                    Some((name, value)) if name.parse::<http::HeaderName>().is_ok() => {
                        let value = self.variables.template(&value);
                        step.expect.header(&name, &value);
                        Ok(())
                    }
                    _ => {
                        return Err(NotReadable::new(
                            number,
                            format!("`{}` is no part of a response", shown(line)),
                        ));
                    }
                },
                other => Err(format!("the section `[{other}]` has no counterpart")),
            };
            if let Err(why) = told {
                self.context
                    .losses
                    .tell_at(Some(number), format!("`{}` isn't carried over: {why}", shown(line)));
            }
        }
        Ok(())
    }

    fn capture(&mut self, step: &mut Step, line: &str) -> Result<(), String> {
        let (name, query) = line.split_once(':').ok_or("it has no name")?;
        let expression = assert::query(query, self.variables)?;
        step.capture.push((self.variables.name(name.trim()), expression));
        Ok(())
    }

    fn expect_body(&mut self, step: &mut Step, written: Written) {
        let expected = match written {
            Written::Json(text) => {
                self.variables.json(&text).map(|value| [("exact", value)].into_iter().collect())
            }
            Written::Text { text, language } if language == "json" => {
                self.variables.json(&text).map(|value| [("exact", value)].into_iter().collect())
            }
            Written::Text { text, .. } => Some(Value::from(self.variables.template(&text))),
            Written::File(_) | Written::Binary(_) => None,
        };
        match expected {
            Some(body) => step.expect.body = Some(body),
            None => self
                .context
                .losses
                .tell("the expected body isn't carried over: it is in a file, binary, or no JSON"),
        }
    }
}

impl Variables {
    /// A text with its variables, as a value in an expression.
    fn operand(&mut self, text: &str) -> String {
        let template = self.template(text);
        if !template.contains("${") {
            return quoted(text);
        }
        let mut parts = Vec::new();
        let mut rest = template.as_str();
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').map_or(rest.len(), |end| start + end);
            if start > 0 {
                parts.push(quoted(&rest[..start]));
            }
            parts.push(rest[start + 2..end].to_owned());
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(quoted(rest));
        }
        match parts.as_slice() {
            [only] => format!("({only} | string)"),
            _ => format!("({})", parts.join(" ~ ")),
        }
    }
}
