//! Bodies as they were meant: bytes and headers in, a value or the reason why there is none out.

use http::HeaderName;
use serde_json::json;

use super::*;

fn headers(named: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), value.parse().expect("a header's value"))
    };
    named.iter().map(header).collect()
}

#[track_caller]
fn check(named: &[(&'static str, &str)], bytes: &[u8], expected: Result<serde_json::Value, &str>) {
    let headers = headers(named);
    let found = EncodedBody::new(&headers, bytes).value().map_err(|unreadable| unreadable.to_string());
    assert_eq!(found, expected.map(Value::from).map_err(str::to_owned), "{named:?}");
}

/// `{"title": "Köln"}` in each coding.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV*\xc9,\xc9IU\xb2RP\xf2>\xbc-'O\xa9\x16\x00\xd5\xf5\x90-\x12\x00\x00\x00";
const ZLIB: &[u8] = b"x\x9c\xabV*\xc9,\xc9IU\xb2RP\xf2>\xbc-'O\xa9\x16\x00<\xc3\x06\x9b";
const DEFLATE: &[u8] = b"\xabV*\xc9,\xc9IU\xb2RP\xf2>\xbc-'O\xa9\x16\x00";
const BR: &[u8] = b"\x8b\x08\x80{\x22title\x22: \x22K\xc3\xb6ln\x22}\x03";
const ZSTD: &[u8] = b"(\xb5/\xfd\x04X\x91\x00\x00{\x22title\x22: \x22K\xc3\xb6ln\x22}\x9a\xed\xa9\x91";
/// [`GZIP`] in brotli.
const GZIP_BR: &[u8] = b"\x8b\x12\x80\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV*\xc9,\xc9IU\xb2RP\xf2>\xbc-'O\xa9\x16\x00\xd5\xf5\x90-\x12\x00\x00\x00\x03";

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_body_is_decoded_as_its_content_encoding_says() {
    for (encoding, bytes) in [
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("GZip", GZIP),
        (" identity, gzip ,", GZIP),
        ("deflate", ZLIB),
        ("deflate", DEFLATE),
        ("br", BR),
        ("zstd", ZSTD),
        ("gzip, br", GZIP_BR),
        ("identity", r#"{"title": "Köln"}"#.as_bytes()),
    ] {
        check(&[JSON, ("content-encoding", encoding)], bytes, Ok(json!({"title": "Köln"})));
    }
    let twice = [JSON, ("content-encoding", "gzip"), ("content-encoding", "br")];
    check(&twice, GZIP_BR, Ok(json!({"title": "Köln"})));
    // Frames and members of which a stream consists, and one that holds no content.
    let both = Ok(json!("{\"title\": \"Köln\"}{\"title\": \"Köln\"}"));
    check(&[("content-encoding", "gzip")], &[GZIP, GZIP].concat(), both.clone());
    let skipped: &[u8] = &[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7];
    check(&[("content-encoding", "zstd")], &[ZSTD, skipped, ZSTD].concat(), both);
    // A reply to HEAD, a 204 and a 304 have none.
    check(&[JSON, ("content-encoding", "gzip")], b"", Ok(json!("")));
}

#[test]
fn a_body_that_is_not_what_its_content_encoding_says_is_an_error() {
    for (encoding, bytes, expected) in [
        ("gzip", &b"{}"[..], "not valid gzip, as its content-encoding says: it breaks off"),
        ("gzip", b"{\"title\": \"K\"}", "not valid gzip, as its content-encoding says: invalid gzip header"),
        ("gzip", &GZIP[..20], "not valid gzip, as its content-encoding says: it breaks off"),
        ("br", &BR[..9], "not valid br, as its content-encoding says: Invalid Data"),
        (
            "zstd",
            b"{\"title\": \"K\"}",
            "not valid zstd, as its content-encoding says: Read wrong magic number: 0x6974227B",
        ),
        (
            "compress",
            GZIP,
            "encoded as `compress`, which can't be decoded: there are gzip, deflate, br and zstd",
        ),
    ] {
        check(&[JSON, ("content-encoding", encoding)], bytes, Err(expected));
    }
}

#[test]
fn a_small_body_that_decodes_to_a_huge_one_is_an_error() {
    let mut bomb = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut bomb, flate2::Compression::best());
    for _ in 0..65 {
        std::io::Write::write_all(&mut encoder, &vec![b' '; 1 << 20]).expect("it is written to memory");
    }
    encoder.finish().expect("it is written to memory");
    check(&[JSON, ("content-encoding", "gzip")], &bomb, Err("larger than 64 MiB once it is decoded"));
}

#[test]
fn a_text_is_read_in_its_charset() {
    for (content_type, bytes, expected) in [
        ("text/html; charset=iso-8859-1", &b"<p>K\xf6ln</p>"[..], "<p>Köln</p>"),
        ("text/plain;Charset=\"Latin1\"", b"K\xf6ln", "Köln"),
        ("text/plain; charset=windows-1252; q=1", b"5 \x80", "5 €"),
        ("text/plain; charset=shift_jis", b"\x93\xfa\x96{", "日本"),
        ("text/plain; charset=utf-16", b"\xff\xfeK\0\xf6\0", "Kö"),
        ("text/plain; charset=utf-16be", b"\0K\0\xf6", "Kö"),
        ("text/plain", "\u{feff}Köln".as_bytes(), "Köln"),
        ("text/plain; charset=utf8", "Köln".as_bytes(), "Köln"),
        // A byte order mark is part of the body, and so weighs more than a header.
        ("text/plain; charset=iso-8859-1", "\u{feff}Köln".as_bytes(), "Köln"),
    ] {
        check(&[("content-type", content_type)], bytes, Ok(json!(expected)));
    }
    check(&[JSON], b"\xef\xbb\xbf{\"ok\": true}", Ok(json!({"ok": true})));
    check(&[("content-type", "application/json; charset=latin1")], b"[\"K\xf6ln\"]", Ok(json!(["Köln"])));
}

#[test]
fn bytes_that_are_not_in_their_charset_are_an_error() {
    for (content_type, bytes, expected) in [
        ("text/plain; charset=klingon", &b"x"[..], "in the charset `klingon`, which isn't known"),
        ("text/plain; charset=utf-8", b"a\nbc\xf6ln", "not valid UTF-8 at line 2, column 3: byte 0xF6"),
        (
            "text/plain; charset=shift_jis",
            b"\x93\xfa\xff",
            "not valid Shift_JIS at line 1, column 2: byte 0xFF",
        ),
        (
            "application/json; charset=utf-16",
            b"\xff\xfe[\0]",
            "not valid UTF-16LE at line 1, column 2: byte 0x5D",
        ),
        (
            "text/plain",
            b"K\xf6ln",
            "not text: byte 1 of 4 is 0xF6, which isn't UTF-8, and its content-type names no charset",
        ),
        (
            "image/png",
            b"\x89PNG",
            "not text: byte 0 of 4 is 0x89, which isn't UTF-8, and its content-type names no charset",
        ),
    ] {
        check(&[("content-type", content_type)], bytes, Err(expected));
    }
}

#[test]
fn json_is_what_is_said_to_be_json_and_what_reads_as_json_where_nothing_is_said() {
    for (content_type, text, expected) in [
        ("application/json", "[1]", json!([1])),
        ("application/problem+json; charset=utf-8", "{\"a\": null}", json!({"a": null})),
        ("application/problem+json", "12", json!(12)),
        ("Application/JSON", "\"x\"", json!("x")),
        ("application/json", " 12\n", json!(12)),
        ("application/octet-stream", "[1]", json!([1])),
        ("application/octet-stream", "[1", json!("[1")),
        ("text/html", "{\"a\": 1}", json!({"a": 1})),
        ("text/html", "{{ a }}", json!("{{ a }}")),
        ("text/plain", "12", json!("12")),
        ("text/csv", "true", json!("true")),
    ] {
        check(&[("content-type", content_type)], text.as_bytes(), Ok(expected));
    }
    check(&[], b"12", Ok(json!(12)));
    check(&[], b"hello", Ok(json!("hello")));
}

#[test]
fn json_that_is_none_says_where_and_shows_the_place() {
    for (text, expected) in [
        ("{\"v\": NaN}", "not valid JSON at line 1, column 7: a value is needed here\n{\"v\": NaN}\n      ^"),
        (
            "{\"ö\": 1,}",
            "not valid JSON at line 1, column 9: a key in double quotes is needed here\n{\"ö\": 1,}\n        ^",
        ),
        (
            "[1,\n\t2",
            "not valid JSON at line 2, column 3: a comma or a closing bracket is needed here, and the text ends\n 2\n  ^",
        ),
        ("<h1>Gone</h1>", "not valid JSON at line 1, column 1: a value is needed here\n<h1>Gone</h1>\n^"),
    ] {
        check(&[JSON], text.as_bytes(), Err(expected));
    }
    let headers = headers(&[JSON]);
    let long = format!("[{}oops{}]", "1, ".repeat(100), ", 1".repeat(100));
    let unreadable = EncodedBody::new(&headers, long.as_bytes()).value().expect_err("it isn't JSON");
    let text = unreadable.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "not valid JSON at line 1, column 302: a value is needed here");
    assert_eq!(lines[1].chars().count(), 62, "{text}");
    assert!(lines[1].chars().skip(lines[2].len() - 1).collect::<String>().starts_with("oops"), "{text}");
}
