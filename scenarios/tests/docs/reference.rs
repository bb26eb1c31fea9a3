//! `docs/reference.md`, made of the tables of keys, the language of expressions, the exit codes and the command line.

use std::{collections::BTreeSet, fmt::Write};

use libtest_mimic::Failed;
use runner::Exit;
use scenario::{
    FileKind, HELPERS, KNOWN_NAMES, KeyPresence, KeyReference, TableReference, ValueType, parse_duration,
    tables,
};

use super::{
    examples::{self, Example, identity},
    excerpt::{excerpt, length},
    same_as_written,
    wrong_files::ONLY_BY_THE_READER,
};

pub(super) const FILE: &str = "docs/reference.md";
const INTRODUCTION: &str = "\
# Reference

Made from the code and from [the examples](examples), all of which run in the tests; don't edit it.
`UPDATE_DOCS=1 cargo test --test scenarios -- docs` writes it anew.

- [Editors](#editors) complete and check files with [the schemas](schema)
- Files:
";
const EDITORS: &str = "
## Editors

An editor that speaks the YAML language server (VS Code with the YAML extension, Neovim, IntelliJ, …) completes keys, shows what they
mean and marks what is wrong, once the first line of a file names its schema:

```yaml
# yaml-language-server: $schema=schema/scenario.json
```

`runner schema scenario > schema/scenario.json` writes it; the other kinds are `invariants`, `exploration`, `steps` and `conf`. What depends on more
than a value itself only the command finds, with `runner check`, too:

";
const EXPRESSIONS: &str = "
## Expressions

`that`, `check`, `if`, `capture`, `links`, `holds`, `makes` and `same` hold an expression; elsewhere one stands in `${…}`, within a text or as a
whole value, which then keeps its type. `$${` is a `${` as it is. The language is that of [minijinja](https://docs.rs/minijinja), which is Jinja2's. What is
undefined is an error: before the run if it is a name, and while it runs if it is a key that isn't there. Numbers are compared as they are
written, at any size.

### Names

Variables (`vars`) and captures of earlier steps are known everywhere in a scenario, observations in `holds`, values and handles in an operation. Besides:

| name | in | meaning |
| --- | --- | --- |
";
const TYPES: &str = "
### Types

In an expected `body` or header, `${any}` stands for any value, and `${TYPE}` for any of a type. A condition can follow: `${number > 3}`,
`${number > 3 and number < 9}`, `${string matching '^a'}`. There are these types:

";
/// What isn't in a table: how links, replies, snapshots and processes behave.
const NOTES: &str = include_str!("notes.md");
const DURATIONS: &str = "
## Durations

A length of time is a number with a unit: `us`, `ms`, `s`, `m` or `h`; or several, from long to short. The longest is a day. In expressions it is a number of
seconds: `took < 300ms`. Sizes are bytes, or have a unit (`64KiB`, `1.5MB`), and rates are such sizes a second, `100KB/s` or `1Mbit/s`.

| written | seconds |
| --- | --- |
";
const EXIT_CODES: &str = "
## Exit codes

| code | when |
| --- | --- |
";

/// Fails unless the reference is what the code says.
pub(super) fn is_what_the_code_says() -> Result<(), Failed> {
    same_as_written(FILE, &reference())
}

fn reference() -> String {
    let tables = tables(&FileKind::ALL);
    let excerpts = Excerpts::new();
    let mut text = INTRODUCTION.to_owned();
    for kind in FileKind::ALL {
        let tables = tables.iter().filter(|table| table.file == kind);
        let links: Vec<String> = tables.map(|table| link(table.what)).collect();
        let (top, within) = links.split_first().expect("a kind of file has a table");
        let within = if within.is_empty() { String::new() } else { format!(": {}", within.join(", ")) };
        line(&mut text, format_args!("  - {top}{within}"));
    }
    text.push_str("- [Expressions](#expressions)\n- [Durations](#durations)\n- [How it behaves](#how-it-behaves)\n- [Exit codes](#exit-codes)\n- [Command line](#command-line)\n");
    text.push_str(EDITORS);
    for (what, _) in ONLY_BY_THE_READER {
        line(&mut text, format_args!("- {what}"));
    }
    text.push_str("\n## Files\n");
    let mut seen = BTreeSet::new();
    for table in &tables {
        of_table(&mut text, table, &tables, &excerpts, &mut seen);
    }
    expressions(&mut text);
    text.push_str(DURATIONS);
    for written in ["500us", "200ms", "1.5s", "1m30s", "1h 5m", "24h"] {
        let time = parse_duration(written).expect("it is a length of time");
        line(&mut text, format_args!("| `{written}` | {} |", time.as_secs_f64()));
    }
    text.push_str(NOTES);
    text.push_str(EXIT_CODES);
    for (exit, when) in Exit::ALL {
        line(&mut text, format_args!("| {} | {when} |", exit.code()));
    }
    text.push_str("\n## Command line\n");
    for (command, help) in runner::help_pages() {
        line(&mut text, format_args!("\n### {command}\n\n```text\n{}\n```", help.trim_end()));
    }
    text.replace("\n\n\n", "\n\n")
}

/// A table: its keys, of which those that another table before it shares are only named.
fn of_table(
    text: &mut String,
    table: &TableReference,
    tables: &[TableReference],
    excerpts: &Excerpts,
    seen: &mut BTreeSet<(&'static str, &'static str)>,
) {
    line(text, format_args!("\n### {}\n", capitalized(table.what)));
    let one_of = table.keys.iter().filter(|key| key.presence == KeyPresence::OneOf);
    let one_of: Vec<String> = one_of.map(|key| format!("`{}`", key.name)).collect();
    if !one_of.is_empty() {
        line(text, format_args!("It has exactly one of {}.\n", one_of.join(", ")));
    }
    let (shared, own): (Vec<_>, Vec<_>) = table.keys.iter().partition(|key| seen.contains(&identity(key)));
    for key in own {
        seen.insert(identity(key));
        of_key(text, key, excerpts);
    }
    let mut origins: Vec<(&str, Vec<String>)> = Vec::new();
    for key in shared {
        let has = |table: &&TableReference| table.keys.iter().any(|known| identity(known) == identity(key));
        let what = tables.iter().find(has).expect("the key was seen in a table").what;
        let name = format!("`{}`", key.name);
        match origins.iter_mut().find(|(origin, _)| *origin == what) {
            Some((_, names)) => names.push(name),
            None => origins.push((what, vec![name])),
        }
    }
    for (what, names) in origins {
        line(text, format_args!("- {}: as in {}", names.join(", "), link(what)));
    }
}

fn of_key(text: &mut String, key: &KeyReference, excerpts: &Excerpts) {
    let default = key.default.map(|default| format!("; default `{default}`")).unwrap_or_default();
    let required = if key.presence == KeyPresence::Required { ", required" } else { "" };
    let values =
        key.tables.iter().fold(key.values.clone(), |values, what| values.replacen(what, &link(what), 1));
    line(text, format_args!("- **`{}`** ({values}{required}{default}). {}", key.name, key.doc));
    if let Some((excerpt, path)) = excerpts.of(key) {
        line(text, format_args!("\n  ```yaml"));
        excerpt.lines().for_each(|shown| line(text, format_args!("{}", format!("  {shown}").trim_end())));
        line(text, format_args!("  ```\n\n  from [{path}](examples/{path})\n"));
    }
}

fn expressions(text: &mut String) {
    text.push_str(EXPRESSIONS);
    for known in KNOWN_NAMES {
        line(text, format_args!("| `{}` | {} | {} |", known.name, known.places, known.doc));
    }
    text.push_str(TYPES);
    for (name, _) in ValueType::ALL {
        line(text, format_args!("- `${{{name}}}`"));
    }
    for (title, helpers) in HELPERS {
        line(text, format_args!("\n### {title}\n\n| | example | value | |\n| --- | --- | --- | --- |"));
        for helper in helpers {
            let value = helper
                .value
                .map_or_else(|| "drawn by the seed, or the time".to_owned(), |value| format!("`{value}`"));
            line(text, format_args!("| {} |", cell_row(helper.name, helper.example, &value, helper.doc)));
        }
    }
}

/// The cells of a row; a bar within one has to be escaped, in code, too.
fn cell_row(name: &str, example: &str, value: &str, doc: &str) -> String {
    [format!("`{name}`"), format!("`{example}`"), value.to_owned(), doc.to_owned()]
        .map(|cell| cell.replace('|', "\\|"))
        .join(" | ")
}

/// The shortest excerpt of an example for each key.
struct Excerpts(Vec<((&'static str, &'static str), String, String)>);

impl Excerpts {
    fn new() -> Self {
        let identities = examples::identities();
        let mut found: Vec<((&str, &str), String, String)> = Vec::new();
        for Example { path, text, keys } in examples::all() {
            for key in keys {
                let Some(identity) = identities.get(&(key.table, key.key)) else { continue };
                let shown = excerpt(&text, key.span);
                match found.iter_mut().find(|(known, ..)| known == identity) {
                    Some((_, best, from)) if length(&shown) < length(best) => {
                        (*best, *from) = (shown, path.clone());
                    }
                    Some(_) => {}
                    None => found.push((*identity, shown, path.clone())),
                }
            }
        }
        Self(found)
    }

    fn of(&self, key: &KeyReference) -> Option<(&str, &str)> {
        let found = self.0.iter().find(|(known, ..)| *known == identity(key));
        found.map(|(_, excerpt, path)| (excerpt.as_str(), path.as_str()))
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text can be written to");
}

fn capitalized(what: &str) -> String {
    let mut letters = what.chars();
    // A name of a file is as it is.
    if what.contains('.') && !what.contains(' ') {
        return what.into();
    }
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A link to the section of a table.
fn link(what: &str) -> String {
    format!("[{what}](#{})", anchor(what))
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
