//! Tags, such as `!!int` and `!include`. One that says what the value is anyway passes; any other would be lost.

use granit_parser::Tag;

use super::node::Kind;
use crate::Span;

/// The place of a tag whose value is at `value`; that of the value where something else stands between them.
pub(super) fn place(tag: &Tag, text: &str, value: Span) -> Span {
    let written = tag.original();
    let before = text[..value.offset].trim_end_matches(' ');
    let columns = before.strip_suffix(&*written).map(|rest| text[rest.len()..value.offset].chars().count());
    match columns.and_then(|columns| value.column.checked_sub(u32::try_from(columns).ok()?)) {
        Some(column) => Span { column, offset: before.len() - written.len(), length: written.len(), ..value },
        None => value,
    }
}

/// What is wrong with a tag on a value, and what to do about it; `None` if it says what the value is anyway.
pub(super) fn mistake(tag: &Tag, kind: &Kind) -> Option<(String, String)> {
    let said = tag.core_suffix();
    let fits = match (said, kind) {
        (Some("str"), Kind::Text(_))
        | (Some("bool"), Kind::Boolean(_))
        | (Some("null"), Kind::Null)
        | (Some("float"), Kind::Number(..))
        | (Some("seq"), Kind::List(_))
        | (Some("map"), Kind::Mapping(_)) => true,
        (Some("int"), Kind::Number(_, written)) => !written.contains(['.', 'e', 'E']),
        _ => false,
    };
    let help = match tag.suffix() {
        _ if fits => return None,
        "str" => "leave the tag out, and quote the text",
        _ if said.is_some() => "leave the tag out, and write the value as what it is",
        "include" | "import" | "ref" => {
            "a file stands alone: write it out here, or give it an anchor under a key such as `x-login` and use that"
        }
        "env" | "ENV" => "in e2e.conf, write `${env.NAME}`",
        name if name.starts_with("any") => {
            "in an expected body `${any}` stands for any value; a condition goes into `that`"
        }
        _ => "leave the tag out; quote a text that begins with `!`",
    };
    Some((format!("the tag `{}` has no meaning here", tag.original()), help.to_owned()))
}
