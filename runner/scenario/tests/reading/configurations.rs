//! e2e.conf: what is right, and what isn't.

use super::*;

#[test]
fn a_configuration_is_read_as_it_is_meant() {
    let text = "\
build: make ${env.TARGET or 'all'}
services:
  users-service:
    base_url: http://localhost:5002
    command: ${env.DIR|default('target')}/users --port ${port} \"--name=a b\" ${data_dir}/x
    ready: /livez
    stop: 2s
  orders-service:
    command: [orders, \"${port}\"]
    required: false
    cwd: ${data_dir}/${env.SUB or 'run'}
    after: users-service
    env: { USERS_URL: \"${url.users-service}/x\", N: 1 }
    depends_on: { users-service: { listen: 127.0.0.1:7001 }, orders-service: }
    ready: [/livez, { path: /readyz, within: 3s, headers: { Authorization: Bearer x } }]
snapshots: snaps
timeout: 1s
invariants:
  no debt: { when: always, observe: { users: GET users-service /users }, holds: users.debt == 0 }
";
    let conf = read_configuration(text, "e2e.conf".into()).expect("a configuration");
    let scope = |env: serde_json::Value| {
        let values = serde_json::json!({
            "port": 4000, "data_dir": "/data", "conf_dir": "/conf", "env": env,
            "url": {"users-service": "http://127.0.0.1:7001"},
        });
        scenario::Scope::new(values.as_object().cloned().expect("an object"))
    };
    let (bare, set) =
        (scope(serde_json::json!({})), scope(serde_json::json!({"TARGET": "some", "DIR": "/bin"})));
    let build = conf.build.as_ref().expect("a build command");
    assert_eq!((build.render(&bare), build.render(&set)), (Ok("make all".into()), Ok("make some".into())));
    let [users, orders] = conf.services.as_slice() else { panic!("two services") };
    let start = users.start.as_ref().expect("a command");
    let words =
        |scope| start.command.iter().map(|word| word.render(scope).expect("a word")).collect::<Vec<_>>();
    assert_eq!(words(&bare), ["target/users", "--port", "4000", "--name=a b", "/data/x"]);
    assert_eq!(words(&set)[0], "/bin/users");
    assert_eq!(
        (start.stop_grace, conf.settle, conf.timeout),
        (Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(1),)
    );
    assert_eq!((users.need, orders.need), (Need::Required, Need::Optional));
    assert_eq!(users.base_url.as_ref().and_then(http::Uri::port_u16), Some(5002));
    let env = &orders.start.as_ref().expect("a command").env;
    assert_eq!(env["USERS_URL"].render(&bare), Ok("http://127.0.0.1:7001/x".into()));
    assert_eq!(env["N"].render(&bare), Ok("1".into()));
    let cwd = orders.start.as_ref().and_then(|start| start.cwd.as_ref()).expect("a folder");
    assert_eq!(cwd.render(&bare), Ok("/data/run".into()));
    assert_eq!(orders.after, std::slice::from_ref(&users.name));
    assert_eq!(orders.depends_on[0].listen, Some(([127, 0, 0, 1], 7001).into()));
    let ready: Vec<_> =
        orders.ready.iter().map(|ready| (ready.path.as_str(), ready.within.as_secs())).collect();
    assert_eq!(ready, [("/livez", 10), ("/readyz", 3)]);
    assert_eq!(orders.ready[1].headers["authorization"], "Bearer x");
    assert_eq!(scenario::Readiness::longest(&orders.ready).as_secs(), 10, "the longest of its conditions");
    let links: Vec<_> = conf.links().map(|link| link.to_string()).collect();
    assert_eq!(links, ["orders-service -> users-service", "orders-service -> orders-service"]);
    assert_eq!((conf.invariants[0].when, conf.snapshots), (InvariantTiming::Always, Some("snaps".into())));
}

#[test]
fn configurations() {
    check_conf("services: {}", &["1:1 there are no services"]);
    check_conf(
        "build: make ${url.a}\nservices: { a: { base_url: http://x } }",
        &["1:15 `url` is undefined (there are `env`, `secrets`)"],
    );
    check_conf(
        "timeout: 5",
        &[
            "1:1 e2e.conf needs the key `services` (`services`: The services by name.)",
            "1:10 `5` has no unit (write `5s` or `5ms`)",
        ],
    );
    check_conf(
        "services:\n  a: {}\n  client: { base_url: http://x }\n  b c: { base_url: http://x }",
        &[
            "2:3 nothing says where `a` is (say where it runs, `base_url: http://localhost:5002`, or how it is started, \
         `command: …`)",
            "3:3 a service can't be called `client` (the scenarios' own requests come from `client`: call the service something else)",
            "4:3 `b c` can't be the name of a service: a name has letters, digits, `-`, `_` and `.` only, not ` `",
        ],
    );
    let of = |rest: &str| format!("services:\n  users: {{ base_url: http://x }}\n  a: {{ {rest} }}");
    for (rest, expected) in [
        (
            "base_url: localhost",
            "3:18 `localhost` is no address of a service (write `http://localhost:5002`)",
        ),
        ("base_url: https://x", "3:18 links don't speak https (write `http://localhost:5002`)"),
        ("base_url: http://x, stop: 1s", "3:28 `stop` belongs to `command`, which this service doesn't have"),
        ("base_url: http://x, depends_on: [usres]", "3:41 unknown service `usres` (did you mean `users`?)"),
        (
            "base_url: http://x, depends_on: { users: { listen: here } }",
            "3:59 `here` is not an address to listen on, such as `127.0.0.1:7001`: invalid socket address syntax",
        ),
        (
            "base_url: http://x, ready: livez",
            "3:35 `livez` is no path (a path starts with `/`: write `/livez`)",
        ),
        (
            "base_url: http://x, ready: '/${env.PREFIX}/livez'",
            "3:35 a path of a service can't hold an expression (write the value itself)",
        ),
        (
            "base_url: http://x, ready: { path: /, headers: { authorization: \"Bearer ${env.TOKEN}\" } }",
            "3:72 a header of `ready` can't hold an expression (write the value itself)",
        ),
        (
            "base_url: http://x, ready: { path: /, headers: { a: \"b\\nc\" } }",
            "3:60 \"b\\nc\" can't be a header's value",
        ),
        (
            "base_url: http://x, circuits: circuits",
            "3:38 `circuits` is no path (a path starts with `/`: write `/circuits`)",
        ),
        ("base_url: http://x, required: maybe", "3:38 this is a text, and has to be `true` or `false`"),
        ("command: 'x ${prt}'", "3:22 `prt` is undefined (did you mean `port`?)"),
        (
            "command: 'x ${url.users}'",
            "3:22 this service doesn't depend on `users` (add it: `depends_on: [users]`)",
        ),
        ("command: 'x ${url.user}'", "3:22 unknown service `user` (did you mean `users`?)"),
        (
            "command: x && y",
            "3:17 `&&` has a meaning for a shell only, and none runs this command (write it as `[sh, -c, \"…\"]`)",
        ),
        (
            "command: x, cwd: '${port}'",
            "3:28 `port` is undefined (there are `data_dir`, `conf_dir`, `env`, `secrets`)",
        ),
        ("base_url: http://x, cwd: a", "3:28 `cwd` belongs to `command`, which this service doesn't have"),
        ("command: x, after: usres", "3:27 unknown service `usres` (did you mean `users`?)"),
        ("command: x, after: []", "3:27 this list is empty"),
        ("command: []", "3:17 there is no command here"),
        ("comand: x, base_url: http://x", "3:8 unknown key `comand` in a service (did you mean `command`?)"),
    ] {
        check_conf(&of(rest), &[expected]);
    }
}

#[test]
fn services_start_after_those_that_they_name() {
    let order = |text: &str| {
        let read = read_configuration(text, "e2e.conf".into());
        read.map(|conf| conf.start_order().iter().map(|s| s.name.to_string()).collect::<Vec<_>>())
            .map_err(shown)
    };
    let text = |[a, b, c]: [&str; 3]| {
        format!(
            "services:\n  a: {{ command: x{a} }}\n  b: {{ command: x{b} }}\n  c: {{ command: x{c} }}\n  d: {{ base_url: http://d }}"
        )
    };
    let ordered = |after, expected: [&str; 4]| {
        assert_eq!(order(&text(after)), Ok(expected.map(str::to_owned).to_vec()), "{after:?}");
    };
    ordered(["", "", ""], ["a", "b", "c", "d"]);
    ordered([", after: b", ", after: [c, d]", ""], ["c", "d", "b", "a"]);
    let cyclic = |after, expected: &str| {
        let help = "take one of them out of `after`: a service is started once those are ready";
        assert_eq!(order(&text(after)), Err(vec![format!("{expected} ({help})")]), "{after:?}");
    };
    cyclic([", after: a", "", ""], "2:20 these services wait for each other: a -> a");
    cyclic(
        [", after: d", ", after: [a, c]", ", after: b"],
        "3:20 these services wait for each other: b -> c -> b",
    );
    cyclic(
        [", after: b", ", after: [d, c]", ", after: a"],
        "2:20 these services wait for each other: a -> b -> c -> a",
    );
}
