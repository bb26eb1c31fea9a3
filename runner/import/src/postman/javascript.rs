//! JavaScript as far as it can be read without running it: statements, arguments and literals.

/// A statement, and the line of its script on which it begins, counted from 0.
pub(super) type Statement = (usize, String);

/// What is open at a character of a text: brackets and quotes.
#[derive(Default)]
struct Nesting {
    depth: usize,
    quote: Option<char>,
    escaped: bool,
}

impl Nesting {
    /// Whether a character stands outside all brackets and quotes, before and after it.
    fn take(&mut self, c: char) -> bool {
        let was_open = self.depth > 0 || self.quote.is_some();
        match (self.quote, c) {
            _ if self.escaped => self.escaped = false,
            (Some(_), '\\') => self.escaped = true,
            (Some(quote), c) if quote == c => self.quote = None,
            (None, '"' | '\'' | '`') => self.quote = Some(c),
            (None, '(' | '[' | '{') => self.depth += 1,
            (None, ')' | ']' | '}') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        !was_open && self.depth == 0 && self.quote.is_none()
    }
}

/// A script without its comments. Lines stay where they are.
fn without_comments(script: &str) -> String {
    let mut kept = String::new();
    let mut quote: Option<char> = None;
    let mut rest = script.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                kept.push(c);
                kept.extend(rest.next());
            }
            (Some(open), _) => {
                if open == c || (c == '\n' && open != '`') {
                    quote = None;
                }
                kept.push(c);
            }
            (None, '"' | '\'' | '`') => {
                quote = Some(c);
                kept.push(c);
            }
            (None, '/') if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            (None, '/') if rest.peek() == Some(&'*') => {
                let mut before = ' ';
                for c in rest.by_ref() {
                    if c == '\n' {
                        kept.push(c);
                    }
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            _ => kept.push(c),
        }
    }
    kept
}

/// The statements of a script, without comments.
pub(super) fn statements(script: &str) -> Vec<Statement> {
    let script = without_comments(script);
    let mut statements = Vec::new();
    let mut nesting = Nesting::default();
    let (mut statement, mut began, mut line) = (String::new(), 0, 0);
    // Whether a line's end is the statement's, too: unless the next line begins with `.`.
    let mut may_end = false;
    for c in script.chars() {
        if may_end && !c.is_whitespace() {
            may_end = false;
            if c != '.' {
                finish(&mut statement, began, &mut statements);
            }
        }
        if statement.is_empty() {
            began = line;
        }
        let is_outside = nesting.take(c);
        may_end |= c == '\n' && is_outside;
        line += usize::from(c == '\n');
        if c == ';' && is_outside {
            finish(&mut statement, began, &mut statements);
        } else if !(statement.is_empty() && c.is_whitespace()) {
            statement.push(c);
        }
    }
    finish(&mut statement, began, &mut statements);
    statements
}

fn finish(statement: &mut String, began: usize, statements: &mut Vec<Statement>) {
    let text = std::mem::take(statement);
    let text = text.trim();
    if !text.is_empty() {
        statements.push((began, text.to_owned()));
    }
}

/// The arguments of a call, from behind its `(`; and what follows its `)`.
pub(super) fn arguments(text: &str) -> Option<(Vec<String>, &str)> {
    let mut nesting = Nesting { depth: 1, ..Nesting::default() };
    let (mut arguments, mut start) = (Vec::new(), 0);
    for (at, c) in text.char_indices() {
        let is_between = c == ',' && nesting.depth == 1 && nesting.quote.is_none();
        nesting.take(c);
        let is_end = nesting.depth == 0 && nesting.quote.is_none();
        if is_between || is_end {
            let argument = text[start..at].trim();
            if !argument.is_empty() {
                arguments.push(argument.to_owned());
            }
            start = at + 1;
        }
        if is_end {
            return Some((arguments, &text[at + 1..]));
        }
    }
    None
}

/// The text that a literal is.
pub(super) fn text(literal: &str) -> Option<String> {
    let literal = literal.trim();
    let quote = literal.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = literal.get(1..)?.strip_suffix(quote)?;
    let mut unescaped = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'n' => unescaped.push('\n'),
                't' => unescaped.push('\t'),
                c @ ('\\' | '"' | '\'' | '`' | '/') => unescaped.push(c),
                _ => return None,
            },
            c if c == quote => return None,
            c => unescaped.push(c),
        }
    }
    // A template of JavaScript has values in it.
    (quote != '`' || !unescaped.contains("${")).then_some(unescaped)
}

/// The body of the function that is the last argument of a call, and the lines before it.
pub(super) fn function_body(argument: &str) -> Option<(usize, &str)> {
    let head = argument.find("=>").map(|at| at + 2).or_else(|| {
        argument.trim_start().starts_with("function").then(|| argument.find(')').map_or(0, |at| at + 1))
    })?;
    let start = head + argument[head..].find(|c: char| !c.is_whitespace())?;
    let lines = argument[..start].matches('\n').count();
    let body = &argument[start..];
    let inner = body.strip_prefix('{').and_then(|body| body.trim_end().strip_suffix('}')).unwrap_or(body);
    Some((lines, inner))
}
