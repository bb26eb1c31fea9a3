//! The words of shell commands, with the lines they are on.

/// A command: its words, and the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) line: usize,
    pub(super) words: Vec<String>,
    /// What follows a `|`, `>` or `<` within it.
    pub(super) rest: Option<String>,
}

/// What a shell would do and this doesn't, with its line.
pub(super) type Unread = (usize, String);

/// Splits a text into commands, as a POSIX shell does. A variable becomes `{{NAME}}`.
pub(super) fn commands(text: &str) -> (Vec<Command>, Vec<Unread>) {
    let mut splitter = Splitter { line: 1, ..Splitter::default() };
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        splitter.take(c, &mut rest);
    }
    splitter.end_command();
    (splitter.commands, splitter.unread)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

#[derive(Default)]
struct Splitter {
    line: usize,
    began: usize,
    word: Option<String>,
    words: Vec<String>,
    /// The part of a command that isn't words of curl: a pipe or a redirect.
    ignored: Option<String>,
    commands: Vec<Command>,
    unread: Vec<Unread>,
}

impl Splitter {
    fn take(&mut self, c: char, rest: &mut Rest<'_>) {
        if self.word.is_none() && self.words.is_empty() {
            self.began = self.line;
        }
        match c {
            '\n' => {
                self.end_command();
                self.line += 1;
            }
            ';' => self.end_command(),
            '&' | '|' => {
                let doubled = rest.next_if_eq(&c).is_some();
                if doubled || c == '&' {
                    self.end_command();
                } else {
                    self.end_word();
                    self.ignored.get_or_insert_default().push('|');
                }
            }
            '>' | '<' => {
                // A number right before it is what is redirected.
                self.word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                self.end_word();
                self.ignored.get_or_insert_default().push(c);
                while rest.next_if(|c| matches!(c, '&' | '>' | '<')).is_some() {}
            }
            c if c.is_whitespace() => self.end_word(),
            '#' if self.word.is_none() => while rest.next_if(|c| *c != '\n').is_some() {},
            '\'' => self.single_quoted(rest),
            '"' => self.double_quoted(rest),
            '\\' => match rest.next() {
                Some('\n') => self.line += 1,
                Some('\r') if rest.next_if_eq(&'\n').is_some() => self.line += 1,
                Some(c) => self.push(c),
                None => {}
            },
            '$' if rest.peek() == Some(&'\'') => {
                rest.next();
                self.escaped(rest);
            }
            '$' => self.variable(rest),
            '`' => self.substitution(rest, '`'),
            c => self.push(c),
        }
    }

