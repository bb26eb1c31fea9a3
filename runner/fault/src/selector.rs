use std::{fmt, ops::RangeInclusive, str::FromStr};

use http::{HeaderMap, Method};

use crate::{ContentFilter, Ordinal};

/// The part of a request that faults are selected by.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// Its path, without the query.
    pub path: &'a str,
    /// Its query, as it was sent; empty if there is none.
    pub query: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

/// Which exchanges on a link a fault meets. The default meets all of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selector {
    /// Only this method.
    pub method: Option<Method>,
    /// Only these paths.
    pub path: PathPattern,
    /// Only requests with these headers and values.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// Only requests for which this condition holds.
    pub content: Option<ContentFilter>,
    /// Which of the matching exchanges, counted since the fault was injected.
    pub calls: Calls,
    /// The probability with which it meets each of those.
    pub probability: Probability,
}

impl Selector {
    /// Whether method, path, headers and content match. `body` may be empty unless [`Selector::needs_body`]. Which of the matching requests the fault meets, [`Calls`] and
    /// [`Probability`] decide.
    pub fn matches(&self, head: &RequestHead<'_>, body: &[u8]) -> bool {
        self.method.as_ref().is_none_or(|method| method == head.method)
            && self.path.matches(head.path)
            && self
                .headers
                .iter()
                .all(|(name, value)| head.headers.get_all(name).iter().any(|found| found == value))
            && self.content.as_ref().is_none_or(|filter| filter.content().selects(head, body))
    }

    /// Whether a request can only be matched with its body.
    pub fn needs_body(&self) -> bool {
        self.content.as_ref().is_some_and(|filter| filter.content().needs_body())
    }
}

/// The keys that are set, as they are written in a scenario: `match: POST /api/users/*/balance, calls: 1-3`; empty when it
/// selects all.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map(ToString::to_string);
        let path = (self.path != PathPattern::default()).then(|| self.path.to_string());
        let header = |(name, value): &(http::HeaderName, http::HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let headers: Vec<String> = self.headers.iter().map(header).collect();
        let headers = (!headers.is_empty()).then(|| format!("with {}", headers.join(", ")));
        let request: Vec<String> = [method, path, headers].into_iter().flatten().collect();
        let keys = [
            (!request.is_empty()).then(|| format!("match: {}", request.join(" "))),
            self.content.as_ref().map(ContentFilter::to_string),
            (self.calls != Calls::All).then(|| format!("calls: {}", self.calls)),
            (self.probability != Probability::default())
                .then(|| format!("probability: {}", self.probability.value())),
        ];
        f.write_str(&keys.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A path, where `*` stands for one segment and a last `**` for all that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// The pattern written as `text`, which should start with `/`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether it matches `path`.
    pub fn matches(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let mut pattern = self.0.split('/');
        loop {
            match (pattern.next(), segments.next()) {
                (Some("**"), Some(_)) | (None, None) => return true,
                (Some("*"), Some(segment)) if !segment.is_empty() => {}
                (Some(expected), Some(segment)) if expected == segment => {}
                _ => return false,
            }
        }
    }
}

impl Default for PathPattern {
    fn default() -> Self {
        Self("/**".into())
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of the matching exchanges, counted from 1 since the fault was injected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Calls {
    /// All of them.
    #[default]
    All,
    /// The first to the last named.
    Range(RangeInclusive<u64>),
    /// Every n-th: the n-th, the 2n-th, …
    Every(u64),
}

impl Calls {
    /// Whether it includes the matching exchange with this number, counted from 1.
    pub(crate) fn includes(&self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Range(range) => range.contains(&number),
            Self::Every(n) => number.is_multiple_of(*n),
        }
    }
}

/// `1`, `1-3` and `every 2nd`, as it is read; `all` for all of them.
impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Range(range) if range.start() == range.end() => range.start().fmt(f),
            Self::Range(range) => write!(f, "{}-{}", range.start(), range.end()),
            Self::Every(n) => write!(f, "every {}", Ordinal(*n)),
        }
    }
}

impl FromStr for Calls {
    type Err = &'static str;

    /// Reads `1`, `1-3` and `every 2nd`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const HELP: &str = "calls are `1`, `1-3` or `every 2nd`, counted from 1";
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|n| *n > 0).ok_or(HELP);
        if let Some(every) = text.strip_prefix("every ") {
            return number(every.trim_end_matches(|c: char| c.is_ascii_alphabetic())).map(Self::Every);
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        if first > last { Err(HELP) } else { Ok(Self::Range(first..=last)) }
    }
}

