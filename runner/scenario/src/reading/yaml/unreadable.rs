//! What to do about a text that isn't YAML, from what stands where the parser stopped.

/// The help for a parser that stopped at the byte `at` of a text.
pub(super) fn help(text: &str, at: usize) -> Option<String> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let (before, rest) = (&text[start..at], &text[at..]);
    let line = text[start..].lines().next().unwrap_or_default();
    if let Some(help) = tab(&text[start..]) {
        return Some(help.to_owned());
    }
    let indentation = before.trim_start_matches([' ', '-']);
    match rest.chars().next()? {
        '*' => {
            let name: String =
                rest[1..].chars().take_while(|c| !c.is_whitespace() && !",]}".contains(*c)).collect();
            Some(format!("no anchor `&{name}` stands above it; a text that begins with `*` has to be quoted"))
        }
        '"' if line.contains('\\') => {
            Some("in double quotes a backslash is `\\\\`; single quotes take it as it is".to_owned())
        }
        first @ ('@' | '`' | '%') => Some(format!("a text that begins with `{first}` has to be quoted")),
        ':' if indentation.contains(": ") => Some("a text with `: ` in it has to be quoted".to_owned()),
        ':' if opens(text[..start].trim_end()) => {
            Some("the `[` or `{` on the line above isn't closed".to_owned())
        }
        ':' => Some("indent it as the keys beside it; a text with `: ` in it has to be quoted".to_owned()),
        '[' | '{' if !before.ends_with([' ', '[', '{', '\n']) && !before.is_empty() => {
            Some("within `{ }` and `[ ]` a text with `[`, `{` or `,` in it has to be quoted".to_owned())
        }
        '[' | '{' if line.contains(" #") => {
            Some("a ` #` begins a comment: quote the text if it is meant".to_owned())
        }
        _ if indentation.is_empty() && line.contains(':') => {
            Some("indent it as the keys beside it".to_owned())
        }
        _ => None,
    }
}

/// Whether the last line of a text opens more brackets than it closes.
fn opens(text: &str) -> bool {
    let line = text.lines().last().unwrap_or_default();
    line.matches(['[', '{']).count() > line.matches([']', '}']).count()
}

/// The help if this line or the next one is indented with a tab.
fn tab(lines: &str) -> Option<&'static str> {
    let is_indented = |line: &str| line[..line.len() - line.trim_start().len()].contains('\t');
    lines.lines().take(2).any(is_indented).then_some("indent with spaces: YAML takes no tabs for it")
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn what_stands_where_the_parser_stopped_says_what_to_do() {
        for (text, expected) in [
            ("a: *b", "no anchor `&b` stands above it; a text that begins with `*` has to be quoted"),
            ("a: [*b, 1]", "no anchor `&b` stands above it; a text that begins with `*` has to be quoted"),
            ("a: @b", "a text that begins with `@` has to be quoted"),
            ("a: b: c", "a text with `: ` in it has to be quoted"),
            ("- a: b\n    c: d", "indent it as the keys beside it; a text with `: ` in it has to be quoted"),
            ("s:\n  - a: b\n  c: d", "indent it as the keys beside it"),
            ("- a: b\n\tc: d", "indent with spaces: YAML takes no tabs for it"),
            ("{ a: b[0].c }", "within `{ }` and `[ ]` a text with `[`, `{` or `,` in it has to be quoted"),
            ("{ a: b #c }", "a ` #` begins a comment: quote the text if it is meant"),
            (r#"a: "\d+""#, "in double quotes a backslash is `\\\\`; single quotes take it as it is"),
        ] {
            let (_, message, help) = parse(text).expect_err(text);
            assert_eq!(help.as_deref(), Some(expected), "{text}: {message}");
        }
        let (_, _, help) = parse("a: [1").expect_err("a list that isn't closed");
        assert_eq!(help, None);
    }
}
