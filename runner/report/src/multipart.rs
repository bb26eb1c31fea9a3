//! The parts of a multipart body (RFC 7578), for what a person reads.

use http::{HeaderMap, header};
use memchr::memmem;

use crate::layout::size;

/// A part of a multipart body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) media_type: Option<&'a str>,
    pub(crate) content: &'a [u8],
}

/// The parts of a body; `None` when it isn't `multipart/form-data`, or isn't whole.
pub(crate) fn parts<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = content_type.strip_prefix("multipart/form-data")?.split_once("boundary=")?.1;
    let boundary = boundary.split(';').next().unwrap_or_default().trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut parts = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = memmem::find(part, delimiter.as_bytes())?;
        let head_end = memmem::find(part, b"\r\n\r\n")?;
        parts.push(self::part(std::str::from_utf8(&part[..head_end]).ok()?, part.get(head_end + 4..end)?)?);
        rest = &part[end + delimiter.len()..];
    }
    rest.starts_with(b"--").then_some(parts)
}

fn part<'a>(head: &'a str, content: &'a [u8]) -> Option<Part<'a>> {
    let (mut name, mut file_name, mut media_type) = (None, None, None);
    for (header, value) in head.lines().filter_map(|line| line.split_once(':')) {
        if header.eq_ignore_ascii_case("content-disposition") {
            name = parameter(value, "name");
            file_name = parameter(value, "filename");
        } else if header.eq_ignore_ascii_case("content-type") {
            media_type = Some(value.trim());
        }
    }
    Some(Part { name: name?, file_name, media_type, content })
}

/// The value of `; key="…"`.
fn parameter(value: &str, key: &str) -> Option<String> {
    let (_, rest) = value.split_once(&format!("; {key}=\""))?;
    Some(rest.split('"').next()?.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

/// A part in one line: its name and its text, or what kind of file it is.
pub(crate) fn line(part: &Part<'_>) -> String {
    let Part { name, file_name, media_type, content } = part;
    let is_text = |text: &&str| !text.contains(|c: char| c.is_control() && !c.is_whitespace());
    let mut told: Vec<&str> = file_name.iter().map(String::as_str).chain(*media_type).collect();
    match std::str::from_utf8(content).ok().filter(is_text) {
        Some(text) if file_name.is_none() => {
            let text = text.replace(['\r', '\n'], " ");
            if told.is_empty() {
                format!("{name}: {text}")
            } else {
                format!("{name} ({}): {text}", told.join(", "))
            }
        }
        _ => {
            let size = size(content.len());
            told.push(&size);
            format!("{name}: ({})", told.join(", "))
        }
    }
}
