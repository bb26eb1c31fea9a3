//! Tables as comma-separated values, by RFC 4180: a field in quotes can hold commas, line breaks and, doubled, quotes.

use crate::Span;

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its text. Blanks around one without quotes don't belong to it.
    pub(super) text: String,
    pub(super) quoting: Quoting,
    pub(super) span: Span,
}

/// Whether a field is written in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    Quoted,
    Plain,
}

/// Why a text is no table, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoTable {
    pub(super) span: Span,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// The rows of a table, without empty lines. A byte order mark before them is skipped.
pub(super) fn rows(text: &str) -> Result<Vec<Vec<Field>>, NoTable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cursor = Cursor { text, offset: 0, line: 1, column: 1 };
    let mut rows = Vec::new();
    while cursor.peek().is_some() {
        let row = cursor.row()?;
        let is_empty =
            matches!(row.as_slice(), [only] if only.text.is_empty() && only.quoting == Quoting::Plain);
        if !is_empty {
            rows.push(row);
        }
    }
    Ok(rows)
}

struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
    column: u32,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        if next == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(next)
    }

    fn here(&self) -> Span {
        Span { line: self.line, column: self.column, offset: self.offset, length: 1 }
    }

    /// The fields up to the end of the line, which is passed.
    fn row(&mut self) -> Result<Vec<Field>, NoTable> {
        let mut row = vec![self.field()?];
        loop {
            match self.next() {
                Some(',') => row.push(self.field()?),
                // A carriage return before a line break belongs to it.
                Some('\r') if self.peek() == Some('\n') => {}
                Some(_) | None => return Ok(row),
            }
        }
    }

    /// A field, up to the comma or line break behind it.
    fn field(&mut self) -> Result<Field, NoTable> {
        self.skip_blanks();
        let begin = self.here();
        if self.peek() == Some('"') {
            return self.quoted(begin);
        }
        while self.peek().is_some_and(|c| !matches!(c, ',' | '\n' | '\r')) {
            if self.peek() == Some('"') {
                return Err(NoTable {
                    span: self.here(),
                    message: "a quote within a field without quotes",
                    help: "write the whole field in quotes, and the quote twice",
                });
            }
            self.next();
        }
        let text = self.text[begin.offset..self.offset].trim_end().to_owned();
        let span = Span { length: text.len().max(1), ..begin };
        Ok(Field { text, quoting: Quoting::Plain, span })
    }

    fn quoted(&mut self, begin: Span) -> Result<Field, NoTable> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') if self.peek() == Some('"') => text.extend(self.next()),
                Some('"') => break,
                Some(other) => text.push(other),
                None => {
                    let (message, help) =
                        ("this quote is never closed", "a quote within a field is written twice");
                    return Err(NoTable { span: begin, message, help });
                }
            }
        }
        let span = Span { length: self.offset - begin.offset, ..begin };
        self.skip_blanks();
        if self.peek().is_some_and(|c| !matches!(c, ',' | '\n' | '\r')) {
            let message = "a comma or the end of the line has to follow the field in quotes";
            return Err(NoTable {
                span: self.here(),
                message,
                help: "a quote within a field is written twice",
            });
        }
        Ok(Field { text, quoting: Quoting::Quoted, span })
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&[&str]]) {
        let rows = rows(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        let shown: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|field| match field.quoting {
                        Quoting::Quoted => format!("'{}'", field.text),
                        Quoting::Plain => field.text.clone(),
                    })
                    .collect()
            })
            .collect();
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn fields_are_read_by_the_rules_of_csv() {
        check("", &[]);
        check("a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]);
        check("\u{feff}a\r\nb\r\n\r\n", &[&["a"], &["b"]]);
        check("a , \"b\" ,\n,", &[&["a", "'b'", ""], &["", ""]]);
        check("\"a \"\"b\"\",\n c\",d", &[&["'a \"b\",\n c'", "d"]]);
        check("\"\"\n", &[&["''"]]);
        check("a,b\r1,2\r\rx,y", &[&["a", "b"], &["1", "2"], &["x", "y"]]);
        check("é,ü", &[&["é", "ü"]]);
    }

    #[test]
    fn what_is_no_table_says_where() {
        let place = |text| {
            let error = rows(text).expect_err(text);
            (error.span.line, error.span.column, error.message)
        };
        assert_eq!(place("a,b\n1,\"x\n"), (2, 3, "this quote is never closed"));
        assert_eq!(place("a\nx\"y\n"), (2, 2, "a quote within a field without quotes"));
        assert_eq!(
            place("\"a\" b"),
            (1, 5, "a comma or the end of the line has to follow the field in quotes")
        );
    }

    #[test]
    fn a_field_knows_its_place() {
        let rows = rows("a,b\n\"x\ny\", zz\n").expect("a table");
        let place = |field: &Field| (field.span.line, field.span.column, field.span.length);
        assert_eq!(rows[1].iter().map(place).collect::<Vec<_>>(), [(2, 1, 5), (3, 5, 2)]);
    }
}
