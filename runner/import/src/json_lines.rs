//! The line of a value in JSON, for messages.

/// A step into a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'a> {
    Key(&'a str),
    Item(usize),
}

/// The line, counted from 1, on which the value at this path begins. The text is valid JSON, and values in it are nested as deep
/// as its reader allows.
pub(crate) fn line(text: &str, path: &[At<'_>]) -> Option<usize> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    for step in path {
        scan.enter(step)?;
    }
    scan.blanks();
    Some(scan.bytes[..scan.at.min(scan.bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':')) {
            self.at += 1;
        }
    }

    /// Goes to the value of a key, or to an item.
    fn enter(&mut self, step: &At<'_>) -> Option<()> {
        self.blanks();
        self.at += 1;
        match step {
            At::Key(wanted) => loop {
                self.blanks();
                let start = self.at;
                self.text()?;
                let key = self.bytes.get(start + 1..self.at - 1)?;
                if key == wanted.as_bytes() {
                    return Some(());
                }
                self.skip()?;
            },
            At::Item(index) => (0..*index).try_for_each(|_| self.skip()),
        }
    }

    /// Skips a value.
    fn skip(&mut self) -> Option<()> {
        self.blanks();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                byte if byte.is_ascii_whitespace() || matches!(byte, b',' | b':') => self.at += 1,
                _ => {
                    while self.peek().is_some_and(|byte| !b" \t\r\n,]}".contains(&byte)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
            self.blanks();
        }
    }

    /// Skips a text.
    fn text(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
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
        ] {
            assert_eq!(line(text, &path), expected, "{path:?}");
        }
    }
}
