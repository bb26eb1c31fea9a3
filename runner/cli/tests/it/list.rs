//! `list`: scenarios and tags, as lines and as JSON.

use serde_json::{Value, json};

use crate::project::{Project, server};

fn scenario(name: &str, tags: &str) -> String {
    format!(
        "scenario: {name}\ntags: [{tags}]\nsteps:\n  - {{ request: GET users /users/1, expect: {{ status: 200 }} }}\n"
    )
}

/// Two scenarios that pass, one that fails.
pub(crate) fn project() -> Project {
    let configuration = format!("services:\n  users: {{ base_url: http://{} }}\n", server());
    Project::new(&configuration)
        .with("scenarios/flows/alice.yaml", scenario("Alice", "people, slow"))
        .with("scenarios/flows/carol.yaml", scenario("Carol", "people"))
        .with("scenarios/crashes/bob.yaml", scenario("Bob", "").replace("200", "404"))
}

#[test]
fn scenarios_are_listed_with_their_files_and_tags() {
    let project = project();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let ended = project.run(&[&["list"], arguments].concat());
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(code), expected, ""));
    };
    let all = "scenarios/crashes/bob.yaml  Bob\nscenarios/flows/alice.yaml  Alice  [people, slow]\nscenarios/flows/carol.yaml  Carol  [people]\n";
    check(&[], 0, all);
    check(&["--sort", "name", "--filter", "tag(people)"], 0, &all[32..].replace("bob.yaml  Bob\n", ""));
    check(&["--tags"], 0, "    2  people\n    1  slow\n");
    check(
        &["--tags", "--json"],
        0,
        "[\n  {\n    \"tag\": \"people\",\n    \"scenarios\": 2\n  },\n  {\n    \"tag\": \"slow\",\n    \"scenarios\": 1\n  }\n]\n",
    );
    check(&["--filter", "nosuch"], 4, "Nothing to list: of 3 scenarios none is selected.\n");
    check(
        &["--filter", "nosuch|tag:gone"],
        4,
        "Nothing to list: of 3 scenarios none is selected.\n   = `nosuch|tag:gone` is looked for as it stands; did you mean `--filter 'nosuch | tag(gone)'`?\n",
    );
    check(&["--filter", "nosuch", "--json"], 4, "[]\n");
    assert_eq!(project.run(&[]).code, Some(1));
    let ended = project.run(&["list", "--json", "scenarios/crashes"]);
    let mut listed: Value = serde_json::from_str(&ended.out).unwrap();
    let took = listed[0]["last"]["took_us"].take();
    assert!(took.as_u64().is_some_and(|took| took > 0), "{took}");
    let last = json!({ "verdict": "failed", "took_us": null });
    let bob =
        json!({ "name": "Bob", "file": "scenarios/crashes/bob.yaml", "tags": [], "steps": 1, "last": last });
    assert_eq!(listed, json!([bob]));
}
