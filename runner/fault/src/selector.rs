use std::{fmt, ops::RangeInclusive, str::FromStr};

use http::{HeaderMap, Method};

/// The part of a request that faults are selected by.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// Its path, without the query.
    pub path: &'a str,
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
    /// Which of the matching exchanges, counted since the fault was injected.
    pub calls: Calls,
    /// The probability with which it meets each of those.
    pub probability: Probability,
}

impl Selector {
    /// Whether method, path and headers match. Which of the matching requests the fault meets, [`Calls`] and
    /// [`Probability`] decide.
    pub fn matches(&self, head: &RequestHead<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method == head.method)
            && self.path.matches(head.path)
            && self
                .headers
                .iter()
                .all(|(name, value)| head.headers.get_all(name).iter().any(|found| found == value))
    }
}

/// The requests it selects: `POST /api/users/*/balance`; empty when it selects all.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map(Method::as_str);
        let path = Some(self.path.0.as_str()).filter(|_| self.path != PathPattern::default());
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let headers = (!names.is_empty()).then(|| format!("with {}", names.join(", ")));
        let parts = [method, path, headers.as_deref()];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
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
    fn method_and_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", "click-1".parse().expect("a value"));
        let head = RequestHead { method: &Method::POST, path: "/api/payments", headers: &headers };
        let keyed = |key: &str| Selector {
            method: Some(Method::POST),
            headers: vec![(http::HeaderName::from_static("idempotency-key"), key.parse().expect("a value"))],
            ..Selector::default()
        };
        assert!(keyed("click-1").matches(&head));
        assert!(!keyed("click-2").matches(&head));
        assert!(!Selector { method: Some(Method::GET), ..Selector::default() }.matches(&head));
    }
}
