//! What comes from outside: environment variables, secrets, stubs.

use std::{collections::BTreeMap, path::PathBuf};

use scenario::{File, read_configuration_with, read_file};

use crate::{check, check_conf, shown};

#[test]
fn environment_variables_and_secrets_have_values_of_this_run() {
    let text = "
services: { s: { command: 'x ${env.HOME or 1} ${secrets.KEY}', env: { KEY: '${secrets.FILED}' } } }
env: { STAGE: test, PORT: 80, HOME: null }
secrets: { KEY: { env: THE_KEY }, FILED: { file: keys/filed.txt } }
";
    let environment = [("THE_KEY", "s3cret"), ("HOME", "/root"), ("STAGE", "live"), ("OTHER", "x")];
    let environment: BTreeMap<String, String> =
        environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let files = BTreeMap::from([(PathBuf::from("conf/keys/filed.txt"), b"f1led\r\n".to_vec())]);
    let configuration = read_configuration_with(text, "conf/e2e.conf".into(), &files, &environment);
    let configuration = configuration.unwrap_or_else(|mistakes| panic!("{:#?}", shown(mistakes)));
    let env: Vec<_> = configuration.outside.env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(env, [("HOME", "/root"), ("PORT", "80"), ("STAGE", "live")]);
    let secrets: Vec<_> = configuration.outside.secrets.declared().collect();
    assert_eq!(secrets, [("FILED", "f1led"), ("KEY", "s3cret")]);
    let text = "scenario: s
vars: { key: '${secrets.KEY}', id: '${run_id}', stage: '${env.STAGE}' }
steps: [{ request: 'GET s /${secrets.KEYS}/${env.PATH}/${secrets}', expect: { status: 200 } }]
";
    let mistakes = read_file(text, "a.yaml".into(), &configuration).err().map(shown).unwrap_or_default();
    assert_eq!(
        mistakes,
        [
            "3:30 e2e.conf declares no `secrets.KEYS` (did you mean `secrets.KEY`?)",
            "3:46 e2e.conf declares no `env.PATH` (declare it in e2e.conf: `env: { PATH: a default }`)",
            "3:58 `secrets` by itself is no value (name one of them: `secrets.NAME`)",
        ]
    );
    let right = text.replace("KEYS", "KEY").replace("PATH", "HOME").replace("${secrets}", "${uuid()}");
    assert!(matches!(read_file(&right, "a.yaml".into(), &configuration), Ok(File::Scenario(_))));
}

#[test]
fn mistakes_about_secrets() {
    let conf = |secrets: &str| format!("services: {{ s: {{ base_url: http://x }} }}\nsecrets: {secrets}\n");
    for (secrets, expected) in [
        (
            "[KEY]",
            "2:11 the environment variable `KEY`, which holds a secret, isn't set (set it: `KEY=… runner …`)",
        ),
        (
            "{ KEY: s3cret }",
            "2:17 a secret doesn't stand in e2e.conf itself (say where it comes from: `KEY: { env: KEY }` or `{ file: key.txt }`)",
        ),
        (
            "{ KEY: {} }",
            "2:12 nothing says where the secret `KEY` comes from (it needs one of `env`, `file`)",
        ),
        (
            "{ KEY: { file: no.txt } }",
            "2:25 `no.txt` can't be read: there is no such file (a path is relative to the folder of the file that names it)",
        ),
        (
            "{ KEY: { vault: x } }",
            "2:12 nothing says where the secret `KEY` comes from (it needs one of `env`, `file`)",
        ),
        ("[status]", "2:11 `status` already has a meaning in expressions (call it something else)"),
        (
            "7",
            "2:10 this is a number, and has to be a list of environment variables, or a mapping of names to secrets",
        ),
    ] {
        let mistakes =
            read_configuration_with(&conf(secrets), "e2e.conf".into(), &BTreeMap::new(), &BTreeMap::new());
        // What has no value is a mistake of a run only.
        let mistakes = mistakes.map_or_else(shown, |read| shown(read.outside.unset.mistakes));
        assert_eq!(mistakes.first().map(String::as_str), Some(expected), "{secrets}");
    }
}

#[test]
fn a_secret_that_is_too_long_to_be_hidden_is_a_mistake() {
    let text = "services: { s: { base_url: 'http://localhost:1' } }\nsecrets: [KEY]\n";
    let environment = BTreeMap::from([("KEY".to_owned(), "x".repeat(8_193))]);
    let read = read_configuration_with(text, "e2e.conf".into(), &BTreeMap::new(), &environment);
    // It is a mistake of a run only.
    assert_eq!(
        read.map_or_else(shown, |read| shown(read.outside.unset.mistakes)),
        ["2:11 this secret has 8193 bytes, more than 8192 (hand it over as a file whose path is no secret)"]
    );
}