/// How likely a fault is to meet an exchange, `0.0` to `1.0`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// A probability, or `None` outside of `0.0 ..= 1.0`.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The probability as a number.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl Default for Probability {
    fn default() -> Self {
        Self(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    #[test]
    fn paths() {
        for (pattern, path, expected) in [
            ("/api/users/*/balance", "/api/users/1/balance", true),
            ("/api/users/*/balance", "/api/users//balance", false),
            ("/api/users/*/balance", "/api/users/1/2/balance", false),
            ("/api/users/*", "/api/users", false),
            ("/api/**", "/api/users/1", true),
            ("/api/**", "/health", false),
            ("/api/users", "/api/users", true),
            ("/api/users", "/api/users/", false),
        ] {
            assert_eq!(PathPattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
        assert!(PathPattern::default().matches("/"));
    }

    #[test]
    fn calls() {
        for (text, expected) in [
            ("1", [true, false, false, false]),
            ("2-3", [false, true, true, false]),
            ("every 2nd", [false, true, false, true]),
            ("every 2", [false, true, false, true]),
        ] {
            let calls: Calls = text.parse().expect("calls");
            assert_eq!([1, 2, 3, 4].map(|n| calls.includes(n)), expected, "{text}");
        }
        for text in ["0", "3-1", "often", "every 0", "every", "-1", ""] {
            assert!(text.parse::<Calls>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_selected_reads_as_it_is_written() {
        let every_second = Selector {
            method: Some(Method::DELETE),
            path: PathPattern::new("/x"),
            headers: vec![(http::HeaderName::from_static("tenant"), http::HeaderValue::from_static("a"))],
            content: None,
            calls: Calls::Every(2),
            probability: Probability::new(0.25).expect("a probability"),
        };
        for (selector, expected) in [
            (Selector::default(), ""),
            (every_second, "match: DELETE /x with tenant: a, calls: every 2nd, probability: 0.25"),
            (Selector { calls: Calls::Range(1..=1), ..Selector::default() }, "calls: 1"),
            (Selector { calls: Calls::Range(2..=4), ..Selector::default() }, "calls: 2-4"),
        ] {
            assert_eq!(selector.to_string(), expected);
        }
    }

    #[test]
    fn method_and_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", "click-1".parse().expect("a value"));
        let head =
            RequestHead { method: &Method::POST, path: "/api/payments", query: "a=1", headers: &headers };
        let keyed = |key: &str| Selector {
            method: Some(Method::POST),
            headers: vec![(http::HeaderName::from_static("idempotency-key"), key.parse().expect("a value"))],
            ..Selector::default()
        };
        assert!(keyed("click-1").matches(&head, b""));
        assert!(!keyed("click-2").matches(&head, b""));
        assert!(!Selector { method: Some(Method::GET), ..Selector::default() }.matches(&head, b""));
    }

    /// Selects requests whose query, followed by the body, is this text.
    #[derive(Debug)]
    struct Equals(&'static str);

    impl fmt::Display for Equals {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "content: {}", self.0)
        }
    }

    impl Content for Equals {
        fn selects(&self, head: &RequestHead<'_>, body: &[u8]) -> bool {
            [head.query.as_bytes(), body].concat() == self.0.as_bytes()
        }

        fn needs_body(&self) -> bool {
            true
        }

        fn keys(&self) -> String {
            self.0.into()
        }
    }

    #[test]
    fn a_condition_of_the_caller_selects_by_query_and_body() {
        let headers = HeaderMap::new();
        let head = RequestHead { method: &Method::POST, path: "/", query: "a=1", headers: &headers };
        let by = |text| Selector { content: Some(ContentFilter::new(Equals(text))), ..Selector::default() };
        assert!(by("a=1x").matches(&head, b"x") && by("a=1x").needs_body());
        assert!(!by("a=1x").matches(&head, b"y"));
        assert!(!Selector { method: Some(Method::GET), ..by("a=1x") }.matches(&head, b"x"));
        assert_eq!(by("a=1x").to_string(), "content: a=1x");
        assert!(by("a") == by("a") && by("a") != by("b") && !Selector::default().needs_body());
    }
}
