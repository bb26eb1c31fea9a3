//! The cookies that services have given to a client (RFC 6265).

use std::time::Duration;

use cookie::Cookie;
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};

/// The most cookies that one service can give to a client. The oldest one makes room.
const MOST: usize = 300;

/// The cookies of one client at one service, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct CookieJar(Vec<StoredCookie>);

#[derive(Debug, Clone)]
struct StoredCookie {
    name: String,
    value: String,
    path: String,
    /// When it is gone, since the Unix epoch; never when `None`.
    gone: Option<Duration>,
    is_secure: bool,
}

/// Whether a request goes to this machine, where a cookie that is `Secure` needs no TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Loopback,
    Elsewhere,
}

impl CookieJar {
    /// Keeps what a reply to a request for `path` sets at `now`, a time since the Unix epoch.
    pub(crate) fn store(&mut self, reply: &HeaderMap, path: &str, now: Duration) {
        let set =
            reply.get_all(SET_COOKIE).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        for cookie in set.filter_map(|text| Cookie::parse(text).ok()) {
            let given = cookie.path().filter(|path| path.starts_with('/'));
            let new = StoredCookie {
                name: cookie.name().to_owned(),
                value: cookie.value().to_owned(),
                path: given.unwrap_or_else(|| folder(path)).to_owned(),
                gone: gone(&cookie, now),
                is_secure: cookie.secure().unwrap_or(false),
            };
            let same = |old: &StoredCookie| (&old.name, &old.path) == (&new.name, &new.path);
            let position = self.0.iter().position(same);
            match (position, new.gone.is_some_and(|gone| gone <= now)) {
                (Some(position), true) => drop(self.0.remove(position)),
                (Some(position), false) => self.0[position] = new,
                (None, true) => {}
                (None, false) => self.0.push(new),
            }
        }
        let too_many = self.0.len().saturating_sub(MOST);
        self.0.drain(..too_many);
    }

    /// Adds the cookies to a request for `path` at `now`, unless it has some of its own: those with the longest paths first.
    pub(crate) fn add(&self, request: &mut HeaderMap, path: &str, host: Host, now: Duration) {
        let is_sent = |cookie: &&StoredCookie| {
            cookie.gone.is_none_or(|gone| gone > now)
                && covers(&cookie.path, path)
                && (host == Host::Loopback || !cookie.is_secure)
        };
        let mut sent: Vec<&StoredCookie> = self.0.iter().filter(is_sent).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if let Ok(value) = HeaderValue::from_str(&pairs.join("; "))
            && !pairs.is_empty()
        {
            request.entry(COOKIE).or_insert(value);
        }
    }
}

/// When a cookie is gone that is set at `now`. `Max-Age` counts more than `Expires`.
fn gone(cookie: &Cookie<'_>, now: Duration) -> Option<Duration> {
    if let Some(age) = cookie.max_age() {
        let age = u64::try_from(age.whole_seconds()).unwrap_or(0);
        return now.checked_add(Duration::from_secs(age)).filter(|_| age > 0).or((age == 0).then_some(now));
    }
    let seconds = cookie.expires_datetime()?.unix_timestamp();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// The path of a cookie that a reply to a request for `path` sets without one (RFC 6265, 5.1.4).
fn folder(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// Whether a cookie of the path `of` belongs to a request for `path`.
fn covers(of: &str, path: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| of.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_767_225_600); // 2026-01-01T00:00:00Z

    /// The cookies for a request for `path`, `later` seconds after a reply to `/a/b` has set them.
    fn sent(set: &[&str], path: &str, later: u64) -> String {
        let mut reply = HeaderMap::new();
        for value in set {
            reply.append(SET_COOKIE, value.parse().expect("a value"));
        }
        let (mut jar, mut request) = (CookieJar::default(), HeaderMap::new());
        jar.store(&reply, "/a/b", NOW);
        jar.add(&mut request, path, Host::Loopback, NOW + Duration::from_secs(later));
        request.get(COOKIE).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    }

    #[test]
    fn cookies_are_sent_to_their_paths_until_they_are_gone() {
        for (set, path, later, expected) in [
            (&["a=1", "b=2"] as &[_], "/a/c", 0, "a=1; b=2"),
            (&["a=1"], "/a", 0, "a=1"),
            (&["a=1"], "/ab", 0, ""),
            (&["a=1"], "/", 0, ""),
            (&["a=1; Path=/"], "/", 0, "a=1"),
            (&["a=1; Path=/x/"], "/x/y", 0, "a=1"),
            (&["a=1; Path=/x/"], "/x", 0, ""),
            (&["a=1; Path=x"], "/a/b", 0, "a=1"),
            (&["a=1; Path=/", "a=2"], "/a/b", 0, "a=2; a=1"),
            (&["a=1", "b=2", "a=3"], "/a/b", 0, "a=3; b=2"),
            (&["a=1; Max-Age=60"], "/a/b", 59, "a=1"),
            (&["a=1; Max-Age=60"], "/a/b", 60, ""),
            (&["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/a/b", 0, "a=1"),
            (&["a=1; Expires=Thu, 01 Jan 2026 00:01:00 GMT"], "/a/b", 59, "a=1"),
            (&["a=1; Expires=Thu, 01 Jan 2026 00:01:00 GMT"], "/a/b", 60, ""),
            (&["a=1", "a=; Max-Age=0"], "/a/b", 0, ""),
            (&["a=1", "a=; Max-Age=-1"], "/a/b", 0, ""),
            (&["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/a/b", 0, ""),
            (&["a=1", "a=; Path=/; Max-Age=0"], "/a/b", 0, "a=1"),
            (&["a=1; Max-Age=99999999999999"], "/a/b", 60, "a=1"),
            (&["a=\"x y\"; Secure; HttpOnly; SameSite=Strict; Domain=example.org"], "/a/b", 0, "a=\"x y\""),
            (&["no cookie", "=x", "a=1"], "/a/b", 0, "a=1"),
        ] {
            assert_eq!(sent(set, path, later), expected, "{set:?} for {path} after {later} s");
        }
    }

    #[test]
    fn a_secure_cookie_stays_on_this_machine_and_a_header_of_the_request_wins() {
        let reply = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("a=1; Secure; Path=/"))]);
        let mut jar = CookieJar::default();
        jar.store(&reply, "/", NOW);
        let mut elsewhere = HeaderMap::new();
        jar.add(&mut elsewhere, "/", Host::Elsewhere, NOW);
        assert_eq!(elsewhere.get(COOKIE), None);
        let mut own = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("mine=1"))]);
        jar.add(&mut own, "/", Host::Loopback, NOW);
        assert_eq!(own[COOKIE], "mine=1");
    }
}
