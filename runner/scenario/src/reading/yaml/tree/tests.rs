use serde_json::json;

use super::*;

fn json(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Null => json!(null),
        Kind::Boolean(value) => json!(value),
        Kind::Number(number, _) => serde_json::from_str(&number.to_string()).expect("a number of JSON"),
        Kind::Text(text) => json!(text),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Mapping(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect()
        }
    }
}

#[test]
fn scalars() {
    for (text, expected) in [
        ("299.99", json!(299.99)),
        ("5", json!(5)),
        ("-5", json!(-5)),
        ("+5", json!(5)),
        ("18446744073709551615", json!(u64::MAX)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("5.", json!(5.0)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("5s", json!("5s")),
        ("1-3", json!("1-3")),
        ("e5", json!("e5")),
        ("1e", json!("1e")),
        (".", json!(".")),
        ("-", json!([null])),
        ("yes", json!("yes")),
        ("~", json!(null)),
        ("'5'", json!("5")),
        ("\"a\\tb\"", json!("a\tb")),
        ("|\n  a\n  b\n", json!("a\nb\n")),
        ("{a: [1, {b: c}], 201: true}", json!({"a": [1, {"b": "c"}], "201": true})),
        ("x: &a {k: 1}\ny: [*a, *a]", json!({"x": {"k": 1}, "y": [{"k": 1}, {"k": 1}]})),
    ] {
        let (node, mistakes) = parse(text).expect(text);
        assert_eq!((json(&node), mistakes), (expected, Vec::new()), "{text}");
    }
}

fn walk<'a>(node: &Node, text: &'a str, seen: &mut Vec<(u32, u32, &'a str)>) {
    let mut see = |span: Span| seen.push((span.line, span.column, &text[span.offset..][..span.length]));
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| walk(item, text, seen)),
        Kind::Mapping(entries) => {
            for entry in entries {
                seen.push((
                    entry.span.line,
                    entry.span.column,
                    &text[entry.span.offset..][..entry.span.length],
                ));
                walk(&entry.value, text, seen);
            }
        }
        _ => see(node.span),
    }
}

