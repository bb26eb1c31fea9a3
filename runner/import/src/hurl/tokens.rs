//! The words of a line in `[Asserts]` and `[Captures]`.

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a number, an operator, or a placeholder.
    Word(String),
    /// A text between `"` or backquotes.
    Text(String),
    /// A regular expression between `/`.
    Regex(String),
}

/// The words of a line, up to a comment; `None` when a text isn't closed.
pub(super) fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '#' => break,
            '"' => {
                let (text, after) = quoted(after, '"')?;
                tokens.push(Token::Text(unescaped(text)));
                after
            }
            '`' => {
                let (text, after) = quoted(after, '`')?;
                tokens.push(Token::Text(text.to_owned()));
                after
            }
            '/' => {
                let (pattern, after) = quoted(after, '/')?;
                tokens.push(Token::Regex(pattern.replace("\\/", "/")));
                after
            }
            '{' if rest.starts_with("{{") => {
                let end = rest.find("}}")? + 2;
                tokens.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
        }
        .trim_start();
    }
    Some(tokens)
}

/// What stands before a closing quote, and what follows it.
fn quoted(text: &str, close: char) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == close => return Some((&text[..at], &text[at + c.len_utf8()..])),
            _ => {}
        }
    }
    None
}

/// A text with its escapes put in.
pub(super) fn unescaped(text: &str) -> String {
    let mut unescaped = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            unescaped.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => unescaped.push('\n'),
            Some('r') => unescaped.push('\r'),
            Some('t') => unescaped.push('\t'),
            Some('b') => unescaped.push('\u{8}'),
            Some('f') => unescaped.push('\u{c}'),
            Some('u') => {
                let code: String =
                    rest.by_ref().skip_while(|c| *c == '{').take_while(char::is_ascii_hexdigit).collect();
                let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                unescaped.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(c) => unescaped.push(c),
            None => {}
        }
    }
    unescaped
}
