//! Tests of what is written for users: that it is so, and stays so.
//!
//! | file | what it tests |
//! | --- | --- |
//! | `schemas` | the committed schemas are the code's, and accept every file of the repository |
//! | `wrong_files` | what is wrong is refused by the schema and by the reader |
//! | `examples` | every file of `docs/examples` runs, and together they use every key |
//! | `reference` | `docs/reference.md` is what the code says |
//! | `excerpt` | the shortest use of a key in an example |
//! | `documents` | the blocks of documents run as they are written |
//! | `document` | a document as blocks, and what is done with each |
//! | `transcript` | what a block writes, compared with what is shown |
//! | `binaries` | the programs that examples and documents run |
//!
//! `cargo test --test scenarios -- docs` runs them; with `UPDATE_DOCS=1` it writes anew what is generated.

mod binaries;
mod document;
mod documents;
mod examples;
mod excerpt;
mod reference;
mod schemas;
mod transcript;
mod wrong_files;

use std::{env, fs, path::Path};

use libtest_mimic::{Failed, Trial};

/// The tests, by the names `docs::…`.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("docs::schemas are those of the code", schemas::are_those_of_the_code),
        Trial::test("docs::every file names its schema, which accepts it", schemas::accept_every_file),
        Trial::test("docs::what is wrong is refused by schema and reader", || {
            wrong_files::are_refused();
            Ok(())
        }),
        Trial::test(
            "docs::what is right is accepted in every spelling",
            wrong_files::that_are_right_are_accepted,
        ),
        Trial::test("docs::every key has an example", examples::use_every_key),
        Trial::test("docs::the reference is what the code says", reference::is_what_the_code_says),
        Trial::test("docs::an excerpt is the shortest use of a key", || {
            excerpt::are_short();
            Ok(())
        }),
        Trial::test("docs::a document is read as its blocks", || {
            document::is_read_as_blocks();
            Ok(())
        }),
        Trial::test("docs::output is compared but for what varies", || {
            transcript::are_compared();
            Ok(())
        }),
        Trial::test("docs::a document that is wrong fails", documents::that_are_wrong_fail),
    ];
    trials.extend(examples::trials());
    trials.extend(documents::trials());
    trials
}

/// Compares a file with what it is generated from. With `UPDATE_DOCS` it is written in place of that.
fn same_as_written(file: &str, generated: &str) -> Result<(), Failed> {
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(Path::new(file).parent().expect("it is in a folder"))?;
        return Ok(fs::write(file, generated)?);
    }
    let written = fs::read_to_string(file).unwrap_or_default();
    if written == generated {
        return Ok(());
    }
    let mut lines = (1..).zip(written.lines().chain([""]).zip(generated.lines().chain([""])));
    let differing = lines.find(|(_, (written, generated))| written != generated);
    let place = differing.map_or_else(
        || "in its length".to_owned(),
        |(line, (written, generated))| {
            format!("first in line {line}\n  written:   {written}\n  generated: {generated}")
        },
    );
    let how = "write it anew: UPDATE_DOCS=1 cargo test --test scenarios -- docs";
    Err(format!("{file} isn't what the code says, {place}\n{how}").into())
}
