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
    /// A second line.
    #[error("a command has one line, and this one has {0}")]
    Lines(usize),
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
            Self::Lines(_) => Some(
                "write `[sh, -e, -c, \"…\"]` for several commands, or `>` in place of `|` for one that is folded".into(),
            ),
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

/// The words of a command. A `${…}` is part of one word, whatever it contains, and a `\` at the end of a line joins it
/// with the next one.
pub(crate) fn split(text: &str) -> Result<Vec<String>, CommandMistake> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut rest = text.trim_start().chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' if rest.clone().any(|c| !c.is_whitespace()) => {
                return Err(CommandMistake::Lines(text.trim().lines().count()));
            }
            _ if c.is_whitespace() => words.extend(std::mem::take(&mut word).finish()?),
            '\'' | '"' => loop {
                word.text.get_or_insert_default();
                match rest.next().ok_or(CommandMistake::Unclosed(c))? {
                    end if end == c => break,
                    '\\' if c == '"' => word.push_all(rest.next()),
                    '$' if rest.peek() == Some(&'{') => placeholder(&mut word, &mut rest),
                    inner => {
                        word.is_shell |= c == '"' && runs_another(inner, rest.peek().copied());
                        word.push_all([inner]);
                    }
                }
            },
            '\\' if rest.next_if(|next| *next == '\n').is_some() => {
                words.extend(std::mem::take(&mut word).finish()?);
            }
            '\\' => word.push_all(rest.next()),
            '$' if rest.peek() == Some(&'{') => placeholder(&mut word, &mut rest),
            _ => {
                let variable = match c {
                    '$' => variable(rest.clone()),
                    '~' if word.text.is_none()
                        && rest.peek().is_none_or(|c| *c == '/' || c.is_whitespace()) =>
                    {
                        Some("HOME".to_owned())
                    }
                    _ => None,
                };
                word.is_shell |= is_operator(c, rest.peek().copied());
                word.expansion = word.expansion.take().or(variable);
                word.push_all([c]);
            }
        }
    }
    words.extend(word.finish()?);
    check_program(words.first().ok_or(CommandMistake::Empty)?)?;
    Ok(words)
}

/// A word that is being read.
#[derive(Debug, Default)]
struct Word {
    /// Its characters, once there is one, or a quote.
    text: Option<String>,
    /// The variable that a shell would read in it.
    expansion: Option<String>,
    /// Whether a shell finds more in it than a plain word.
    is_shell: bool,
}

impl Word {
    fn push_all(&mut self, characters: impl IntoIterator<Item = char>) {
        self.text.get_or_insert_default().extend(characters);
    }

    /// The word, unless there is none.
    fn finish(self) -> Result<Option<String>, CommandMistake> {
        match self {
            Self { text: Some(written), is_shell: true, .. } => Err(CommandMistake::Shell(written)),
            Self { text: Some(written), expansion: Some(variable), .. } => {
                Err(CommandMistake::Expansion { written, variable })
            }
            Self { text, .. } => Ok(text),
        }
    }
}

/// Copies a placeholder whose `$` has been read, up to its `}`.
fn placeholder(word: &mut Word, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    word.push_all(['$']);
    let mut quote = None;
    let mut depth = 0_usize;
    for c in rest.by_ref() {
        word.push_all([c]);
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

/// Whether a character without quotes ends a command, joins two, or redirects. A `&` within a word, as in `http://h?a=1&b=2`, is taken for a part of it.
fn is_operator(c: char, next: Option<char>) -> bool {
    let ends_word = next.is_none_or(char::is_whitespace);
    match c {
        ';' | '|' | '>' | '<' => true,
        '&' => next == Some('&') || ends_word,
        _ => runs_another(c, next),
    }
}

/// Whether a shell runs another command here, or reads the last status, also within `"`.
fn runs_another(c: char, next: Option<char>) -> bool {
    c == '`' || c == '$' && matches!(next, Some('(' | '?'))
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
            ("a b>c", Err(CommandMistake::Shell("b>c".into()))),
            ("a 2>&1", Err(CommandMistake::Shell("2>&1".into()))),
            ("a;b", Err(CommandMistake::Shell("a;b".into()))),
            ("a&&b", Err(CommandMistake::Shell("a&&b".into()))),
            ("a &", Err(CommandMistake::Shell("&".into()))),
            ("a|b", Err(CommandMistake::Shell("a|b".into()))),
            ("a |b", Err(CommandMistake::Shell("|b".into()))),
            ("a \"b\"; c", Err(CommandMistake::Shell("b;".into()))),
            ("a \"$(b)\"", Err(CommandMistake::Shell("$(b)".into()))),
            ("a $?", Err(CommandMistake::Shell("$?".into()))),
            ("a \\; '$(b)' '`c`' \"d;\" \"\\`e\"", Ok(vec!["a", ";", "$(b)", "`c`", "d;", "`e"])),
            ("\na \\\n  b \\\n", Ok(vec!["a", "b"])),
            ("a 'b\nc'", Ok(vec!["a", "b\nc"])),
            ("a\nb\nc\n", Err(CommandMistake::Lines(3))),
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
