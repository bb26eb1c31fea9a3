//! The ways in which a text can be written, as regular expressions.

use std::fmt::Write;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};

use super::SHORTEST;

/// The names that HTML and XML have for some characters.
const ENTITIES: &[(char, &str)] = &[('&', "amp"), ('<', "lt"), ('>', "gt"), ('"', "quot"), ('\'', "apos")];
/// The letters that stand after a backslash for some characters.
const ESCAPES: &[(char, &str)] = &[
    ('\n', "n"),
    ('\r', "r"),
    ('\t', "t"),
    ('\u{8}', "b"),
    ('\u{c}', "f"),
    ('\'', "'"),
    ('"', "\""),
    ('/', "/"),
];

/// Patterns of a text: with its characters written in any of the usual ways, and within a longer text in Base64.
pub(super) fn patterns(text: &str) -> Vec<String> {
    let characters: Vec<String> = text.chars().map(character).collect();
    let mut patterns = vec![characters.concat()];
    patterns.extend(cut_off(&characters));
    patterns.extend((0..3).filter_map(|before| within_base64(text.as_bytes(), before)));
    patterns
}

/// A pattern of a text that is shown up to a `…` within it. `None` for one that is too short to be cut.
fn cut_off(characters: &[String]) -> Option<String> {
    let (least, rest) = characters.split_at_checked(SHORTEST - 1)?;
    let mut more = if rest.len() > LONGEST_BEGINNING { "[^…]*".to_owned() } else { String::new() };
    for character in rest.iter().take(LONGEST_BEGINNING).rev() {
        more = format!("(?:{character}{more})?");
    }
    Some(format!("{}{more}…", least.concat()))
}

/// The most characters of a beginning that are compared one by one.
const LONGEST_BEGINNING: usize = 64;

/// A pattern of one character: as it is, percent-encoded, escaped as in JSON or source code, as HTML or XML have it. Each of them
/// may be encoded several times over.
fn character(c: char) -> String {
    let mut buffer = [0; 4];
    let mut pattern = String::from("(?:");
    match c {
        // A file may end its lines in either way, and displays indent them.
        '\n' => pattern.push_str(r"\r?\n[ \t]*"),
        '\\' => pattern.push_str(r"\\+"),
        _ => pattern.push_str(&regex::escape(c.encode_utf8(&mut buffer))),
    }
    pattern.push('|');
    for byte in c.encode_utf8(&mut buffer).bytes() {
        write!(pattern, "%(?:25)*(?i:{byte:02x})").expect(WRITABLE);
    }
    if c == ' ' {
        pattern.push_str(r"|\+");
    }
    if c == '\'' {
        pattern.push_str("|''");
    }
    for (_, escape) in ESCAPES.iter().filter(|(escaped, _)| *escaped == c) {
        write!(pattern, r"|\\+{}", regex::escape(escape)).expect(WRITABLE);
    }
    pattern.push('|');
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(pattern, r"\\+u(?i:{unit:04x})").expect(WRITABLE);
    }
    let code = u32::from(c);
    write!(pattern, r"|\\+u\{{(?i:{code:x})\}}|&(?:amp;)*#(?:0*{code}|[xX]0*(?i:{code:x}));")
        .expect(WRITABLE);
    for (_, entity) in ENTITIES.iter().filter(|(named, _)| *named == c) {
        write!(pattern, "|&(?:amp;)*{entity};").expect(WRITABLE);
        // Quotes and brackets that are escaped in what is then escaped for HTML.
        if matches!(c, '"' | '\'') {
            write!(pattern, r"|\\+&(?:amp;)*(?:{entity}|#0*{code}|#[xX]0*{code:x});").expect(WRITABLE);
        }
    }
    pattern + ")"
}

const WRITABLE: &str = "a text can always be written to";

/// A pattern of bytes in Base64, of either alphabet, when this many other bytes stand before them in their group of three. The
/// characters at both ends that hold bits of what stands beside them belong to it.
fn within_base64(bytes: &[u8], before: usize) -> Option<String> {
    let group: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let encoded = BASE64_STANDARD_NO_PAD.encode(&group);
    let (begin, end) = ((before * 8).div_ceil(6), group.len() * 8 / 6);
    let certain = encoded.get(begin..end).filter(|certain| certain.len() >= SHORTEST)?;
    let mut pattern = String::new();
    if before > 0 {
        pattern.push_str(ANY);
    }
    for c in certain.chars() {
        match c {
            '+' => pattern.push_str(r"(?:\+|-|%(?:25)*2[bB]|&(?:amp;)*#(?:43|[xX]2[bB]);)"),
            '/' => pattern.push_str(r"(?:\\*/|_|%(?:25)*2[fF]|&(?:amp;)*#(?:47|[xX]2[fF]);)"),
            _ => pattern.push(c),
        }
    }
    if !group.len().is_multiple_of(3) {
        pattern.push_str(ANY);
        pattern.push_str("?={0,2}");
    }
    Some(pattern)
}

/// Any character of Base64.
const ANY: &str = "[A-Za-z0-9+/_-]";
