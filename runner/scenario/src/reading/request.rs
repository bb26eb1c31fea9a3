//! Requests: `POST orders-service /api/orders`, with headers and a body.

use http::{HeaderName, Method};

use super::{
    names::{REPLY, Role},
    node::{Entry, Node},
    reader::{Fields, Reader},
    suggestion,
    table::{DURATION, EXPRESSION, Key, Shape},
};
use crate::{Body, Call, Expression, RequestStep, Template, Times};

/// The keys beside a request that say what is sent and what comes of it.
pub(crate) const REQUEST: &[Key] = &[
    Key::optional("headers", Shape::Names(&Shape::Text), "Headers that are sent."),
    Key::optional("body", Shape::Json, "A JSON body; `${…}` in it holds an expression."),
    Key::optional("text", Shape::Text, "A body of plain text, in place of a JSON body."),
    Key::optional("form", Shape::Names(&Shape::Text), "The fields of a form, in place of a JSON body."),
    Key::optional("timeout", DURATION, "How long to wait for the reply, such as `5s`."),
    Key::optional("expect", Shape::Table(&super::expect::EXPECT), "What must come of the request."),
    Key::optional(
        "capture",
        Shape::Names(&EXPRESSION),
        "Names for later steps, each with an expression over `status`, `headers`, `body` and `took`.",
    ),
];

/// `METHOD service /path`.
pub(crate) const REQUEST_LINE: Shape = Shape::Pattern(r"^[A-Z]+\s+\S+\s+/.*$");

/// The methods there are.
pub(crate) const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

