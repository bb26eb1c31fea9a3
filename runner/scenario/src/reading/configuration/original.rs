//! The e2e.conf of socialseed-e2e, the Python framework whose files have the same name: its keys are translated to those of
//! here before the file is read. A key without an effect here is told with what replaces it.

use super::super::{
    reader::Reader,
    suggestion,
    yaml::{Entry, Kind, Node},
};

/// The keys at the top of such a file without an effect, each with what replaces it.
const SECTIONS: &[(&str, &str)] = &[
    ("databases", "a command of a `run` step can look into a database"),
    ("test_data", "write values under `vars` of a scenario"),
    ("security", "services are reached over http; send tokens with `auth`"),
    (
        "reporting",
        "ask for reports on the command line: `--report junit=FILE,html=FILE`, and `--keep` for logs",
    ),
    ("parallel", "say on the command line how many scenarios run at a time: `--jobs 4`"),
];
const GENERAL: &str = "general";
const GATEWAY: &str = "api_gateway";

/// The keys of `general` without an effect, each with what replaces it.
const OF_GENERAL: &[(&str, &str)] = &[
    ("environment", "pass what differs between environments as environment variables"),
    ("verbose", "ask for what services write on the command line: `--logs`"),
    ("verification_level", "ask for more on the command line: `--strict`"),
    ("project", "reports name files and scenarios"),
    ("project_name", "reports name files and scenarios"),
    ("project_version", "reports name files and scenarios"),
];

/// The keys of a service without an effect, each with what replaces it.
const OF_A_SERVICE: &[(&str, &str)] = &[
    ("endpoints", "a step names method and path: `request: GET users-service /api/users`"),
    ("maven_module", "say how the service is started: `command: mvn spring-boot:run`"),
    ("detected_ports", "say where the service is: `base_url`"),
];
/// The other keys of a service that only such a file has.
const TRANSLATED: &[&str] = &["health_endpoint", "auto_start", "default_headers"];

/// Translates the keys of socialseed-e2e, if this is one of its files.
pub(super) fn translate(reader: &mut Reader<'_>, tree: &mut Node) {
    let Kind::Mapping(entries) = &mut tree.kind else { return };
    if !is_original(entries) {
        return;
    }
    for entry in entries.iter_mut() {
        note_variables(reader, &mut entry.value);
    }
    let mut user_agent = None;
    if let Some(general) = take(entries, GENERAL) {
        for entry in into_entries(general.value) {
            match entry.key.as_str() {
                "timeout" => put(reader, entries, milliseconds(entry), "general.timeout", "timeout"),
                "user_agent" => user_agent = Some(Entry { key: "User-Agent".into(), ..entry }),
                _ => ignore(reader, &entry, "general", OF_GENERAL),
            }
        }
    }
    if let Some(section) = take(entries, GATEWAY) {
        gateway(reader, &section);
    }
    for section in entries.extract_if(.., |entry| is_in(SECTIONS, &entry.key)) {
        ignore(reader, &section, "e2e.conf", SECTIONS);
    }
    let services = entries.iter_mut().filter(|entry| entry.key == "services");
    for entry in services.flat_map(|services| entries_of(&mut services.value)) {
        if let Kind::Mapping(keys) = &mut entry.value.kind {
            service(reader, &entry.key, keys, user_agent.as_ref());
        }
    }
}

/// Whether a file is one of socialseed-e2e.
fn is_original(entries: &[Entry]) -> bool {
    let own = |key: &str| TRANSLATED.contains(&key) || is_in(OF_A_SERVICE, key);
    entries.iter().any(|entry| match entry.key.as_str() {
        GENERAL | GATEWAY => true,
        "services" => {
            entry.value.entries().iter().flat_map(|service| service.value.entries()).any(|key| own(&key.key))
        }
        key => is_in(SECTIONS, key),
    })
}

fn service(reader: &mut Reader<'_>, name: &str, keys: &mut Vec<Entry>, user_agent: Option<&Entry>) {
    let mut headers: Vec<Entry> = Vec::new();
    let mut span = user_agent.map(|entry| entry.span);
    let starts = keys.iter().any(|entry| entry.key == "command");
    let port = keys.iter().find(|entry| entry.key == "base_url").and_then(port);
    let (translated, own): (Vec<_>, Vec<_>) =
        std::mem::take(keys).into_iter().partition(|entry| entry.key == "health_endpoint");
    for entry in own.into_iter().chain(translated) {
        match entry.key.as_str() {
            "health_endpoint" => {
                let is_path = !matches!(&entry.value.kind, Kind::Text(text) if text.is_empty());
                if is_path && entry.value.kind != Kind::Null {
                    put(reader, keys, entry, "health_endpoint", "ready");
                }
            }
            "timeout" => put(reader, keys, milliseconds(entry), "timeout", "timeout"),
            "default_headers" | "headers" => {
                span = Some(entry.span);
                headers.extend(into_entries(entry.value));
            }
            "name" => {
                if !matches!(&entry.value.kind, Kind::Text(text) if text == name) {
                    let help = format!("scenarios call the service `{name}`, the key above");
                    reader.note_ignored(entry.span, "`name` has no effect", help);
                }
            }
            "port" => {
                let is_same = |port: &String| *port == reader.written(entry.value.span);
                if !port.as_ref().is_some_and(is_same) {
                    reader.note_ignored(entry.span, "`port` has no effect", "it is part of `base_url`");
                }
            }
            "auto_start" => {
                let wanted = matches!(entry.value.kind, Kind::Boolean(true));
                if wanted != starts {
                    let help = "a service is started if it has a `command`, and runs already if it has none";
                    reader.note_ignored(entry.span, "`auto_start` has no effect", help);
                }
            }
            key if is_in(OF_A_SERVICE, key) => ignore(reader, &entry, "a service", OF_A_SERVICE),
            _ => keys.push(entry),
        }
    }
    if !headers.iter().any(|entry| entry.key.eq_ignore_ascii_case("user-agent")) {
        headers.extend(user_agent.cloned());
    }
    let Some(span) = span.filter(|_| !headers.is_empty()) else { return };
    let value = Node { span, kind: Kind::Mapping(headers) };
    keys.push(Entry { key: "headers".into(), span, value });
}

