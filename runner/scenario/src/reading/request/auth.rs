//! `auth`: how a request says who sends it.

use super::super::{
    expression::template,
    fields::Fields,
    reader::Reader,
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Kind, Node},
};
use crate::{Authentication, Template};

const AUTH: Table = Table {
    what: "an authentication",
    groups: &[&[
        Key::one_of("basic", Shape::Table(&BASIC), "A user and a password."),
        Key::one_of("bearer", Shape::Text, "A token."),
    ]],
};

const BASIC: Table = Table {
    what: "`basic`",
    groups: &[&[
        Key::required("user", Shape::Text, "The user."),
        Key::required("password", Shape::Text, "The password."),
    ]],
};

/// The word for no authentication.
const NONE: &str = "none";

/// The value of `auth`.
pub(crate) const AUTHENTICATION: Shape = Shape::Either(&[Shape::Choice(&[NONE]), Shape::Table(&AUTH)]);

/// The value of `auth` in a mapping that can have `headers`, too.
#[expect(clippy::option_option, reason = "no authentication is not one with a mistake")]
pub(crate) fn auth(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Option<Authentication>> {
    check_once(reader, fields);
    fields.optional("auth", |node| authentication(reader, node))
}

fn authentication(reader: &mut Reader<'_>, node: &Node) -> Option<Authentication> {
    if matches!(&node.kind, Kind::Text(text) if text == NONE) {
        return Some(Authentication::None);
    }
    if !node.is_mapping() {
        reader.wrong_kind(node, "`none`, or a mapping with `basic` or `bearer`");
        return None;
    }
    let fields = reader.fields(node, &AUTH)?;
    let chosen = fields.chosen();
    if let [first, second] = chosen.as_slice() {
        let message =
            format!("a request says once who sends it: `{}` and `{}` are two", first.key, second.key);
        reader.note(second.span, message, None);
    }
    let Some(entry) = chosen.first() else {
        if node.entries().is_empty() {
            let help = format!("it needs one of {}", suggestion::list(&["basic", "bearer"]));
            reader.note(node.span, "this authentication is empty", help);
        }
        return None;
    };
    if entry.key == "bearer" {
        let token = secret(reader, &entry.value, "a token");
        let scheme =
            |literal: &str| literal.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
        if token.as_ref().is_some_and(|token| token.literals().next().is_some_and(scheme)) {
            let help = "write the token alone".to_owned();
            reader.note(
                entry.value.span,
                "`Bearer` would be sent twice: `bearer` puts it before the token",
                help,
            );
        }
        return token.map(Authentication::Bearer);
    }
    let basic = reader.fields(&entry.value, &BASIC)?;
    let user = basic.get("user").and_then(|node| secret(reader, node, "a user"));
    if let (Some(node), Some(user)) = (basic.get("user"), &user)
        && user.literals().any(|literal| literal.contains(':'))
    {
        let help = "a `:` ends the user (RFC 7617)".to_owned();
        reader.note(node.span, "a user can't have `:` in it", help);
    }
    let password = basic.get("password").and_then(|node| secret(reader, node, "a password"));
    Some(Authentication::Basic { user: user?, password: password? })
}

fn secret(reader: &mut Reader<'_>, node: &Node, wanted: &str) -> Option<Template> {
    let text = template(reader, node, wanted)?;
    if text.literals().any(|literal| literal.contains(char::is_control)) {
        reader.note(node.span, format!("{wanted} can't have control characters in it"), None);
    }
    Some(text)
}

/// Notes that a header `Authorization` stands beside `auth`.
fn check_once(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let headers = fields.get("headers").into_iter().flat_map(Node::entries);
    for header in headers.filter(|header| header.key.eq_ignore_ascii_case("authorization")) {
        if fields.get("auth").is_some() {
            let message = format!("a request says once who sends it: `auth` and `{}` are two", header.key);
            reader.note(header.span, message, None);
        }
    }
}
