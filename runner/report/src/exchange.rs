//! A request and how it ended, as text.

use http::{HeaderMap, HeaderName, header};
use owo_colors::OwoColorize;
use verdict::{EncodedBody, Exchange, NoReply, header_text};

use crate::{
    body::{Bodies, body_lines, parsed},
    layout::{duration, fit, printable},
    multipart,
};

const MOST_COLUMNS: usize = 200;

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

/// The exchange: the request and when it was sent, its reply or why there is none, and how long that took. `bodies` is
/// about the reply's.
pub(crate) fn lines(exchange: &Exchange<'_>, bodies: &Bodies<'_>) -> Vec<String> {
    let request = exchange.request;
    let at = format!("at {}", duration(exchange.at));
    let mut lines = vec![format!("{} {}", asked_of(exchange).bold(), at.dimmed())];
    let sent = match bodies {
        Bodies::Whole => Bodies::Whole,
        Bodies::Around(_) => Bodies::Around(&[]),
    };
    lines.extend(message(&request.headers, &request.body, &sent));
    let Some(ending) = &exchange.ending else {
        lines.push("no reply yet".bold().to_string());
        return lines;
    };
    let took = format!("after {}", duration(ending.took));
    match &ending.received {
        Ok(reply) => {
            lines.push(format!("{} {}", reply.status.to_string().bold(), took.dimmed()));
            lines.extend(message(&reply.headers, &reply.body, bodies));
        }
        Err(none) => {
            lines.push(match none {
                // It says how long that took.
                NoReply::TimedOut(_) => none.to_string().bold().to_string(),
                _ => format!("{} {}", format!("no reply: {none}").bold(), took.dimmed()),
            });
            lines.extend(
                exchange.answered.iter().map(|reply| format!("(the service answered {})", reply.status)),
            );
        }
    }
    lines
}

fn message(headers: &HeaderMap, bytes: &[u8], bodies: &Bodies<'_>) -> Vec<String> {
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
    if let Some(parts) = multipart::parts(headers, bytes) {
        lines.extend(
            parts.iter().map(|part| format!("  {}", fit(&printable(&multipart::line(part)), MOST_COLUMNS))),
        );
        return lines;
    }
    lines.extend(body_lines(&body, bodies).into_iter().map(|line| format!("  {line}")));
    lines
}

/// `POST payment-service /api/payments`
pub(crate) fn asked_of(exchange: &Exchange<'_>) -> String {
    format!("{} {} {}", exchange.request.method, exchange.link.callee, printable(&exchange.request.path))
}

/// `POST /api/payments`, for where the link is shown beside it.
pub(crate) fn asked(exchange: &Exchange<'_>) -> String {
    format!("{} {}", exchange.request.method, printable(&exchange.request.path))
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
            None if matches!(none, NoReply::TimedOut(_)) => format!("delivered, {none}"),
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
