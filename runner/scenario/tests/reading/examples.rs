//! Tables, of which each row is a scenario.

use std::{collections::BTreeMap, path::PathBuf};

use scenario::read_file_with;

use super::*;

const STEPS: &str = "steps:\n  - request: POST users-service /login\n    body: { user: '${user}' }\n    expect: { that: status == expected_status }\n";

fn read_rows(head: &str, table: &str) -> Result<Vec<Scenario>, Vec<Mistake>> {
    let files =
        ["a/t.csv", "a/t.json", "a/t.txt"].map(|path| (PathBuf::from(path), table.as_bytes().to_vec()));
    let text = format!("{head}\n{STEPS}");
    match read_file_with(&text, "a/s.yaml".into(), &configuration(), &BTreeMap::from(files))? {
        File::Examples(scenarios) => Ok(scenarios),
        other => panic!("{other:?}"),
    }
}

/// The scenarios of such a file: `name: variables`.
#[track_caller]
fn check_rows(head: &str, table: &str, expected: &[&str]) {
    let rows = read_rows(head, table).unwrap_or_else(|mistakes| panic!("{:#?}", shown(mistakes)));
    let shown: Vec<String> = (1..)
        .zip(rows)
        .map(|(row, scenario)| {
            assert_eq!(scenario.row.map(|row| row.number), Some(row));
            let vars = scenario::write(&scenario);
            let vars = vars
                .split_once("vars:\n")
                .and_then(|(_, rest)| rest.split_once("steps:"))
                .expect("variables")
                .0;
            format!("{}: {}", scenario.name, vars.lines().map(str::trim).collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert_eq!(shown, expected);
}

/// The mistakes: `file:line:column message (help)`.
#[track_caller]
fn check_table(head: &str, table: &str, expected: &[&str]) {
    let mistakes = read_rows(head, table).err().unwrap_or_default();
    let shown: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected, "{head}\n{table}");
}

#[test]
fn each_row_is_a_scenario_with_a_name_of_its_own() {
    check_rows(
        "scenario: Logs in as ${user}\nexamples: [{ user: ann, status: 200 }, { user: bob, status: 401 }]\nvars: { a: '${user}' }",
        "",
        &[
            "Logs in as ann: user: ann, expected_status: 200, a: ${user}",
            "Logs in as bob: user: bob, expected_status: 401, a: ${user}",
        ],
    );
    let numbered = "scenario: Logs in\nexamples: [{ user: ann, status: 200 }, { user: ann, status: 401 }]";
    check_rows(
        numbered,
        "",
        &["Logs in (1): user: ann, expected_status: 200", "Logs in (2): user: ann, expected_status: 401"],
    );
    check_rows(
        &numbered.replace("Logs in", "${user} in"),
        "",
        &["ann in (1): user: ann, expected_status: 200", "ann in (2): user: ann, expected_status: 401"],
    );
}

/// What a file holds is no template, also when the scenario of a row is written as a file of its own.
#[test]
fn a_placeholder_in_a_file_is_text() {
    let expected = &["${x}: user: $${x}, expected_status: 1"];
    check_rows("scenario: ${user}\nexamples: t.csv", "user,status\n${x},1\n", expected);
    check_rows("scenario: ${user}\nexamples: t.json", r#"[{ "user": "${x}", "status": 1 }]"#, expected);
}

#[test]
fn values_of_a_file_are_what_they_read_as() {
    let table = "user,status,other\nann,200,x\n\"7\",1.50,\n007,\"true\",null\ntrue,false,-3e2\n";
    check_rows(
        "scenario: ${user}\nexamples: t.csv",
        table,
        &[
            "ann: user: ann, expected_status: 200, other: x",
            "7: user: '7', expected_status: 1.50, other: null",
            "007: user: '007', expected_status: 'true', other: null",
            "true: user: true, expected_status: false, other: -3e2",
        ],
    );
    check_rows(
        "scenario: ${user}\nexamples: { file: t.csv, types: text }",
        "user,status\n7,\n",
        &["7: user: '7', expected_status: ''"],
    );
    check_rows(
        "scenario: ${user}\nexamples: t.json",
        r#"[{ "user": "ann", "status": 200, "First name": {} }]"#,
        &["ann: user: ann, expected_status: 200"],
    );
}

#[test]
fn mistakes_in_tables_are_found_in_their_lines() {
    let csv = "scenario: s\nexamples: t.csv";
    check_table(csv, "", &["a/t.csv:1:1: this table is empty (its first line has the names of the columns)"]);
    check_table(csv, "user,status\n", &["a/s.yaml:2:11: these examples have no rows"]);
    check_table(
        csv,
        "user,status,user\nann,200\nbob,1,2,3\n",
        &[
            "a/t.csv:1:13: there is a column `user` already",
            "a/t.csv:2:1: this row has 2 fields, and the first one 3",
            "a/t.csv:3:1: this row has 4 fields, and the first one 3 (write a field with a comma in it in quotes)",
        ],
    );
    check_table(
        csv,
        "user,status\n\"ann,200\n",
        &["a/t.csv:2:1: this quote is never closed (a quote within a field is written twice)"],
    );
    check_table(
        "scenario: s\nexamples: t.txt",
        "",
        &[
            "a/s.yaml:2:11: `a/t.txt` is no table (a table is a file with the extension `csv` or `json`, or a list in place)",
        ],
    );
    check_table(
        "scenario: s\nexamples: t.json",
        "{}",
        &[
            "a/s.yaml:2:11: this file holds no list (a table in JSON is a list of objects: `[{ \"user\": \"ann\" }]`)",
        ],
    );
    check_table(
        "scenario: s\nexamples: t.json",
        r#"[{"user": 1, "status": 2}, {"user": 1}]"#,
        &[
            "a/s.yaml:2:11: row 2 in this file has no `status`, which others have (give it in every row: `null` where there is none)",
        ],
    );
    check_table(
        "scenario: ${usr}\nexamples: [{ user: ann, status: 200 }, { user: bob }]",
        "",
        &[
            "a/s.yaml:1:13: `usr` is undefined (did you mean `user`?)",
            "a/s.yaml:2:42: this row has no `status`, which others have (give it in every row: `null` where there is none)",
        ],
    );
    check(
        "scenario: s\nexamples: [{ a: 1, b c: 2 }]\nsteps: [{ request: GET users-service /, expect: { status: 200 } }]",
        &[
            "2:1 no step uses a value of these examples (there are `${a}`)",
            "2:20 `b c` can't be the name of a variable (a name begins with a letter and goes on with letters, digits and `_`)",
        ],
    );
}