#[test]
fn every_value_has_its_place() {
    let text = "ä: 'ö'\nlist:\n  - plain text   # comment\n  - {k: \"v\"}\nempty:\nblock: |\n  one\n  two\n";
    let (node, _) = parse(text).expect("YAML");
    let mut seen = Vec::new();
    walk(&node, text, &mut seen);
    let expected = [
        (1, 1, "ä"),
        (1, 4, "'ö'"),
        (2, 1, "list"),
        (3, 5, "plain text"),
        (4, 6, "k"),
        (4, 9, "\"v\""),
        (5, 1, "empty"),
        (5, 6, ""),
        (6, 1, "block"),
        (7, 3, "one\n  two"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_mistake_has_its_place() {
    let mut bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
    for (before, name) in ('a'..).zip('b'..='h') {
        let ten = vec![format!("*{before}"); 10].join(",");
        bomb.extend([name.to_string(), format!(": &{name} [{ten}]\n")]);
    }
    let deep = "[".repeat(100) + &"]".repeat(100);
    for (text, line, expected) in [
        ("", 1, "nothing is written here"),
        ("a: [1", 1, "not readable as YAML"),
        ("a: 1\n  b: 2", 2, "not readable as YAML"),
        ("a: *b", 1, "not readable as YAML"),
        ("a: &a [*a]", 1, "this alias lies within what it stands for"),
        ("? [a]\n: 1", 1, "a key has to be a text"),
        (bomb.as_str(), 1, "this file holds more than 100000 values"),
        (deep.as_str(), 1, "this is nested more than 64 deep"),
    ] {
        let (span, message, _) = parse(text).expect_err(text);
        assert!(message.contains(expected), "{text}: {message}");
        assert_eq!(span.line, line, "{text}: {message}");
    }
}

#[test]
fn a_repeated_key_is_a_mistake_and_the_first_one_counts() {
    let (node, mistakes) = parse("a: 1\nb: 2\na: 3").expect("YAML");
    assert_eq!(json(&node), json!({"a": 1, "b": 2}));
    assert_eq!(mistakes.len(), 1);
    let (span, message, help) = &mistakes[0];
    assert_eq!((span.line, span.column, message.as_str()), (3, 1, "`a` is written a second time"));
    assert_eq!(help.as_deref(), Some("the first one is on line 1"));
}

/// Reads a text with one mistake that leaves a tree: its `line:column message (help)`, and the tree.
#[track_caller]
fn check_mistake(text: &str, expected: &str, tree: serde_json::Value) {
    let (node, mistakes) = parse(text).expect(text);
    let shown: Vec<String> = mistakes
        .iter()
        .map(|(span, message, help)| {
            let help = help.as_deref().unwrap_or_default();
            format!("{}:{} {message} ({help})", span.line, span.column)
        })
        .collect();
    assert_eq!((shown, json(&node)), (vec![expected.to_owned()], tree), "{text}");
}

#[test]
fn merge_keys_merge() {
    for (text, expected) in [
        ("a: &a {k: 1, l: 2}\nb: {<<: *a, l: 3}", json!({"k": 1, "l": 3})),
        ("a: &a {k: 1, l: 2}\nb: {l: 3, <<: *a}", json!({"l": 3, "k": 1})),
        ("a: [&a {k: 1, l: 2}, &c {l: 4, m: 5}]\nb: {<<: [*c, *a], m: 6}", json!({"l": 4, "k": 1, "m": 6})),
        ("a: [&a {k: 1}, &c {<<: *a, l: 2}]\nb:\n  <<: *c\n  m: 3", json!({"k": 1, "l": 2, "m": 3})),
        ("b: {<<: {k: 1}, l: 2}", json!({"k": 1, "l": 2})),
        ("a: &a {}\nb: {<<: *a}", json!({})),
        ("b: {'<<': 1}", json!({"<<": 1})),
    ] {
        let (node, mistakes) = parse(text).expect(text);
        assert_eq!((&json(&node)["b"], mistakes), (&expected, Vec::new()), "{text}");
        let keys =
            |value: &serde_json::Value| value.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
        assert_eq!(keys(&json(&node)["b"]), keys(&expected), "{text}");
    }
    let help = "write `<<: *name` with the anchor of a mapping, or a list of those";
    for value in ["1", "null", "text"] {
        let text = format!("{{<<: {value}, b: 2}}");
        check_mistake(&text, &format!("1:6 only mappings can be merged ({help})"), json!({"b": 2}));
    }
    check_mistake("{<<: [1]}", &format!("1:7 only mappings can be merged ({help})"), json!({}));
    check_mistake(
        "a: &a {k: 1}\nb: {<<: *a, <<: *a}",
        "2:13 `<<` is written a second time (merge several with a list: `<<: [*one, *other]`)",
        json!({"a": {"k": 1}, "b": {"k": 1}}),
    );
}

/// Each mapping merges ten that are ten times as large as the ones before.
#[test]
fn merges_are_bounded() {
    let mut bomb = "a: &a {k: [1,1,1,1,1,1,1,1,1,1]}\n".to_owned();
    for (before, name) in ('a'..).zip('b'..='h') {
        let ten: Vec<_> = (0..10).map(|number| format!("{{k{number}: *{before}}}")).collect();
        bomb.extend([name.to_string(), format!(": &{name} {{<<: [{}]}}\n", ten.join(","))]);
    }
    let (_, message, _) = parse(&bomb).expect_err("a bomb");
    assert!(message.contains("more than 100000 values"), "{message}");
}

#[test]
fn tags_that_say_what_a_value_is_anyway_pass() {
    let text = "!!map {a: !!str b, c: !!int 5, d: !!float 5, e: !!bool true, f: !!null ~, g: !!seq [], h: !!str '5'}";
    let (node, mistakes) = parse(text).expect(text);
    let expected = json!({"a": "b", "c": 5, "d": 5, "e": true, "f": null, "g": [], "h": "5"});
    assert_eq!((json(&node), mistakes), (expected, Vec::new()));
    let mistake = |tag: &str, help: &str| format!("1:2 the tag `{tag}` has no meaning here ({help})");
    let value = "leave the tag out, and write the value as what it is";
    for (text, tag, help, tree) in [
        ("[!!str 5]", "!!str", "leave the tag out, and quote the text", json!([5])),
        ("[!!int '5']", "!!int", value, json!(["5"])),
        ("[!!int 5.5]", "!!int", value, json!([5.5])),
        ("[!!bool yes]", "!!bool", value, json!(["yes"])),
        ("[!env HOME]", "!env", "in e2e.conf, write `${env.NAME}`", json!(["HOME"])),
        (
            "[!anyint ]",
            "!anyint",
            "in an expected body `${any}` stands for any value; a condition goes into `that`",
            json!([null]),
        ),
        ("[!x {}]", "!x", "leave the tag out; quote a text that begins with `!`", json!([{}])),
        ("[!x []]", "!x", "leave the tag out; quote a text that begins with `!`", json!([[]])),
        (
            "[!include a]",
            "!include",
            "a file stands alone: write it out here, or give it an anchor under a key such as `x-login` and use that",
            json!(["a"]),
        ),
    ] {
        let (node, mistakes) = parse(text).expect(text);
        let [(span, message, Some(found))] = mistakes.as_slice() else { panic!("{text}: {mistakes:?}") };
        let found = format!("1:2 {message} ({found})");
        let place = (span.line, span.column, &text[span.offset..][..span.length]);
        assert_eq!((place, found, json(&node)), ((1, 2, tag), mistake(tag, help), tree), "{text}");
    }
}

#[test]
fn what_would_be_read_as_something_else_is_a_mistake() {
    let document =
        "a second document begins here (one file holds one document: write the other into a file of its own)";
    check_mistake("a: 1\n---\nb: [", &format!("2:1 {document}"), json!({"a": 1}));
    let directive = "1:1 directives have no meaning here (leave the line out: this is read as YAML 1.2)";
    check_mistake("%YAML 1.1\n---\na: yes", directive, json!({"a": "yes"}));
    check_mistake("%TAG !e! tag:example.com,2000:\n---\na: 1", directive, json!({"a": 1}));
    assert_eq!(parse("%YAML 1.2\n---\na: 1").expect("YAML").1, []);
    let key = "a key has to be a text (quote it if a text is meant: `\"null\"`)";
    check_mistake("a: {~: 1}", &format!("1:5 {key}"), json!({"a": {"~": 1}}));
    check_mistake("a: { : 1}", &format!("1:6 {key}"), json!({"a": {"": 1}}));
    check_mistake(
        "a: .NaN",
        "1:4 JSON has no number `.NaN` (quote it if the text is meant: `\".NaN\"`)",
        json!({"a": ".NaN"}),
    );
}

#[test]
fn a_placeholder_without_quotes_is_a_mistake_and_the_rest_is_read() {
    let message = "`${…}` has to be quoted within `{ }` and `[ ]`";
    for (text, place, quoted, tree) in [
        ("{a: ${x}, b: 1}", "1:5", "\"${x}\"", json!({"a": "${x}", "b": 1})),
        ("[1, ${x}]", "1:5", "\"${x}\"", json!([1, "${x}"])),
        ("{a: /b/${x}/c}", "1:5", "\"/b/${x}/c\"", json!({"a": "/b/${x}/c"})),
        ("{a: ${x[\"ö\"]}}", "1:5", "'${x[\"ö\"]}'", json!({"a": "${x[\"ö\"]}"})),
        ("- b: {a: ${x}-${y}}", "1:10", "\"${x}-${y}\"", json!([{"b": {"a": "${x}-${y}"}}])),
    ] {
        check_mistake(text, &format!("{place} {message} (quote the whole value: `{quoted}`)"), tree);
    }
    for text in ["{a: ${x", "{a: $x}, b: ${y}", "{a: {b}"] {
        let (_, message, _) = parse(text).expect_err(text);
        assert!(message.starts_with("not readable as YAML"), "{text}: {message}");
    }
}
