//! Widths, durations, counts and positions.

use std::{fmt, path::Path, time::Duration};

use scenario::Span;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The number of columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a text that fits, with `…` where something is missing.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.into();
    }
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken < columns
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

/// The end of a text that fits, with `…` where something is missing: of a path, the end says more.
pub(crate) fn fit_end(text: &str, columns: usize) -> String {
    let backwards = |text: &str| text.chars().rev().collect::<String>();
    backwards(&fit(&backwards(text), columns))
}

/// The text, and blanks up to `columns`.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A duration with three digits at most, in the unit a person would choose.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let digits = |value: f64, unit: &str| {
        let decimals = match value {
            v if v < 9.995 => 2,
            v if v < 99.95 => 1,
            _ => 0,
        };
        let shown = format!("{value:.decimals$}");
        let short = if decimals == 0 { &shown } else { shown.trim_end_matches('0').trim_end_matches('.') };
        format!("{short} {unit}")
    };
    match seconds {
        0.0 => "0 s".into(),
        s if s < 0.000_999_5 => format!("{} µs", time.as_nanos().div_ceil(1000)),
        s if s < 0.999_5 => digits(s * 1e3, "ms"),
        s if s < 99.95 => digits(s, "s"),
        s => {
            let whole = time.as_secs() + u64::from(s.fract() >= 0.5);
            format!("{} min {} s", whole / 60, whole % 60)
        }
    }
}

/// A number of bytes, in the unit a person would choose.
pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => count(bytes, "byte"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// A number with its noun: `1 step`, `2 steps`.
pub fn count<N: Copy + fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The place of `span` in a file: `file.yaml:3:5`, or the file alone if it stands at no line, as a generated step does.
pub(crate) fn position(file: &Path, span: Span) -> String {
    let file = file.display();
    if span.line == 0 { file.to_string() } else { format!("{file}:{}:{}", span.line, span.column) }
}

/// The text with its control characters escaped, so that it can't move a terminal's cursor or recolour it.
pub(crate) fn printable(text: &str) -> String {
    let show = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_a_person_would_say_them() {
        for (micros, expected) in [
            (0, "0 s"),
            (412, "412 µs"),
            (1_000, "1 ms"),
            (1_240, "1.24 ms"),
            (12_340, "12.3 ms"),
            (123_400, "123 ms"),
            (100_000, "100 ms"),
            (999_600, "1 s"),
            (1_240_000, "1.24 s"),
            (30_000_000, "30 s"),
            (99_960_000, "1 min 40 s"),
            (125_000_000, "2 min 5 s"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), expected, "{micros} µs");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_by_columns() {
        assert_eq!(fit("scenario", 8), "scenario");
        assert_eq!(fit("scenario", 5), "scen…");
        assert_eq!(fit("日本語の名前", 6), "日本…");
        assert_eq!(pad("日本", 6), "日本  ");
    }
}
