use std::{path::Path, sync::Arc};

use scenario::{Mistake, Span};

use super::text::{check_text, plain};
use crate::render_mistakes;

const SOURCE: &str =
    "scenario: Pays\nsteps:\n  - name: zählt 日本 hier\n    exepct: { status: 200 }\n\tindented: by a tab\n";

fn mistake(
    file: &str,
    (line, column, length): (u32, u32, usize),
    message: &str,
    help: Option<&str>,
) -> Mistake {
    Mistake {
        file: Arc::new(file.into()),
        span: Span { line, column, offset: 0, length },
        message: message.into(),
        help: help.map(Into::into),
    }
}

#[test]
fn every_mistake_shows_the_line_it_is_in() {
    let long = format!("{}wrong{}\n", "x ".repeat(100), " y".repeat(100));
    let mistakes = [
        mistake("b.yaml", (1, 201, 5), "this is in a long line", None),
        mistake("a.yaml", (4, 5, 6), "unknown key `exepct`", Some("did you mean `expect`?")),
        mistake("a.yaml", (3, 17, 6), "wide characters are two columns wide", None),
        mistake("a.yaml", (5, 2, 8), "a tab is one column here", None),
        mistake("a.yaml", (2, 7, 0), "steps can't be empty", None),
        mistake("a.yaml", (1, 1, 900), "a mistake of several lines is underlined on the first", None),
        mistake("gone.yaml", (0, 0, 0), "no such file", Some("paths are relative to e2e.conf")),
        mistake("a.yaml", (99, 1, 3), "a line that isn't there (the file has changed)", None),
        mistake("a.yaml", (4, 5, 6), "unknown key `exepct`", Some("did you mean `expect`?")),
    ];
    let source = |file: &Path| match file.to_str() {
        Some("a.yaml") => Some(SOURCE.to_string()),
        Some("b.yaml") => Some(long.clone()),
        _ => None,
    };
    check_text("mistakes", &plain(&render_mistakes(&mistakes, source)));
}
