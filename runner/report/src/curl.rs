//! A request as a command line that repeats it.

use fault::ServiceName;
use http::{Method, header};
use owo_colors::OwoColorize;
use scenario::BodyFile;
use verdict::Exchange;

use crate::{
    address::ServiceAddress,
    layout::size,
    multipart::{self, Part},
};

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
///
/// `files` are those whose bytes the scenario sends: where a body is one of them, the command names it.
pub(crate) fn again(
    exchange: &Exchange<'_>,
    files: &[&BodyFile],
    address: &dyn Fn(&ServiceName) -> Option<ServiceAddress>,
) -> Vec<String> {
    let again = "again:".dimmed();
    let callee = &exchange.link.callee;
    match address(callee) {
        Some(ServiceAddress::Running(url)) => {
            vec![format!("{again} {}", curl(exchange, files, &quoted(&url)))]
        }
        Some(ServiceAddress::WithUp(url)) => vec![
            format!("{again} {}", curl(exchange, files, &quoted(&url))),
            "       (while `runner up` runs)".dimmed().to_string(),
        ],
        None => vec![
            format!("{again} {}", curl(exchange, files, "\"$URL\"")),
            format!("       (URL=http://… is the address of {callee}, which `runner up` prints)")
                .dimmed()
                .to_string(),
        ],
    }
}

/// The command that sends an exchange's request again to the service at `base`, a word of a shell.
fn curl(exchange: &Exchange<'_>, files: &[&BodyFile], base: &str) -> String {
    let request = exchange.request;
    let parts = multipart::parts(&request.headers, &request.body).and_then(|parts| form_words(&parts, files));
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
        // With its own boundary, curl says itself what a form of several parts is.
        if NOT_REPEATED.contains(name) || (parts.is_some() && *name == header::CONTENT_TYPE) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        // Without `=` it would be the name of a file with cookies.
        if *name == header::COOKIE && value.contains('=') {
            words.extend(["-b".into(), quoted(&value)]);
            continue;
        }
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["-H".into(), quoted(&line)]);
    }
    if let Some(parts) = parts {
        words.extend(parts);
        return words.join(" ");
    }
    if request.body.is_empty() {
        return words.join(" ");
    }
    if !request.headers.contains_key(header::CONTENT_TYPE) {
        // Otherwise curl calls every body a form.
        words.extend(["-H".into(), quoted("content-type:")]);
    }
    if let Some(file) = files.iter().find(|file| *file.content == *request.body) {
        words.extend(["--data-binary".into(), quoted(&format!("@{}", file.path.display()))]);
        return words.join(" ");
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

/// The words for the parts of a form; `None` when one of them is neither a short text nor one of the files.
fn form_words(parts: &[Part<'_>], files: &[&BodyFile]) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for Part { name, file_name, media_type, content } in parts {
        let file = files.iter().find(|file| file_name.is_some() && *file.content == **content);
        let mut value = match file {
            Some(file) => format!("{name}=@{}", form_value(&file.path.display().to_string())),
            None => {
                let text = std::str::from_utf8(content).ok().filter(|text| text.len() <= LONGEST_BODY)?;
                if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
                    return None;
                }
                format!("{name}={}", form_value(text))
            }
        };
        if let Some(media_type) = media_type {
            value += &format!(";type={media_type}");
        }
        if let Some(file_name) =
            file_name.as_ref().filter(|name| file.is_none_or(|file| file.name() != **name))
        {
            value += &format!(";filename={}", form_value(file_name));
        }
        words.extend(["-F".to_owned(), quoted(&value)]);
    }
    Some(words)
}

/// A value within `-F`, in which curl gives some characters a meaning.
fn form_value(value: &str) -> String {
    let is_plain =
        !value.starts_with(['@', '<', ' ', '(', '=']) && !value.contains([';', ',', '"', '\\', '\n', '\t']);
    if is_plain { value.into() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
