//! Keys of other tools, with what they are called here.

/// Such keys by the table in which they stand.
const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "a scenario",
        &[
            ("after", "steps that run at the end, whatever happened, stand under `finally`"),
            ("teardown", "steps that run at the end, whatever happened, stand under `finally`"),
            ("setup", "steps that run first stand under `before`"),
            ("env", "environment variables are declared in e2e.conf"),
            ("secrets", "secrets are declared in e2e.conf"),
            ("variables", "they are called `vars`"),
            ("name", "its name stands at `scenario`"),
        ],
    ),
    (
        "a step",
        &[
            ("assert", "write `expect`, or `check` for a condition on captured values"),
            ("asserts", "write `expect`, or `check` for a condition on captured values"),
            ("then", "write `expect`"),
            ("response", "write `expect`"),
            ("retry", "write `eventually: { within: 10s, request: …, expect: … }`"),
            ("retries", "write `eventually: { within: 10s, request: …, expect: … }`"),
            ("poll", "write `eventually: { within: 10s, request: …, expect: … }`"),
            ("within", "it belongs within `eventually`"),
            ("json", "write `body`"),
            ("data", "write `body`, or `text` for what isn't JSON"),
            ("params", "write `query`"),
            ("exec", "write `run`"),
            ("shell", "write `run: [sh, -c, \"…\"]`"),
            ("script", "write `run: [sh, -c, \"…\"]`"),
            ("cmd", "write `run`"),
            ("sleep", "write `wait`"),
            ("save", "write `capture`"),
            ("extract", "write `capture`"),
            ("when", "write `if`"),
            ("GET", "write `request: GET service /path`"),
            ("POST", "write `request: POST service /path`"),
            ("get", "write `request: GET service /path`"),
            ("post", "write `request: POST service /path`"),
            ("url", "write `request: GET service /path`"),
            ("method", "write `request: GET service /path`"),
        ],
    ),
    (
        "an expectation",
        &[
            ("status_code", "write `status`"),
            ("code", "write `status`"),
            ("json", "write `body`"),
            ("assert", "write `that`"),
            ("response_time", "write `that: took < 300ms`"),
        ],
    ),
    (
        "a service",
        &[
            (
                "image",
                "no container is started here: `command` starts the service, or `base_url` says where it runs",
            ),
            ("environment", "write `env`"),
            ("healthcheck", "write `ready`"),
            ("health", "write `ready`"),
            ("url", "write `base_url`"),
            ("ports", "the runner chooses the port: `command` and `env` can name it as `${port}`"),
            ("working_dir", "write `cwd`"),
        ],
    ),
    ("the reply of a stub", &[("delay", "write `after`")]),
    ("`basic`", &[("username", "write `user`"), ("pass", "write `password`")]),
];

/// What the key of another tool is called in the table of this name.
pub(super) fn help(key: &str, table: &str) -> Option<&'static str> {
    let (_, keys) = KEYS.iter().find(|(known, _)| *known == table)?;
    keys.iter().find(|(written, _)| *written == key).map(|(_, help)| *help)
}
