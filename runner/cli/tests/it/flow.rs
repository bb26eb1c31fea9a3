//! Tables, included files, and steps that e2e.conf adds to every scenario, as the binary runs and shows them.

use crate::project::{Project, server};

fn project() -> Project {
    let services = format!("services:\n  users: {{ base_url: http://{}, required: true }}\n", server());
    let around = "finally:\n  - { request: GET users /users/1, expect: { status: 200 } }\n";
    Project::new(&format!("{services}{around}")).with(
        "scenarios/look.yaml",
        "parameters: { user: }\nsteps:\n  - request: GET users /users/${user}\n    expect: { status: 201 }\n",
    )
}

#[test]
fn each_row_of_a_table_has_its_line_and_they_stand_together() {
    let rows = "scenario: User ${user}\nexamples: users.csv\nsteps:\n  - request: GET users /users/${user}\n    expect: { that: status == expected_status }\n";
    let ended = project()
        .with("scenarios/rows.yaml", rows)
        .with("scenarios/users.csv", "user,status\n1,200\n2,201\n3,200\n")
        .with(
            "scenarios/one.yaml",
            "scenario: Another\nsteps:\n  - { request: GET users /users/1, expect: { status: 200 } }\n",
        )
        .run(&["--jobs", "2"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> = ended.out.lines().filter(|line| line.starts_with(['✓', '✗'])).take(4).collect();
    let at = lines.iter().position(|line| line.contains("User 1")).unwrap();
    let names = ["User 1", "User 2", "User 3"];
    let together = lines[at..].iter().zip(names).all(|(line, _)| line.contains("User "));
    assert!(together && lines.len() == 4, "{}", ended.out);
    assert!(ended.out.contains("scenarios/rows.yaml:4:5  step 1, GET users /users/${user}"), "{}", ended.out);
    assert!(ended.out.contains("+ 200 == 201"), "{}", ended.out);
    assert!(ended.out.contains("4 scenarios: 3 passed, 1 failed"), "{}", ended.out);
}

#[test]
fn a_mistake_in_a_table_is_shown_with_its_line() {
    let rows = "scenario: s\nexamples: users.csv\nsteps:\n  - { request: GET users /users/${user}, expect: { status: 200 } }\n";
    let ended = project()
        .with("scenarios/rows.yaml", rows)
        .with("scenarios/users.csv", "user,age\n1,20\n2\n")
        .run(&[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let expected =
        "scenarios/users.csv:3:1: this row has 1 field, and the first one 2\n   │\n 3 │ 2\n   │ ^\n";
    assert!(ended.err.contains(expected), "{}", ended.err);
}

#[test]
fn a_failure_in_an_included_file_names_that_and_what_is_at_the_end_still_runs() {
    let text = "scenario: s\nsteps:\n  - for: { each: [1], as: number }\n    steps: [{ include: look.yaml, with: { user: '${number}' } }]\n";
    let project = project().with("scenarios/s.yaml", text);
    let ended = project.run(&["--report", "json=out.json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = "  scenarios/look.yaml:3:5  step 1, for each number, round 1 of 1 (number = 1): GET users /users/${user}\n       │\n     3 │   - request: GET users /users/${user}\n";
    assert!(ended.out.contains(expected), "{}", ended.out);
    let report = std::fs::read_to_string(project.folder().join("out.json")).unwrap();
    for part in
        ["\"file\": \"scenarios/look.yaml\"", "\"within\": \"for each number, round 1 of 1", "\"step\": 1,"]
    {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn a_file_of_steps_that_nothing_includes_is_told() {
    let one = "scenario: One\nsteps:\n  - { request: GET users /users/1, expect: { status: 200 } }\n";
    let ended = project().with("scenarios/one.yaml", one).run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = "thin: no scenario here includes scenarios/look.yaml, which has steps and no `scenario` (give it a name if it is a scenario: `scenario: …`)";
    assert!(ended.out.contains(expected), "{}", ended.out);
}