    fn push(&mut self, c: char) {
        if c == '\n' {
            self.line += 1;
        }
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match &mut self.ignored {
            Some(ignored) => {
                ignored.push(' ');
                ignored.push_str(&word);
            }
            None => self.words.push(word),
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        let (words, rest) = (std::mem::take(&mut self.words), self.ignored.take());
        if !words.is_empty() {
            self.commands.push(Command { line: self.began, words, rest });
        }
    }

    fn single_quoted(&mut self, rest: &mut Rest<'_>) {
        self.word.get_or_insert_default();
        for c in rest.by_ref() {
            match c {
                '\'' => return,
                c => self.push(c),
            }
        }
        self.unread.push((self.began, "a `'` isn't closed".into()));
    }

    fn double_quoted(&mut self, rest: &mut Rest<'_>) {
        self.word.get_or_insert_default();
        while let Some(c) = rest.next() {
            match c {
                '"' => return,
                '\\' => match rest.next() {
                    Some('\n') => self.line += 1,
                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => {}
                },
                '$' => self.variable(rest),
                '`' => self.substitution(rest, '`'),
                c => self.push(c),
            }
        }
        self.unread.push((self.began, "a `\"` isn't closed".into()));
    }

    /// `$'…'`, with escapes as in C.
    fn escaped(&mut self, rest: &mut Rest<'_>) {
        self.word.get_or_insert_default();
        while let Some(c) = rest.next() {
            match c {
                '\'' => return,
                '\\' => match rest.next() {
                    Some('n') => self.word.get_or_insert_default().push('\n'),
                    Some('t') => self.push('\t'),
                    Some('r') => self.push('\r'),
                    Some('0') => self.push('\0'),
                    Some('x') => self.code(rest, 2),
                    Some('u') => self.code(rest, 4),
                    Some('U') => self.code(rest, 8),
                    Some(c) => self.push(c),
                    None => {}
                },
                c => self.push(c),
            }
        }
        self.unread.push((self.began, "a `$'` isn't closed".into()));
    }

    /// A character by its number, in hexadecimal digits. A pair of surrogates is one character.
    fn code(&mut self, rest: &mut Rest<'_>, most: usize) {
        let mut number = hexadecimal(rest, most);
        if (0xd800..0xdc00).contains(&number) {
            let mut ahead = rest.clone();
            if ahead.next() == Some('\\') && ahead.next() == Some('u') {
                let low = hexadecimal(&mut ahead, 4);
                if (0xdc00..0xe000).contains(&low) {
                    number = 0x10000 + ((number - 0xd800) << 10) + (low - 0xdc00);
                    *rest = ahead;
                }
            }
        }
        self.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    /// What follows a `$`.
    fn variable(&mut self, rest: &mut Rest<'_>) {
        match rest.peek() {
            Some('(') => {
                rest.next();
                self.substitution(rest, ')');
            }
            Some('{') => {
                rest.next();
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| *c != '}' && *c != '\n') {
                    name.push(c);
                }
                rest.next_if_eq(&'}');
                let (name, default) = name
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .map_or((name.as_str(), ""), |at| name.split_at(at));
                if !default.is_empty() {
                    self.unread.push((self.line, format!("`{default}` of the variable `{name}`")));
                }
                let written = format!("{{{{{name}}}}}");
                self.word.get_or_insert_default().push_str(&written);
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                let written = format!("{{{{{name}}}}}");
                self.word.get_or_insert_default().push_str(&written);
            }
            _ => self.push('$'),
        }
    }

    /// A command whose output a shell would put here.
    fn substitution(&mut self, rest: &mut Rest<'_>, end: char) {
        let mut command = String::new();
        let mut depth = 1;
        for c in rest.by_ref() {
            match c {
                '(' if end == ')' => depth += 1,
                c if c == end => depth -= 1,
                '\n' => self.line += 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            command.push(c);
        }
        self.unread.push((self.line, format!("the output of the command `{}`", command.trim())));
        self.word.get_or_insert_default().push_str("{{output}}");
    }
}

fn hexadecimal(rest: &mut Rest<'_>, most: usize) -> u32 {
    let mut number = 0;
    for _ in 0..most {
        let Some(c) = rest.next_if(char::is_ascii_hexdigit) else { break };
        number = (number << 4) | c.to_digit(16).unwrap_or(0);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, expected) in [
            ("curl a\\\n b 'c d' \"e \\\" f\" g\\ h", vec!["curl", "a", "b", "c d", "e \" f", "g h"]),
            ("curl $'a\\'\\n\\u00e9\\ud83d\\ude00\\x41'", vec!["curl", "a'\né😀A"]),
            ("curl \"$URL/a\" ${B} '$C' $ 5$", vec!["curl", "{{URL}}/a", "{{B}}", "$C", "$", "5$"]),
            ("curl a#b # c", vec!["curl", "a#b"]),
            ("curl ''", vec!["curl", ""]),
        ] {
            let (commands, unread) = commands(text);
            assert_eq!(
                (commands[0].words.clone(), unread),
                (expected.iter().map(ToString::to_string).collect(), vec![]),
                "{text}"
            );
        }
    }

    #[test]
    fn commands_have_their_lines_and_what_follows_them() {
        let (found, unread) = commands("# one\ncurl a | jq .x > out\n\nB=1 && curl \\\n  c 2>&1; curl `d`\n");
        let found: Vec<_> = found
            .iter()
            .map(|command| (command.line, command.words.join(" "), command.rest.as_deref()))
            .collect();
        let expected = [
            (2, "curl a".to_owned(), Some("| jq .x> out")),
            (4, "B=1".to_owned(), None),
            (4, "curl c".to_owned(), Some("> 1")),
            (5, "curl {{output}}".to_owned(), None),
        ];
        assert_eq!(found, expected);
        assert_eq!(unread, [(5, "the output of the command `d`".to_owned())]);
    }
}
