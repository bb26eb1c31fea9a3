//! A document as its fenced blocks, each with what is done with it.

/// A part of a document that means something to the tests.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An empty folder takes the place of the one before: `<!-- new project -->`. It is named by the heading above.
    NewProject(String),
    Block(Block),
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The line of its fence, counted from 1.
    pub(super) line: usize,
    /// Its language, the first word after the fence; empty without one.
    pub(super) language: String,
    pub(super) purpose: Purpose,
    pub(super) text: String,
}

/// What a block is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `file=PATH`: it is the content of this file. With `schema=NAME` it is as another program wants it, whose schema is known by this name.
    File { path: String, schema: Option<String> },
    /// `sh`: its lines are run, and end with this exit code (`exit=1`; 0 unless said otherwise).
    Run { exit: i32 },
    /// `sh background until=TEXT`: it is started, and runs on once it has written the text.
    Background { until: String },
    /// `text output`: what the block that ran last writes, or with `contains` some of its lines.
    Output(Extent),
    /// It is only looked at, as all others are, also those after `<!-- not run: REASON -->`.
    Shown,
}

/// How much of what is written a document shows.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Extent {
    All,
    /// Lines that follow one another.
    Part,
}

/// The parts of a document, or what is wrong with one of its fences, with its line.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut lines = (1..).zip(text.lines());
    let mut not_run = false;
    let mut heading = "";
    while let Some((line, written)) = lines.next() {
        let trimmed = written.trim_start();
        let indent = written.len() - trimmed.len();
        if trimmed.trim_end() == "<!-- new project -->" {
            parts.push(Part::NewProject(heading.to_owned()));
        } else if trimmed.starts_with('#') {
            heading = trimmed.trim_matches(['#', ' ']);
        } else if let Some(reason) = trimmed.strip_prefix("<!-- not run") {
            if reason.trim_start_matches(':').trim().trim_end_matches("-->").trim().is_empty() {
                return Err(format!("line {line}: say why: `<!-- not run: REASON -->`"));
            }
            not_run = true;
        } else if let Some(fence) = fence(trimmed) {
            let ends = |line: &str| line.trim().starts_with(fence) && line.trim().chars().all(|c| c == '`');
            let mut content = String::new();
            loop {
                let Some((_, inner)) = lines.next() else {
                    return Err(format!("line {line}: the block has no end"));
                };
                if ends(inner) {
                    break;
                }
                let cut = indent.min(inner.len() - inner.trim_start().len());
                content.push_str(&inner[cut..]);
                content.push('\n');
            }
            let mut words = trimmed[fence.len()..].split_whitespace();
            let language = words.next().unwrap_or_default().to_owned();
            let purpose = purpose(&language, &words.collect::<Vec<_>>(), not_run);
            let purpose = purpose.map_err(|wrong| format!("line {line}: {wrong}"))?;
            parts.push(Part::Block(Block { line, language, purpose, text: content }));
            not_run = false;
        }
    }
    Ok(parts)
}

/// The backticks with which a block begins.
fn fence(line: &str) -> Option<&str> {
    let fence = &line[..line.len() - line.trim_start_matches('`').len()];
    (fence.len() >= 3 && !line[fence.len()..].contains('`')).then_some(fence)
}

fn purpose(language: &str, words: &[&str], not_run: bool) -> Result<Purpose, String> {
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let unknown = words.iter().find(|word| {
        !["background", "output", "contains"].contains(word)
            && !["exit", "file", "schema", "until"].iter().any(|key| word.starts_with(&format!("{key}=")))
    });
    if let Some(word) = unknown {
        return Err(format!("`{word}` means nothing after a fence"));
    }
    if not_run {
        return Ok(Purpose::Shown);
    }
    if let Some(file) = value("file") {
        return Ok(Purpose::File { path: file.to_owned(), schema: value("schema").map(str::to_owned) });
    }
    match language {
        "sh" | "bash" if words.contains(&"background") => match value("until") {
            Some(until) => Ok(Purpose::Background { until: until.to_owned() }),
            None => Err("say by what it shows that it is ready: `background until=TEXT`".into()),
        },
        "sh" | "bash" => {
            let exit = value("exit").map_or(Ok(0), str::parse);
            exit.map(|exit| Purpose::Run { exit }).map_err(|_| "`exit=` is followed by a number".into())
        }
        "text" if words.contains(&"output") => {
            Ok(Purpose::Output(if words.contains(&"contains") { Extent::Part } else { Extent::All }))
        }
        _ => Ok(Purpose::Shown),
    }
}

/// Panics unless documents are read as they are meant.
pub(super) fn is_read_as_blocks() {
    let check = |text: &str, expected: &[(usize, &str, Purpose, &str)]| {
        let parts = parts(text).unwrap_or_else(|wrong| panic!("{wrong}:\n{text}"));
        let blocks: Vec<_> = parts
            .into_iter()
            .filter_map(|part| match part {
                Part::Block(Block { line, language, purpose, text }) => Some((line, language, purpose, text)),
                Part::NewProject(_) => None,
            })
            .collect();
        let blocks: Vec<_> = blocks
            .iter()
            .map(|(line, language, purpose, text)| (*line, &**language, purpose, &**text))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, language, purpose, text)| (*line, *language, purpose, *text))
            .collect();
        assert_eq!(blocks, expected, "{text}");
    };
    check("a ``` b\n```sh\nls\n```\n", &[(2, "sh", Purpose::Run { exit: 0 }, "ls\n")]);
    check("```sh exit=1\nfalse\n```", &[(1, "sh", Purpose::Run { exit: 1 }, "false\n")]);
    check(
        "- item\n  ```yaml file=a/b.yaml\n  a:\n    b: 1\n  ```\n",
        &[(2, "yaml", Purpose::File { path: "a/b.yaml".into(), schema: None }, "a:\n  b: 1\n")],
    );
    check(
        "```yaml file=ci.yml schema=gitlab-ci\n```\n",
        &[(1, "yaml", Purpose::File { path: "ci.yml".into(), schema: Some("gitlab-ci".into()) }, "")],
    );
    check("````md\n```sh\nls\n```\n````\n", &[(1, "md", Purpose::Shown, "```sh\nls\n```\n")]);
    check(
        "<!-- not run: it never ends -->\n\n```sh\nrunner up\n```\n",
        &[(3, "sh", Purpose::Shown, "runner up\n")],
    );
    check(
        "```text\nx\n```\n```text output\ny\n```\n```text output contains\nz\n```",
        &[
            (1, "text", Purpose::Shown, "x\n"),
            (4, "text", Purpose::Output(Extent::All), "y\n"),
            (7, "text", Purpose::Output(Extent::Part), "z\n"),
        ],
    );
    check(
        "```sh background until=ready\nserve\n```",
        &[(1, "sh", Purpose::Background { until: "ready".into() }, "serve\n")],
    );
    for (text, wrong) in [
        ("```sh\nls\n", "line 1: the block has no end"),
        ("```sh exit=none\n```", "line 1: `exit=` is followed by a number"),
        ("```sh quietly\n```", "line 1: `quietly` means nothing after a fence"),
        ("```sh background\n```", "line 1: say by what it shows that it is ready: `background until=TEXT`"),
        ("a\n<!-- not run -->\n", "line 2: say why: `<!-- not run: REASON -->`"),
    ] {
        assert_eq!(parts(text), Err(wrong.to_owned()), "{text}");
    }
    assert_eq!(parts("## A b\n<!-- new project -->"), Ok(vec![Part::NewProject("A b".into())]));
}
