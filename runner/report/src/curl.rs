//! A request as a command line that repeats it.

use fault::ServiceName;
use http::{Method, header};
use verdict::Exchange;

/// Headers that curl sets itself, or that belong to a connection and not to a request.
const NOT_REPEATED: [header::HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::ACCEPT_ENCODING,
];

/// The command that sends an exchange's request again. `address` returns a service's URL; `http://its-name` stands for a
/// service without one.
pub(crate) fn curl(exchange: &Exchange<'_>, address: impl Fn(&ServiceName) -> Option<String>) -> String {
    let request = exchange.request;
    let base = address(&exchange.link.callee).unwrap_or_else(|| format!("http://{}", exchange.link.callee));
    let url = format!("{}{}", base.trim_end_matches('/'), request.path);
    let mut words = vec!["curl".to_string(), "-sS".into(), "-i".into()];
    match request.method {
        Method::GET if request.body.is_empty() => {}
        Method::HEAD => words.push("-I".into()),
        _ => words.extend(["-X".into(), request.method.to_string()]),
    }
    // Without these, curl would expand brackets and remove dots, and ask for another path.
    if url.contains(['[', ']', '{', '}']) {
        words.push("-g".into());
    }
    if request.path.contains("/./") || request.path.contains("/..") {
        words.push("--path-as-is".into());
    }
    words.push(quoted(&url));
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