/// The port of a `base_url`.
fn port(entry: &Entry) -> Option<String> {
    let Kind::Text(url) = &entry.value.kind else { return None };
    Some(url.parse::<http::Uri>().ok()?.port()?.as_str().to_owned())
}

fn gateway(reader: &mut Reader<'_>, section: &Entry) {
    let find = |key: &str| section.value.entries().iter().find(|entry| entry.key == key);
    if !find("enabled").is_some_and(|entry| matches!(entry.value.kind, Kind::Boolean(true))) {
        return;
    }
    let part = |key: &str| match find(key).map(|entry| &entry.value.kind) {
        Some(Kind::Text(text)) => text.trim_end_matches('/'),
        _ => "",
    };
    let help = format!(
        "write the gateway's address into the services: `base_url: {}{}/NAME`, and its token with `auth`",
        part("url"),
        part("prefix")
    );
    reader.note(section.span, "requests can't be sent through an `api_gateway`", help);
}

/// Puts an entry among others under its key here, unless that is there already, which is a mistake.
fn put(reader: &mut Reader<'_>, entries: &mut Vec<Entry>, entry: Entry, written: &str, key: &str) {
    if let Some(other) = entries.iter().find(|other| other.key == key) {
        let help = format!("leave one of the two out; `{key}` is on line {}", other.span.line);
        reader.note(entry.span, format!("`{written}` and `{key}` are the same"), help);
    } else {
        entries.push(Entry { key: key.into(), ..entry });
    }
}

/// A number without a unit is in milliseconds in such a file.
fn milliseconds(entry: Entry) -> Entry {
    let Kind::Number(_, written) = &entry.value.kind else { return entry };
    let kind = Kind::Text(format!("{written}ms"));
    Entry { value: Node { kind, ..entry.value }, ..entry }
}

/// Notes variables of the environment as such a file has them, `${NAME:-default}`, and puts their default in place of them.
fn note_variables(reader: &mut Reader<'_>, node: &mut Node) {
    let span = node.span;
    match &mut node.kind {
        Kind::List(items) => {
            for item in items {
                note_variables(reader, item);
            }
        }
        Kind::Mapping(entries) => {
            for entry in entries {
                note_variables(reader, &mut entry.value);
            }
        }
        Kind::Text(text) => {
            while let Some((written, name, default)) = variable(text) {
                let rest = default.as_deref().map_or(String::new(), |default| {
                    format!(", and at the top of the file `env: {{ {name}: {default} }}`")
                });
                let help = format!("write `${{env.{name}}}`{rest}");
                reader.note(span, format!("`{written}` isn't filled in"), help);
                let filled = text.replace(&written, default.as_deref().unwrap_or("unset"));
                *text = filled;
            }
        }
        _ => {}
    }
}

/// The first `${NAME}` or `${NAME:-default}` of a text: all of it, the name and the default.
fn variable(text: &str) -> Option<(String, String, Option<String>)> {
    text.match_indices("${").find_map(|(start, _)| {
        let inner = &text[start + 2..];
        let inner = &inner[..inner.find('}')?];
        let (name, default) =
            inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default.to_owned())));
        let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        let rest = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        // A default with a variable in it would stay one.
        let is_plain = !default.as_deref().is_some_and(|default| default.contains("${"));
        (starts && rest && is_plain).then(|| (format!("${{{inner}}}"), name.to_owned(), default))
    })
}

fn is_in(keys: &[(&str, &str)], key: &str) -> bool {
    keys.iter().any(|(name, _)| *name == key)
}

/// Tells that a key has no effect, or that it is unknown.
fn ignore(reader: &mut Reader<'_>, entry: &Entry, within: &str, keys: &[(&str, &str)]) {
    if let Some((name, replacement)) = keys.iter().find(|(name, _)| *name == entry.key) {
        reader.note_ignored(entry.span, format!("`{name}` has no effect"), *replacement);
    } else {
        let help = suggestion::help(&entry.key, keys.iter().map(|(name, _)| *name));
        reader.note(entry.span, format!("unknown key `{}` in {within}", entry.key), help);
    }
}

fn take(entries: &mut Vec<Entry>, key: &str) -> Option<Entry> {
    entries.extract_if(.., |entry| entry.key == key).next()
}

fn into_entries(node: Node) -> Vec<Entry> {
    match node.kind {
        Kind::Mapping(entries) => entries,
        _ => Vec::new(),
    }
}

fn entries_of(node: &mut Node) -> &mut [Entry] {
    match &mut node.kind {
        Kind::Mapping(entries) => entries,
        _ => &mut [],
    }
}
