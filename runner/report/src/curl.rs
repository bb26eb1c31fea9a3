//! A request as a command line that repeats it.

use fault::ServiceName;
use http::{Method, header};
use owo_colors::OwoColorize;
use verdict::Exchange;

use crate::{address::ServiceAddress, layout::size};

/// The longest body that is written into a command.
const LONGEST_BODY: usize = 2_000;

/// Headers that curl sets itself, or that belong to a connection and not to a request.
const NOT_REPEATED: [header::HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::ACCEPT_ENCODING,
];

/// What a person types to send an exchange's request again, with what has to be known for that.
pub(crate) fn again(
    exchange: &Exchange<'_>,
    address: &dyn Fn(&ServiceName) -> Option<ServiceAddress>,
) -> Vec<String> {
    let again = "again:".dimmed();
    let callee = &exchange.link.callee;
    match address(callee) {
        Some(ServiceAddress::Running(url)) => vec![format!("{again} {}", curl(exchange, &quoted(&url)))],
        Some(ServiceAddress::WithUp(url)) => vec![
            format!("{again} {}", curl(exchange, &quoted(&url))),
            "       (while `runner up` runs)".dimmed().to_string(),
        ],
        None => vec![
            format!("{again} {}", curl(exchange, "\"$URL\"")),
            format!("       (URL=http://… is the address of {callee}, which `runner up` prints)")
                .dimmed()
                .to_string(),
        ],
    }
}

/// The command that sends an exchange's request again to the service at `base`, a word of a shell.
fn curl(exchange: &Exchange<'_>, base: &str) -> String {
    let request = exchange.request;
    let path = &request.path;
    let mut words = vec!["curl".to_string(), "-sS".into(), "-i".into()];
    match request.method {
        Method::GET if request.body.is_empty() => {}
        Method::HEAD => words.push("-I".into()),
        _ => words.extend(["-X".into(), request.method.to_string()]),
    }
    if exchange.reply().is_some_and(|reply| reply.headers.contains_key(header::CONTENT_ENCODING)) {
        // Shows the text that the reply means. It also asks for a coding, as the request may have done.
        words.push("--compressed".into());
    }
    // Without these, curl would expand brackets and remove dots, and ask for another path.
    if path.contains(['[', ']', '{', '}']) {
        words.push("-g".into());
    }
    if request.path.contains("/./") || request.path.contains("/..") {
        words.push("--path-as-is".into());
    }
    words.push(match base.strip_suffix('/').unwrap_or(base) {
        plain if !plain.contains(['"', '\'']) => quoted(&format!("{plain}{path}")),
        word => format!("{word}{}", quoted(path)),
    });
    for (name, value) in &request.headers {
        if NOT_REPEATED.contains(name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["-H".into(), quoted(&line)]);
    }
    if request.body.is_empty() {
        return words.join(" ");
    }
    if !request.headers.contains_key(header::CONTENT_TYPE) {
        // Otherwise curl calls every body a form.
        words.extend(["-H".into(), quoted("content-type:")]);
    }
    if request.body.len() > LONGEST_BODY {
        words.push("--data-binary @body".into());
        return format!("{}  # {} that the JSON report has", words.join(" "), size(request.body.len()));
    }
    match std::str::from_utf8(&request.body) {
        Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') => {
            words.extend(["--data-raw".into(), quoted(text)]);
            words.join(" ")
        }
        _ => {
            let bytes: Vec<String> = request.body.iter().map(|byte| format!("\\{byte:03o}")).collect();
            words.push("--data-binary @-".into());
            format!("printf '{}' | {}", bytes.concat(), words.join(" "))
        }
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
