use super::*;

/// A secret with most of what is written in special ways.
const SECRET: &str = "p&ss \"é/<w>\\'1";

fn secrets(value: &str) -> Secrets {
    Secrets::new(BTreeMap::from([("S".to_owned(), value.to_owned())]))
}

#[test]
fn every_spelling_of_a_secret_is_masked() {
    let secrets = secrets(SECRET);
    let json = serde_json::to_string(SECRET).expect("a text");
    let in_json = |text: &str| text[1..text.len() - 1].to_owned();
    let json_in_json = in_json(&serde_json::to_string(&json).expect("a text"));
    for spelling in [
        SECRET.to_owned(),
        in_json(&json),
        in_json(&json).replace('/', "\\/").replace('é', "\\u00E9").replace('<', "\\u003c"),
        in_json(&json_in_json).replace("\\\"", "\""),
        format!("{SECRET:?}"),
        "p%26ss%20%22%C3%A9%2F%3Cw%3E%5C%271".to_owned(),
        "p%26ss+%22%c3%a9/%3Cw%3E%5C'1".to_owned(),
        "p%2526ss%2520%2522%25C3%25A9%252F%253Cw%253E%255C%25271".to_owned(),
        "p&amp;ss &quot;é/&lt;w&gt;\\&#39;1".to_owned(),
        "p&amp;amp;ss &#x22;&#233;/&lt;w&gt;\\&#x27;1".to_owned(),
        format!("'{}'", SECRET.replace('\'', "''")),
    ] {
        let masked = secrets.mask(&spelling).into_owned();
        let rest = masked.trim_matches(['"', '\'', '\\']);
        assert_eq!(rest, Secrets::MASK, "{spelling}");
    }
}

#[test]
fn a_secret_is_masked_in_base64_at_any_alignment() {
    use base64::{Engine as _, prelude::*};
    for secret in ["s3cr", "s3cre", "s3cret", "a-longer secret ÿÿÿ>>>???"] {
        let secrets = secrets(secret);
        for before in ["", "u", "us", "usr", "ann:", "Aladdin:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{secret}{after}");
                for encoded in [
                    BASE64_STANDARD.encode(&text),
                    BASE64_URL_SAFE_NO_PAD.encode(&text),
                    BASE64_STANDARD.encode(&text).replace('+', "%2B").replace('/', "%2F"),
                    BASE64_STANDARD.encode(&text).replace('/', "\\/"),
                ] {
                    let masked = secrets.mask(&encoded).into_owned();
                    assert!(masked.contains(Secrets::MASK), "{text}: {encoded}");
                    let left: String = masked.split(Secrets::MASK).collect();
                    let most = (before.len() + after.len()) * 8 / 6 + 6;
                    assert!(left.len() <= most, "{text}: {encoded} is masked as {masked}");
                }
            }
        }
    }
}

#[test]
fn a_secret_that_is_cut_off_is_masked() {
    let long = "0123456789".repeat(12);
    let secrets = secrets(&long);
    for (text, expected) in [
        ("\"012…", "\"***"),
        ("a 0123456789012… b", "a *** b"),
        (&format!("a {}… b", &long[..100]), "a *** b"),
        ("a 01… b", "a 01… b"),
        ("a 0123456 b", "a 0123456 b"),
    ] {
        assert_eq!(secrets.mask(text), expected);
    }
}

#[test]
fn what_is_no_secret_stays() {
    let secrets = secrets("hunter22");
    for text in ["", "hunter", "Hunter22", "hunter 22", "aHVudGVy"] {
        assert!(matches!(secrets.mask(text), Cow::Borrowed(_)), "{text}");
    }
    assert_eq!(secrets.mask("a hunter22, hunter22!"), "a ***, ***!");
    assert_eq!(Secrets::default().mask("anything"), "anything");
    assert!(!format!("{secrets:?}").contains("hunter"), "{secrets:?}");
}

#[test]
fn lines_of_a_long_secret_and_secrets_within_others_are_masked() {
    let key = secrets("-----BEGIN KEY-----\nMIIBOgIBAAJBAK\nabc\n-----END KEY-----");
    assert_eq!(key.mask("a MIIBOgIBAAJBAK b"), "a *** b");
    assert_eq!(
        key.mask("  -----BEGIN KEY-----\n    MIIBOgIBAAJBAK\n    abc\n    -----END KEY-----\n"),
        "  ***\n"
    );
    let two = Secrets::new(BTreeMap::from([
        ("A".to_owned(), "token".to_owned()),
        ("B".to_owned(), "token-and-more".to_owned()),
    ]));
    assert_eq!(two.mask("token-and-more token"), "*** ***");
}

#[test]
fn what_a_scenario_finds_is_hidden() {
    let run = secrets("hunter22");
    let scenario = run.for_scenario();
    let found = [("token", Value::from("t0ken-1")), ("id", Value::from(123_456)), ("more", Value::Null)];
    let found: Value = found.into_iter().collect();
    assert_eq!(scenario.hide_value(&found), Ok(()));
    assert_eq!(scenario.mask("hunter22 t0ken-1 123456"), "*** *** ***");
    assert_eq!(run.mask("hunter22 t0ken-1 123456"), "*** *** ***", "what is printed meanwhile");
    assert_eq!(run.for_scenario().mask("hunter22"), "***");
    for number in 0..1_000 {
        scenario.hide_value(&format!("token {number}").into()).expect("it is long enough");
    }
    assert_eq!(run.mask("hunter22, token 1, token 999"), "***, token 1, ***", "the latest ones");
    for (value, expected) in [
        (Value::from("abc"), "has fewer than 4 characters, which can't be hidden"),
        (Value::Null, "is no text that could be hidden"),
    ] {
        assert_eq!(scenario.hide_value(&value), Err(expected.to_owned()));
    }
}

#[test]
fn a_text_that_is_too_long_is_not_hidden() {
    let secrets = Secrets::default();
    let text = "0123456789abcdef".repeat(LONGEST / 16);
    assert_eq!(secrets.hide_value(&text.as_str().into()), Ok(()));
    let error = secrets.hide_value(&format!("{text}!").as_str().into());
    assert_eq!(error, Err("has more than 8192 bytes, which can't be hidden".into()));
}
