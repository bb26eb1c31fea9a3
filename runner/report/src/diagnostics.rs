//! Mistakes in files, each with the line it is in.

use std::{collections::BTreeSet, path::Path};

use owo_colors::OwoColorize;
use scenario::{Mistake, Span};

use crate::layout::{count, position, printable, width};

/// The most characters of a line that are shown before and after its mistake.
const CONTEXT: usize = 60;

/// All mistakes, sorted by position: each with its position, its message, the line itself with the mistake underlined, and
/// its help; then their number. `source_of` returns a file's text.
pub fn render_mistakes(mistakes: &[Mistake], source_of: impl Fn(&Path) -> Option<String>) -> String {
    let mut sorted: Vec<&Mistake> = mistakes.iter().collect();
    sorted.sort_by(|a, b| (&a.file, a.span, &a.message).cmp(&(&b.file, b.span, &b.message)));
    sorted.dedup();
    let files: BTreeSet<&Path> = sorted.iter().map(|mistake| mistake.file.as_path()).collect();
    let mut text = String::new();
    for mistake in &sorted {
        text += &render_mistake(mistake, source_of(&mistake.file).as_deref());
        text.push('\n');
    }
    let counts = format!("{} in {}", count(sorted.len(), "mistake"), count(files.len(), "file"));
    text + &format!("{}; nothing was started\n", counts.red().bold())
}

/// One mistake: its position, its message, the line of `source` with the mistake underlined, and its help.
pub fn render_mistake(mistake: &Mistake, source: Option<&str>) -> String {
    let position = format!("{}:", position(&mistake.file, mistake.span));
    let mut lines = vec![format!("{} {}", position.bold(), printable(&mistake.message).red())];
    let gutter = " ".repeat(mistake.span.line.to_string().len());
    lines.extend(source.into_iter().flat_map(|source| excerpt(source, mistake.span)));
    lines.extend(mistake.help.iter().map(|help| format!(" {gutter} {} {}", "=".dimmed(), printable(help))));
    lines.join("\n") + "\n"
}

/// The line at `span`, numbered, with what is there underlined; nothing if the text has no such line.
pub(crate) fn excerpt(source: &str, span: Span) -> Vec<String> {
    let Some(Frame { shown, before, underlined }) = Frame::of(source, span) else { return Vec::new() };
    let number = span.line.to_string();
    let (gutter, bar) = (" ".repeat(number.len()), "│".dimmed());
    let (blanks, carets) = (" ".repeat(before), "^".repeat(underlined));
    vec![
        format!(" {gutter} {bar}"),
        format!(" {} {bar} {shown}", number.dimmed()),
        format!(" {gutter} {bar} {blanks}{}", carets.red().bold()),
    ]
}

/// The line that a mistake is in.
struct Frame {
    shown: String,
    /// The columns before the mistake.
    before: usize,
    /// The columns of the mistake on this line.
    underlined: usize,
}

impl Frame {
    fn of(source: &str, span: Span) -> Option<Self> {
        let line = source.lines().nth(span.line.checked_sub(1)? as usize)?;
        let column = (span.column.max(1) - 1) as usize;
        let begin = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let mut end = begin.saturating_add(span.length).min(line.len());
        while !line.is_char_boundary(end) {
            end += 1;
        }
        let (head, wrong, tail) = (&line[..begin], &line[begin..end], &line[end..]);
        let clean = |text: &str| printable(&text.replace('\t', " "));
        let skipped = head.chars().count().saturating_sub(CONTEXT);
        let dots = if skipped > 0 { "…" } else { "" };
        let head = format!("{dots}{}", clean(&head.chars().skip(skipped).collect::<String>()));
        let after: String = wrong
            .chars()
            .chain(tail.chars())
            .take(CONTEXT.max(wrong.chars().count().min(2 * CONTEXT)))
            .collect();
        let rest = if after.len() < wrong.len() + tail.len() { "…" } else { "" };
        let after = clean(&after);
        let underlined = width(clean(wrong).trim_end()).clamp(1, width(&after).max(1));
        Some(Self { before: width(&head), underlined, shown: format!("{head}{after}{rest}") })
    }
}
