//! A request and how it ended, as text.

use http::{HeaderMap, HeaderName, header};
use owo_colors::OwoColorize;
use scenario::Value;
use verdict::{EncodedBody, Exchange, header_text};

use crate::layout::{duration, fit, printable};

const MOST_LINES: usize = 40;
const MOST_COLUMNS: usize = 200;
const MOST_BYTES: usize = 256 * 1024;

/// Headers that every exchange has.
const NOT_SHOWN: [HeaderName; 10] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::USER_AGENT,
    header::SERVER,
    header::DATE,
    header::VARY,
];

/// The whole exchange: the request, its reply or why there is none, and how long that took.
pub(crate) fn lines(exchange: &Exchange<'_>) -> Vec<String> {
    let request = exchange.request;
    let head = format!("{} {} {}", request.method, exchange.link.callee, printable(&request.path));
    let mut lines = vec![head.bold().to_string()];
    lines.extend(message(&request.headers, &request.body));
    let Some(ending) = &exchange.ending else {
        lines.push("no reply yet".bold().to_string());
        return lines;
    };
    let took = format!("after {}", duration(ending.took));
    match &ending.received {
        Ok(reply) => {
            lines.push(format!("{} {}", reply.status.to_string().bold(), took.dimmed()));
            lines.extend(message(&reply.headers, &reply.body));
        }
        Err(none) => {
            lines.push(format!("{} {}", format!("no reply: {none}").bold(), took.dimmed()));
            lines.extend(
                exchange.answered.iter().map(|reply| format!("(the service answered {})", reply.status)),
            );
        }
    }
    lines
}

fn message(headers: &HeaderMap, bytes: &[u8]) -> Vec<String> {
    let body = EncodedBody::new(headers, bytes);
    let is_json = body.text().is_ok_and(|text| parsed(&text).is_some());
    let shown = |(name, value): (&HeaderName, &http::HeaderValue)| {
        let mut value = header_text(value);
        if *name == header::CONTENT_ENCODING {
            value = format!("{value}, {} bytes", bytes.len()).into();
        }
        let said_by_body = is_json && *name == header::CONTENT_TYPE && value.starts_with("application/json");
        let line = || format!("  {name}: {}", fit(&printable(&value), MOST_COLUMNS)).dimmed().to_string();
        (!NOT_SHOWN.contains(name) && !said_by_body).then(line)
    };
    let mut lines: Vec<String> = headers.iter().filter_map(shown).collect();
    lines.extend(body_lines(&body).into_iter().map(|line| format!("  {line}")));
    lines
}

/// A body as it was meant, in lines, at most a screen of them: JSON indented, text as it is.
pub(crate) fn body_lines(body: &EncodedBody<'_>) -> Vec<String> {
    let text = match body.text() {
        Ok(text) => parsed(&text).map_or_else(|| text.into_owned(), |value| format!("{value:#}")),
        Err(unreadable) => return vec![format!("({} bytes, {unreadable})", body.len())],
    };
    let mut all = text.lines();
    let mut lines: Vec<String> =
        all.by_ref().take(MOST_LINES).map(|line| fit(&printable(line), MOST_COLUMNS)).collect();
    let rest = all.count();
    if rest > 0 {
        lines.push(format!("… {rest} more lines"));
    }
    lines
}

/// The body as JSON; `None` when it is something else or larger than [`MOST_BYTES`].
fn parsed(text: &str) -> Option<Value> {
    (text.len() <= MOST_BYTES).then(|| Value::parse(text).ok())?
}

/// How an exchange ended, in a few words: the status, or what was lost and where.
pub(crate) fn outcome(exchange: &Exchange<'_>) -> String {
    let answered = exchange.answered.map(|reply| reply.status.as_u16());
    let times = exchange.delivered;
    match exchange.ending.map(|ending| ending.received) {
        Some(Ok(reply)) => {
            let status = reply.status.as_u16();
            match answered {
                _ if times == 0 => format!("{status} from the link, not delivered"),
                Some(other) if other != status => format!("{status} from the link, answered {other}"),
                _ if times > 1 => format!("{status}, delivered {times} times"),
                _ => status.to_string(),
            }
        }
        Some(Err(none)) => match answered {
            Some(status) => format!("answered {status}, reply lost: {none}"),
            None if times == 0 => format!("not delivered: {none}"),
            None => format!("delivered, no answer: {none}"),
        },
        None => match answered {
            Some(status) => format!("answered {status}, reply on its way"),
            None if times == 0 => "on its way".into(),
            None => "delivered, no answer yet".into(),
        },
    }
}

/// ` [reply-lost]`: the faults that met an exchange, if any did.
pub(crate) fn fault_names(exchange: &Exchange<'_>) -> String {
    let names: Vec<&str> = exchange.faults.iter().map(fault::FaultName::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" [{}]", names.join(", ")) }
}
