//! The lines of values in JSON, for messages.

/// A step into a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'a> {
    Key(&'a str),
    Item(usize),
}

/// The most values whose lines are kept.
const MOST: usize = 1_000_000;
/// The deepest nesting of values whose lines are kept.
const DEPTH: usize = 128;

/// The lines of all values of a text.
#[derive(Debug)]
pub(crate) struct JsonLines {
    root: Lined,
}

/// A value with the line on which it begins, counted from 1.
#[derive(Debug, Default)]
struct Lined {
    line: usize,
    /// The keys of an object as they are written, without quotes; none of other values.
    keys: Vec<String>,
    values: Vec<Lined>,
}

impl JsonLines {
    /// The lines of a text that is valid JSON.
    pub(crate) fn of(text: &str) -> Self {
        let mut scan = Scan { bytes: text.as_bytes(), at: 0, line: 1, left: MOST };
        Self { root: scan.value(DEPTH).unwrap_or_default() }
    }

    /// The line on which the value at a path begins.
    pub(crate) fn line(&self, path: &[At<'_>]) -> Option<usize> {
        let mut value = &self.root;
        for step in path {
            let index = match step {
                At::Key(wanted) => value.keys.iter().position(|key| key == wanted)?,
                At::Item(index) => *index,
            };
            value = value.values.get(index)?;
        }
        Some(value.line)
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    left: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips what stands between values.
    fn blanks(&mut self) {
        while let Some(byte) =
            self.peek().filter(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':'))
        {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Lined> {
        self.blanks();
        self.left = self.left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let mut lined = Lined { line: self.line, ..Lined::default() };
        match self.peek()? {
            b'"' => drop(self.text()?),
            open @ (b'{' | b'[') => {
                self.at += 1;
                loop {
                    self.blanks();
                    if matches!(self.peek()?, b'}' | b']') {
                        self.at += 1;
                        break;
                    }
                    if open == b'{' {
                        lined.keys.push(self.text()?);
                    }
                    lined.values.push(self.value(depth)?);
                }
            }
            _ => {
                while self.peek().is_some_and(|byte| !b" \t\r\n,]}".contains(&byte)) {
                    self.at += 1;
                }
            }
        }
        Some(lined)
    }

    /// The text that begins here, as it is written.
    fn text(&mut self) -> Option<String> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(String::from_utf8_lossy(self.bytes.get(start..self.at - 1)?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_line_on_which_it_begins() {
        let text = "{\n \"a\": [1, \"]\",\n  {\"b\\\"\": {}, \"c\":\n true}],\n \"d\": 1\n}";
        for (path, expected) in [
            (vec![], Some(1)),
            (vec![At::Key("a")], Some(2)),
            (vec![At::Key("a"), At::Item(2)], Some(3)),
            (vec![At::Key("a"), At::Item(2), At::Key("c")], Some(4)),
            (vec![At::Key("d")], Some(5)),
            (vec![At::Key("e")], None),
            (vec![At::Item(7)], None),
        ] {
            assert_eq!(JsonLines::of(text).line(&path), expected, "{path:?}");
        }
    }
}
