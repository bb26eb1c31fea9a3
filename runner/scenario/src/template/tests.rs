//! Paths: a template and its values, and the request line that is sent.

use serde_json::json;

use super::*;

fn scope() -> Scope {
    let serde_json::Value::Object(values) = json!({
        "id": 7,
        "name": "café & crème",
        "deep": "a/b?c#d%20e+f",
        "next": "/api/é?page=2&q=a%20b",
        "url": "http://localhost:1/thing",
        "thing": "thing",
        "anchor": "/thing#top",
        "lines": "/a\nb",
        "query": "page=2&q=a b",
        "list": ["a", "b&c"],
        "none": null,
        "object": {"a": 1},
        "at": "2026-11-26T04:37:09Z",
    }) else {
        unreachable!("it is an object")
    };
    Scope::new(values)
}

fn path(text: &str) -> PathTemplate {
    let template = Template::parse(text, |range| Expression::parse(&text[range]));
    PathTemplate::new(template.expect("a template"))
}

#[test]
fn a_path_is_encoded_where_it_has_to_be() {
    for (text, expected) in [
        // As it is written.
        ("/api/orders?a=1&b=x+y&c", "/api/orders?a=1&b=x+y&c"),
        ("/search?q=a%20b&x[]=1&x[]=2", "/search?q=a%20b&x[]=1&x[]=2"),
        ("/café/%c3%a9?q=café", "/caf%C3%A9/%c3%a9?q=caf%C3%A9"),
        ("/search?q=a|b", "/search?q=a%7Cb"),
        (r#"/search?q={"a": [1]}"#, "/search?q=%7B%22a%22:%20[1]%7D"),
        ("/search?q=100%&r=5%x", "/search?q=100%25&r=5%25x"),
        ("/users/a@b.c;v=1/(x),'y'", "/users/a@b.c;v=1/(x),'y'"),
        // A value is a segment of the path or a value in the query.
        ("/api/orders/${id}/items", "/api/orders/7/items"),
        ("/files/${deep}", "/files/a%2Fb%3Fc%23d%2520e+f"),
        ("/search?q=${deep}&at=${at}", "/search?q=a/b?c%23d%2520e%2Bf&at=2026-11-26T04:37:09Z"),
        ("/${name}?q=${name}", "/caf%C3%A9%20&%20cr%C3%A8me?q=caf%C3%A9%20%26%20cr%C3%A8me"),
        ("/a${id}-${name}", "/a7-caf%C3%A9%20&%20cr%C3%A8me"),
        ("/search?ids=${list | join(',')}", "/search?ids=a,b%26c"),
        ("/search?${thing}=1&${thing}${id}", "/search?thing=1&thing7"),
        // What is encoded isn't encoded again.
        ("/search?q=${name | urlencode}", "/search?q=caf%C3%A9%20%26%20cr%C3%A8me"),
        ("/files/${(deep | urlencode) ~ '.txt'}", "/files/a%2Fb%3Fc%23d%2520e%2Bf.txt"),
        ("/search?${ {'q': name, 'n': 1} | urlencode }", "/search?q=caf%C3%A9%20%26%20cr%C3%A8me&n=1"),
        // A value that is a whole path or a whole pair of the query.
        ("${next}", "/api/%C3%A9?page=2&q=a%20b"),
        ("/${next}", "/api/%C3%A9?page=2&q=a%20b"),
        ("${next}&r=${deep}", "/api/%C3%A9?page=2&q=a%20b&r=a/b?c%23d%2520e%2Bf"),
        ("/${thing}", "/thing"),
        ("/search?${query}", "/search?page=2&q=a%20b"),
        ("/search?${query}&r=1", "/search?page=2&q=a%20b&r=1"),
    ] {
        assert_eq!(path(text).render(&scope()), Ok(expected.into()), "{text}");
    }
}

#[test]
fn a_value_that_can_not_stand_in_its_place_is_an_error() {
    let whole = "`http://localhost:1/thing` is a whole URL, and a request names its service: take the path from it with `| \
                 regex('^https?://[^/]+(/.*)')`";
    for (text, expected) in [
        ("${url}", whole),
        ("/${url}", whole),
        ("${thing}", "`thing` is no path, which begins with `/`: write a `/` before the `${…}`"),
        ("${anchor}", "`/thing#top` has a `#`, and what follows one isn't sent to a service"),
        ("${lines}", r#""/a\nb" has a control character, which a path can't have"#),
        ("/${none}", "it is null, and a path is made of texts and numbers"),
        ("/a-${list}/b", "it is a list, and a path is made of texts and numbers"),
        ("/a/${object}?b=1", "it is an object, and a path is made of texts and numbers"),
        ("/search?${anchor}", "`/thing#top` has a `#`, and what follows one isn't sent to a service"),
    ] {
        assert_eq!(path(text).render(&scope()).map_err(|error| error.reason), Err(expected.into()), "{text}");
    }
}

#[test]
fn a_value_that_is_bound_is_encoded_like_one_that_is_filled_in() {
    let bindings: Bindings = ["deep", "id", "next", "thing", "query"]
        .map(|name| (name.to_owned(), Binding::Value(scope().get(name).expect("a value").clone())))
        .into();
    for text in [
        "/files/${deep}?q=${deep}&id=${id}",
        "${next}",
        "/${next}",
        "${next}&q=${deep}",
        "/search?${query}",
        "/${name}?q=${deep}",
        "${thing}",
    ] {
        let (free, bound) = (path(text), path(text).bind(&bindings));
        assert_eq!(bound.render(&scope()).ok(), free.render(&scope()).ok(), "{text}");
        assert_eq!(bound.source().contains("${"), text.contains("name") || text == "${thing}", "{text}");
        // What is written is read back as the same path.
        assert_eq!(path(&bound.source()).render(&scope()).ok(), free.render(&scope()).ok(), "{text}");
    }
    let bindings = [("deep".to_owned(), bindings["deep"].clone())].into();
    let (free, bound) = (path("${next}&r=${deep}"), path("${next}&r=${deep}").bind(&bindings));
    assert!(!bound.names().any(|name| name == "deep"), "{}", bound.source());
    assert_eq!(bound.render(&scope()), free.render(&scope()));
}