impl Reader<'_> {
    /// A request with everything beside it that belongs to it.
    pub(crate) fn request_step(
        &mut self,
        line: &Node,
        fields: &Fields<'_>,
        times: Times,
    ) -> Option<RequestStep> {
        if fields.get("expect").is_none() && fields.get("capture").is_none() {
            let help = "say what must come of it: `expect: { status: 200 }`".to_owned();
            self.note(line.span, "this step can't fail: it expects nothing and captures nothing", help);
        }
        self.request_of(line, fields, times)
    }

    /// The same, where it may be that nothing is said of what comes of it.
    pub(crate) fn request_of(
        &mut self,
        line: &Node,
        fields: &Fields<'_>,
        times: Times,
    ) -> Option<RequestStep> {
        let (call, headers, body) = self.sent(times, |reader| {
            let call = reader.request_line(line);
            let headers = fields.get("headers").map(|node| reader.sent_headers(node));
            (call, headers, reader.body(fields))
        });
        let timeout = fields.get("timeout").map(|node| self.duration(node));
        let expect = match fields.entry("expect") {
            Some(entry) => self.expectations(entry, times),
            None => Some(crate::Expectations::default()),
        };
        let capture = match fields.entry("capture") {
            Some(entry) => self.captures(entry, times),
            None => Some(Vec::new()),
        };
        let mut call = call?;
        call.headers = headers.unwrap_or(Some(Vec::new()))?;
        call.body = body?;
        call.timeout = match timeout {
            Some(timeout) => Some(timeout?),
            None => None,
        };
        Some(RequestStep { call, times, expect: expect?, capture: capture? })
    }

    /// `METHOD service /path`, a request that bears nothing.
    pub(crate) fn request_line(&mut self, node: &Node) -> Option<Call> {
        let text = self.text(node, "a request, such as `GET users-service /api/users`")?;
        let mut words = words(&text);
        let (Some(method), Some(service), Some(path)) = (words.next(), words.next(), words.next()) else {
            let help =
                "a request is a method, a service and a path: `GET users-service /api/users`".to_owned();
            self.note(node.span, format!("`{text}` is no request"), help);
            return None;
        };
        let method = self.method(node, &text, method);
        let span = self.part(node, &text, service.0..service.1);
        let service = self.service(&text[service.0..service.1], span);
        let path = self.request_path(node, &text, path.0);
        Some(Call {
            method: method?,
            service: service?,
            path: path?,
            headers: Vec::new(),
            body: Body::None,
            timeout: None,
        })
    }

    /// The method in these bytes of a scalar's text.
    pub(crate) fn method(&mut self, node: &Node, text: &str, (start, end): (usize, usize)) -> Option<Method> {
        let written = &text[start..end];
        if METHODS.contains(&written) {
            return written.parse().ok();
        }
        let span = self.part(node, text, start..end);
        self.note(
            span,
            format!("`{written}` is no method"),
            suggestion::help(written, METHODS.iter().copied()),
        );
        None
    }

    fn request_path(&mut self, node: &Node, text: &str, start: usize) -> Option<Template> {
        let span = self.part(node, text, start..text.len());
        if !text[start..].starts_with('/') {
            let help = format!("write `/{}`", &text[start..]);
            self.note(span, "a path starts with `/`", help);
            return None;
        }
        let path = self.template_in(node, text, start)?;
        if path
            .literals()
            .any(|literal| literal.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#'))
        {
            let help = "percent-encode it: a space is `%20`, a `#` is `%23`".to_owned();
            self.note(span, "a path can't have white space or `#` in it", help);
            return None;
        }
        Some(path)
    }

    fn sent_headers(&mut self, node: &Node) -> Option<Vec<(HeaderName, Template)>> {
        let entries = self.mapping(node, "a mapping of headers")?;
        let mut read = |entry: &Entry| {
            let name = self.header_name(entry);
            let value = self.template(&entry.value, "a header's value");
            Some((name?, value?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    /// The header that a key names.
    pub(crate) fn header_name(&mut self, entry: &Entry) -> Option<HeaderName> {
        let name = entry.key.parse().ok();
        if name.is_none() {
            self.note(entry.span, format!("`{}` can't be the name of a header", entry.key), None);
        }
        name
    }

    fn body(&mut self, fields: &Fields<'_>) -> Option<Body> {
        let present = fields.present(&["body", "text", "form"]);
        if let [first, second, ..] = present.as_slice() {
            let message = format!("a request has one body: `{}` and `{}` are two", first.key, second.key);
            self.note(second.span, message, None);
        }
        let Some(entry) = present.first() else { return Some(Body::None) };
        match entry.key.as_str() {
            "body" => self.value(&entry.value, Role::Sent).map(Body::Json),
            "text" => self.template(&entry.value, "a text").map(Body::Text),
            _ => {
                let fields = self.mapping(&entry.value, "a mapping of a form's fields")?;
                let mut read = |field: &Entry| {
                    Some((field.key.clone(), self.template(&field.value, "a field's value")?))
                };
                let read: Vec<_> = fields.iter().map(&mut read).collect();
                read.into_iter().collect::<Option<_>>().map(Body::Form)
            }
        }
    }

    fn captures(&mut self, entry: &Entry, times: Times) -> Option<Vec<(String, Expression)>> {
        if matches!(times, Times::Parallel(_)) {
            let help = "capture from a request of its own".to_owned();
            self.note(entry.span, "of many replies at once there is none to capture from", help);
        }
        let entries = self.mapping(&entry.value, "a mapping of names to expressions")?;
        let read: Vec<_> = entries.iter().map(|capture| self.expression(&capture.value, REPLY)).collect();
        for capture in entries {
            self.check_name(&capture.key, capture.span);
            self.names.define(&capture.key);
        }
        let named = entries.iter().zip(read).map(|(capture, value)| Some((capture.key.clone(), value?)));
        named.collect()
    }
}

/// The first two words of a text and all that follows, as bytes from and to.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    (0..3).map_while(move |number| {
        let start = at + text[at..].find(|c: char| !c.is_whitespace())?;
        let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
        at = end;
        let all = if number == 2 { text.trim_end().len() } else { end };
        Some((start, all))
    })
}
