//! The body of a request: `body`, `text`, `form`, `multipart` or `file`.

use super::{
    super::{
        expression::{Role, template, value},
        fields::Fields,
        files::body_file,
        reader::Reader,
        yaml::{Kind, Node},
    },
    multipart::multipart,
    pairs::pairs,
};
use crate::{Body, Expression, Scope, Template};

/// The keys of which a request has at most one.
const BODIES: &[&str] = &["body", "text", "form", "multipart", "file"];

pub(crate) fn body(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Body> {
    let present = fields.present(BODIES);
    if let [first, second, ..] = present.as_slice() {
        let message = format!("a request has one body: `{}` and `{}` are two", first.key, second.key);
        reader.note(second.span, message, None);
    }
    let Some(entry) = present.first() else { return Some(Body::None) };
    let node = &entry.value;
    match entry.key.as_str() {
        "body" => {
            note_json_in_text(reader, node);
            value(reader, node, Role::Sent).map(Body::Json)
        }
        "text" => template(reader, node, "a text").map(Body::Text),
        "form" => pairs(reader, node, "a mapping of a form's fields").map(Body::Form),
        "multipart" => multipart(reader, node).map(Body::Multipart),
        _ => body_file(reader, node).map(Body::File),
    }
}

fn note_json_in_text(reader: &mut Reader<'_>, node: &Node) {
    if let Kind::Text(text) = &node.kind
        && holds_json(text)
    {
        let help = "leave the quotes out (JSON is YAML, too), or send the characters as they are: `text: …` with \
                    `headers: { Content-Type: application/json }`";
        let message = "this JSON would be sent as one text, in quotes";
        reader.note(node.span, message, help.to_owned());
    }
}

/// Whether a text is a JSON object or list, with or without `${…}` in it.
fn holds_json(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return false;
    }
    let placeholder = |_| Ok::<_, ()>(Expression::parse("none").expect("it is an expression"));
    let filled = Template::parse(text, placeholder).ok().and_then(|text| text.render(&Scope::default()).ok());
    filled.is_some_and(|text| serde_json::from_str::<serde_json::Value>(&text).is_ok())
}
