//! The lines of a file of hurl, and the bodies that they hold.

use crate::NotReadable;

/// A body as it is written.
pub(super) enum Written {
    Json(String),
    Text { text: String, language: String },
    File(String),
    Binary(&'static str),
}

pub(super) struct Lines<'t> {
    lines: Vec<&'t str>,
    pub(super) at: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { lines: text.lines().collect(), at: 0 }
    }

    /// The next line that isn't blank or a comment, without being taken.
    pub(super) fn peek(&mut self) -> Option<(usize, &'t str)> {
        while let Some(line) = self.lines.get(self.at) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                return Some((self.at + 1, line));
            }
            self.at += 1;
        }
        None
    }

    pub(super) fn next_meaningful(&mut self) -> Option<(usize, &'t str)> {
        let next = self.peek();
        self.at += 1;
        next
    }

    /// The text from the next line on, which has been peeked at, up to the line with which it is complete.
    fn take_while_open(&mut self, mut is_complete: impl FnMut(&str) -> bool) -> Option<String> {
        let mut taken = String::new();
        while let Some(line) = self.lines.get(self.at) {
            self.at += 1;
            taken.push_str(line);
            taken.push('\n');
            if is_complete(line) {
                return Some(taken);
            }
        }
        None
    }

    /// The body that begins on this line, if one does.
    pub(super) fn body(&mut self, number: usize, line: &str) -> Result<Option<Written>, NotReadable> {
        let unclosed = || NotReadable::new(number, "this body isn't closed");
        if line.starts_with("```") {
            let mut begun = false;
            let fenced = |line: &str| {
                let line = if begun { line } else { &line.trim_start()[3..] };
                begun = true;
                line.contains("```")
            };
            let text = self.take_while_open(fenced).ok_or_else(unclosed)?;
            let inner = text.trim_start().trim_start_matches("```");
            let inner = inner.split("```").next().unwrap_or_default();
            let (language, text) = inner.split_once('\n').unwrap_or(("", inner));
            let language = language.split(',').next().unwrap_or_default().trim().to_owned();
            if language == "base64" || language == "hex" {
                return Ok(Some(Written::Binary("it is binary")));
            }
            return Ok(Some(Written::Text { text: text.to_owned(), language }));
        }
        if line.starts_with(['{', '[']) && section(line).is_none() {
            let mut nesting = Nesting::default();
            let is_complete = |line: &str| nesting.take(line) == 0;
            return Ok(Some(Written::Json(self.take_while_open(is_complete).ok_or_else(unclosed)?)));
        }
        if line.starts_with('<') {
            let mut text = String::new();
            while let Some(next) = self.lines.get(self.at).filter(|next| {
                let next = next.trim();
                response_line(next).is_none() && request_line(next).is_none() && section(next).is_none()
            }) {
                text.push_str(next);
                text.push('\n');
                self.at += 1;
            }
            return Ok(Some(Written::Text { text: text.trim_end().to_owned(), language: "xml".into() }));
        }
        let single = if let Some(text) = line.strip_prefix('`') {
            let text = text.split('`').next().unwrap_or_default().to_owned();
            Written::Text { text, language: String::new() }
        } else if let Some(file) = line.strip_prefix("file,") {
            Written::File(file.split(';').next().unwrap_or_default().trim().to_owned())
        } else if line.starts_with("base64,") || line.starts_with("hex,") {
            Written::Binary("it is binary")
        } else if line.starts_with('"')
            || matches!(line, "true" | "false" | "null")
            || scenario::Number::parse(line).is_some()
        {
            Written::Json(line.to_owned())
        } else {
            return Ok(None);
        };
        self.at += 1;
        Ok(Some(single))
    }
}

/// `METHOD url`.
pub(super) fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, url) = line.split_once(char::is_whitespace)?;
    let is_method = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
    (is_method && method != "HTTP").then(|| (method, without_comment(url.trim())))
}

/// The status of `HTTP 200`, which is `*` for any.
pub(super) fn response_line(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("HTTP")?;
    let (version, status) = rest.split_once(char::is_whitespace)?;
    let is_version = version.is_empty() || version.starts_with('/');
    let status = without_comment(status.trim());
    let is_status = status == "*" || (status.len() == 3 && status.chars().all(|c| c.is_ascii_digit()));
    (is_version && is_status).then_some(status)
}

/// The name of a section.
pub(super) fn section(line: &str) -> Option<&str> {
    let name = without_comment(line).strip_prefix('[')?.strip_suffix(']')?;
    (name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric()))
        .then_some(name)
}

/// A line without a comment at its end.
pub(super) fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').find(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    line[..comment.map_or(line.len(), |(at, _)| at)].trim_end()
}

/// What is open in a text of JSON.
#[derive(Default)]
struct Nesting {
    depth: usize,
    in_quotes: bool,
    escaped: bool,
}

impl Nesting {
    /// Takes the next line, and returns how many brackets are open at its end.
    fn take(&mut self, line: &str) -> usize {
        for c in line.chars() {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if self.in_quotes => self.escaped = true,
                '"' => self.in_quotes = !self.in_quotes,
                '{' | '[' if !self.in_quotes => self.depth += 1,
                '}' | ']' if !self.in_quotes => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.depth
    }
}
