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
    /// An operator, a command or an abbreviation of shells.
    #[error("`{0}` has a meaning for a shell only, and none runs this command")]
    Shell(String),
    /// A variable or the home folder, as shells write it.
    #[error("`{written}` has a meaning for a shell only, and none runs this command")]
    Expansion {
        /// The word.
        written: String,
        /// What a shell would read.
        variable: String,
    },
    /// A variable that is set before the program.
    #[error("`{name}={value}` is no program: only a shell sets variables before one")]
    Assignment {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
    },
}

impl CommandMistake {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Empty | Self::Unclosed(_) => None,
            Self::Shell(_) => Some("write it as `[sh, -c, \"…\"]`".into()),
            Self::Expansion { variable, .. } => {
                Some(format!("write `${{env.{variable}}}`, or `[sh, -c, \"…\"]`"))
            }
            Self::Assignment { name, value } => Some(format!("set it with `env: {{ {name}: \"{value}\" }}`")),
        }
    }
}

/// Checks the first word of a command, which has to be a program.
pub(crate) fn check_program(word: &str) -> Result<(), CommandMistake> {
    if SHELL_COMMANDS.contains(&word) {
        return Err(CommandMistake::Shell(word.to_owned()));
    }
    match word.split_once('=') {
        Some((name, value)) if is_name(name) => {
            Err(CommandMistake::Assignment { name: name.to_owned(), value: value.to_owned() })
        }
        _ => Ok(()),
    }
}

/// The words of a command. A `${…}` is part of one word, whatever it contains.
pub(crate) fn split(text: &str) -> Result<Vec<String>, CommandMistake> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut expansion = None;
    let mut rest = text.chars().peekable();
    let mut finish = |word: &mut Option<String>, quoted: &mut bool, expansion: &Option<String>| match (
        word.take(),
        expansion,
    ) {
        (Some(written), Some(variable)) => {
            Err(CommandMistake::Expansion { written, variable: variable.clone() })
        }
        (Some(word), None) if !*quoted && is_shell(&word) => Err(CommandMistake::Shell(word)),
        (Some(word), None) => {
            words.push(word);
            *quoted = false;
            Ok(())
        }
        (None, _) => Ok(()),
    };
    while let Some(c) = rest.next() {
        match c {
            _ if c.is_whitespace() => finish(&mut word, &mut quoted, &expansion)?,
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
            _ => {
                let variable = match c {
                    '$' => variable(rest.clone()),
                    '~' if word.is_none() && rest.peek().is_none_or(|c| *c == '/' || c.is_whitespace()) => {
                        Some("HOME".to_owned())
                    }
                    _ => None,
                };
                expansion = expansion.or(variable);
                word.get_or_insert_default().push(c);
            }
        }
    }
    finish(&mut word, &mut quoted, &expansion)?;
    check_program(words.first().ok_or(CommandMistake::Empty)?)?;
    Ok(words)
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

/// The name of the variable whose `$` has been read.
fn variable(rest: impl Iterator<Item = char>) -> Option<String> {
    let name: String = rest.take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    is_name(&name).then_some(name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Commands that only a shell knows.
const SHELL_COMMANDS: &[&str] =
    &["cd", "export", "source", ".", "set", "ulimit", "eval", "exec", "trap", "umask"];

/// Whether a word without quotes is an operator of shells, redirects, ends a command or runs another one.
fn is_shell(word: &str) -> bool {
    let redirects = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&').starts_with(['>', '<']);
    matches!(word, "&&" | "||" | "|" | "&")
        || redirects
        || word.ends_with(';')
        || word.starts_with('`')
        || word.starts_with("$(")
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
            (
                "a '$b' \"$c\" \\$d $ e$ x=1 http://f?g=h&i=j",
                Ok(vec!["a", "$b", "$c", "$d", "$", "e$", "x=1", "http://f?g=h&i=j"]),
            ),
            ("a ~b c~ '~'", Ok(vec!["a", "~b", "c~", "~"])),
            ("a && b", Err(CommandMistake::Shell("&&".into()))),
            ("a; b", Err(CommandMistake::Shell("a;".into()))),
            ("a 2>&1", Err(CommandMistake::Shell("2>&1".into()))),
            ("a >b", Err(CommandMistake::Shell(">b".into()))),
            ("a `b`", Err(CommandMistake::Shell("`b`".into()))),
            ("a $(b)", Err(CommandMistake::Shell("$(b)".into()))),
            ("cd a", Err(CommandMistake::Shell("cd".into()))),
            ("a $B/c", Err(CommandMistake::Expansion { written: "$B/c".into(), variable: "B".into() })),
            ("a ~/b", Err(CommandMistake::Expansion { written: "~/b".into(), variable: "HOME".into() })),
            ("A=b c", Err(CommandMistake::Assignment { name: "A".into(), value: "b".into() })),
            ("a 'b", Err(CommandMistake::Unclosed('\''))),
            ("  ", Err(CommandMistake::Empty)),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
