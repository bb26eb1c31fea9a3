//! Lines of Postman's test scripts, one at a time.

use import::Format;

use crate::imported;

/// What a script's lines are turned into, or the statement that has no counterpart.
#[track_caller]
fn check(script: &str, expected: &str) {
    let text = serde_json::json!({
        "item": [{
            "name": "x",
            "request": { "method": "GET", "url": "http://localhost:5002/" },
            "event": [{ "listen": "test", "script": { "exec": script.lines().collect::<Vec<_>>() } }],
        }]
    });
    let import = imported(Format::Postman, "x", &text.to_string());
    let losses = || import.losses.first().map(|loss| format!("told: {}", loss.message));
    let expect = import.scenarios[0].text.split_once("expect:\n").map_or("", |(_, expect)| expect);
    let expect: Vec<_> = expect.lines().map(str::trim).collect();
    let found = losses().filter(|loss| loss.contains("script")).unwrap_or_else(|| expect.join("; "));
    assert_eq!(found, expected, "{script}");
}

#[test]
fn the_usual_lines_are_expectations() {
    for (script, expected) in [
        ("pm.test('a', () => pm.response.to.have.status(404));", "status: 404"),
        (
            "pm.test('a', function () { pm.expect(pm.response.code).to.be.oneOf([200, 201]); })",
            "that: status in [200, 201]",
        ),
        ("pm.response.to.have.header('X-A')", "headers:; X-A: ${any}"),
        ("pm.response.to.not.be.error", "that: status < 400"),
        (
            "const a = pm.response.json().items[0]\npm.expect(a.id).to.be.above(3)",
            "that: body.items[0].id > 3",
        ),
        (
            "pm.expect(pm.response.json()).to.have.property('a').that.is.a('string').and.not.empty",
            "that:; - body.a is defined; - body.a is string; - body.a | length > 0",
        ),
        ("pm.expect(pm.response.text()).to.include('x')", "that: '''x'' in body | string'"),
        ("pm.expect(pm.response.json().a).to.not.equal(null)", "that: body.a != none"),
        (
            "pm.expect(pm.response.headers.get('X-B')).to.match(/^a/)",
            "that: headers['x-b'] is matching('^a')",
        ),
        ("tests['ok'] = responseCode.code === 200;", "that: status == 200"),
        ("console.log(1)", "status: 2xx"),
    ] {
        check(script, expected);
    }
}

#[test]
fn other_lines_are_told() {
    for (script, expected) in [
        (
            "if (a) {\n  pm.response.to.have.status(200);\n}",
            "told: `if (a) {` of its script isn't carried over",
        ),
        (
            "pm.sendRequest('http://x', () => {});",
            "told: `pm.sendRequest('http://x', () => {})` of its script isn't carried over",
        ),
        (
            "pm.expect(compute()).to.equal(1)",
            "told: `pm.expect(compute()).to.equal(1)` of its script isn't carried over",
        ),
        ("pm.test('a", "told: `pm.test('a` of its script isn't carried over"),
    ] {
        check(script, expected);
    }
}
