//! A command line, split into words as a shell splits plain words and quotes.

/// Why a text is not a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandMistake {
    /// It has no words.
    #[error("there is no command here")]
    Empty,
    /// A quote is never closed.
    #[error("a {0} is opened and never closed")]
    Unclosed(char),
    /// An operator of shells.
    #[error("`{0}` has a meaning for a shell only, and none runs this command")]
    Shell(String),
}

impl CommandMistake {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        matches!(self, Self::Shell(_)).then(|| "write it as `[sh, -c, \"…\"]`".to_owned())
    }
}

/// The words of a command. A `${…}` is part of one word, whatever it contains.
pub(crate) fn split(text: &str) -> Result<Vec<String>, CommandMistake> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    let mut finish = |word: &mut Option<String>, quoted: &mut bool| match word.take() {
        Some(word) if !*quoted && is_shell(&word) => Err(CommandMistake::Shell(word)),
        Some(word) => {
            words.push(word);
            *quoted = false;
            Ok(())
        }
        None => Ok(()),
    };
    while let Some(c) = rest.next() {
        match c {
            _ if c.is_whitespace() => finish(&mut word, &mut quoted)?,
            '\'' | '"' => {
                quoted = true;
                let word = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or(CommandMistake::Unclosed(c))? {
                        end if end == c => break,
                        '\\' if c == '"' => word.extend(rest.next()),
                        '$' if rest.peek() == Some(&'{') => placeholder(word, &mut rest),
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(rest.next()),
            '$' if rest.peek() == Some(&'{') => placeholder(word.get_or_insert_default(), &mut rest),
            _ => word.get_or_insert_default().push(c),
        }
    }
    finish(&mut word, &mut quoted)?;
    if words.is_empty() { Err(CommandMistake::Empty) } else { Ok(words) }
}

/// Copies a placeholder whose `$` has been read, up to its `}`.
fn placeholder(word: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    word.push('$');
    let mut quote = None;
    let mut depth = 0_usize;
    for c in rest.by_ref() {
        word.push(c);
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            _ => {}
        }
    }
}

fn is_shell(word: &str) -> bool {
    matches!(word, "&&" | "||" | "|" | ";" | "&" | ">" | ">>" | "<" | "2>&1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_placeholders() {
        for (text, expected) in [
            ("server --port ${port}", Ok(vec!["server", "--port", "${port}"])),
            ("a  'b c' \"d \\\" e\" f\\ g", Ok(vec!["a", "b c", "d \" e", "f g"])),
            ("${env.DIR or 'my target'}/x --y", Ok(vec!["${env.DIR or 'my target'}/x", "--y"])),
            ("x \"${env['A B']}\" ''", Ok(vec!["x", "${env['A B']}", ""])),
            ("a'b'c", Ok(vec!["abc"])),
            ("a '&&' b", Ok(vec!["a", "&&", "b"])),
            ("a && b", Err(CommandMistake::Shell("&&".into()))),
            ("a 'b", Err(CommandMistake::Unclosed('\''))),
            ("  ", Err(CommandMistake::Empty)),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