#[test]
fn mistakes_about_drawn_values() {
    let step = |path: &str| {
        format!("scenario: s\nsteps: [{{ request: 'GET users-service /{path}', expect: {{ status: 200 }} }}]")
    };
    check(
        &step("${uuid()}/${now() | plus_time(length)}/${random(1, 2)}"),
        &["2:70 `length` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check(&step("${uuid}"), &["2:42 not an expression: `uuid` is a function (write `uuid()`)"]);
    check(
        &step("${random(2)}"),
        &[
            "2:42 not an expression: `random` takes 2 arguments, not 1 (write `random(1, 10)`: a whole number from 1 to 10)",
        ],
    );
    check(
        "scenario: s\nvars: { now: 1, run_id: 2 }\nsteps: [{ check: uuid() == '' }]",
        &[
            "2:9 `now` already has a meaning in expressions (call it something else)",
            "2:17 `run_id` already has a meaning in expressions (call it something else)",
            "3:18 `uuid() == ''` is the same whatever happens (say something about `now`, `run_id`)",
        ],
    );
}

#[test]
fn mistakes_about_stubs() {
    let scenario = |entries: &str| {
        format!(
            "scenario: s\nstubs:\n  users-service:\n{entries}steps: [{{ request: GET users-service /, expect: {{ status: 200 }} }}]\n"
        )
    };
    let ok = "    - { match: GET /a, reply: { text: '${request.path} ${env}' } }\n";
    check(&scenario(ok), &["4:58 `env` by itself is no value (name one of them: `env.NAME`)"]);
    for (entries, expected) in [
        (
            "    - { match: GET /a }\n",
            "4:9 an entry of a stub needs the key `reply` (`reply`: The reply. `${request.method}`, `path`, `query`, `headers`, `body` and `index` (counted from 0) can stand in it.)",
        ),
        ("    - { match: GTE /a, reply: {} }\n", "4:16 `GTE` is no method (did you mean `GET`?)"),
        ("    - { match: GET a, reply: {} }\n", "4:20 a path starts with `/` (write `/a`)"),
        ("    - { match: /a, reply: { status: 99 } }\n", "4:37 99 is not a whole number from 100 to 599"),
        (
            "    - { match: /a, reply: { body: 1, text: a } }\n",
            "4:38 a request has one body: `body` and `text` are two",
        ),
        (
            "    - { match: /a, reply: { body: '${reqest.path}' } }\n",
            "4:38 `reqest` is undefined (did you mean `request`?)",
        ),
        (
            "    - { match: /a, that: bdy.x == 1, reply: {} }\n",
            "4:26 `bdy` is undefined (did you mean `body`?)",
        ),
        (
            "    - { match: /a, repyl: {} }\n",
            "4:20 unknown key `repyl` in an entry of a stub (did you mean `reply`?)",
        ),
        (
            "    - { match: /a, reply: {} }\n    - { match: GET /a, reply: {} }\n",
            "5:9 no request reaches this entry: the one on line 4 answers it (put it before that one)",
        ),
        ("    []\n", "4:5 a stub without entries can't answer"),
    ] {
        check(&scenario(entries), &[expected]);
    }
    check(
        "scenario: s\nstubs: { user-service: [{ match: /, reply: {} }] }\nsteps: [{ wait: 1s }, { request: GET users-service /, expect: { status: 200 } }]\n",
        &["2:10 unknown service `user-service` (did you mean `users-service`?)"],
    );
    check_conf(
        "services: { s: { stub: [{ match: /, reply: {} }], command: x } }",
        &[
            "1:51 `command` and `stub` don't go together: a stub isn't started and calls nothing (leave one of them out)",
        ],
    );
}

#[test]
fn mistakes_about_commands() {
    for (step, expected) in [
        ("{ run: make test, expect: { exit: 1, stdout: x } }", vec![]),
        ("{ run: [] }", vec!["3:12 there is no command here"]),
        (
            "{ run: make && make test }",
            vec![
                "3:12 `&&` has a meaning for a shell only, and none runs this command (write it as `[sh, -c, \"…\"]`)",
            ],
        ),
        (
            "{ run: 'make ${url.user-service}' }",
            vec!["3:20 unknown service `user-service` (did you mean `users-service`?)"],
        ),
        ("{ run: 'make ${data_dirs}' }", vec!["3:20 `data_dirs` is undefined (did you mean `data_dir`?)"]),
        (
            "{ run: make, expect: { status: 200 } }",
            vec![
                "3:28 unknown key `status` in what is expected of a command (there are `exit`, `stdout`, `stderr`, `that`, `lenient`)",
                "3:18 nothing is expected here (leave `expect` out: exit code 0 is expected anyway)",
            ],
        ),
        ("{ run: make, expect: { exit: 256 } }", vec!["3:34 256 is not a whole number from 0 to 255"]),
        (
            "{ run: make, expect: { that: stdot == '' } }",
            vec!["3:34 `stdot` is undefined (did you mean `stdout`?)"],
        ),
        ("{ run: make, body: 1 }", vec!["3:18 `body` belongs to `request`, which this step doesn't have"]),
        ("{ wait: 1s, stdin: x }", vec!["3:17 `stdin` belongs to `run`, which this step doesn't have"]),
        (
            "{ run: make, capture: { a: stdout } }",
            vec!["3:29 `a` is captured and never used (use it in a later step, or expect what it must be)"],
        ),
    ] {
        let mut expected = expected;
        expected.sort_unstable();
        crate::check_step(step, &expected);
    }
}
