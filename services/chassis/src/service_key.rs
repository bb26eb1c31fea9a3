//! The service key: who may move money and confirm orders.

use std::{fmt, net::IpAddr};

use poem::{
    Request,
    http::{HeaderName, HeaderValue},
};
use poem_openapi::{SecurityScheme, auth::ApiKey};

use crate::{problem::Problem, start::StartError};

/// The header that bears the key.
pub const HEADER: HeaderName = HeaderName::from_static("x-service-key");
/// The key for development, good on loopback only.
const DEVELOPMENT: &str = "development-key";

/// A shared secret between the services. It is never shown.
#[derive(Clone)]
pub struct ServiceKey(String);

impl ServiceKey {
    /// The built-in key for development.
    pub fn development() -> Self {
        Self(DEVELOPMENT.into())
    }

    /// The key to serve `bind` with. Without one of its own, or with the built-in one, a service stays on loopback.
    pub fn for_address(given: Option<String>, bind: IpAddr) -> Result<Self, StartError> {
        let key = given.unwrap_or_else(|| DEVELOPMENT.into());
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(StartError::UnfitKey);
        }
        if key == DEVELOPMENT && !bind.is_loopback() {
            return Err(StartError::KeyNeeded { bind });
        }
        Ok(Self(key))
    }

    /// Whether it is the one that everybody knows.
    pub fn is_development(&self) -> bool {
        self.0 == DEVELOPMENT
    }

    /// The value of the header.
    pub fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&self.0).expect("a key is visible ASCII");
        value.set_sensitive(true);
        value
    }

    /// Compares in a time that depends on the length of what was given, and on nothing else.
    pub fn matches(&self, given: &str) -> bool {
        let key = self.0.as_bytes();
        let mut difference = key.len() ^ given.len();
        for (at, byte) in given.bytes().enumerate() {
            difference |= usize::from(byte ^ key[at % key.len()]);
        }
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(…)")
    }
}

/// A caller who bears the service key. As a parameter of a handler: 401 for everybody else.
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_name = "X-Service-Key",
    key_in = "header",
    rename = "ServiceKey",
    checker = "check"
)]
pub struct ByService(());

/// A caller with or without the service key; a wrong one is 401.
#[derive(SecurityScheme)]
pub enum Caller {
    /// Bears the right key.
    Service(ByService),
    /// Bears none.
    #[oai(fallback)]
    Anyone,
}

#[expect(clippy::unused_async, reason = "poem-openapi awaits it")]
async fn check(request: &Request, given: ApiKey) -> poem::Result<()> {
    let key = request.data::<ServiceKey>().expect("the app hands the key to every request");
    if key.matches(&given.key) { Ok(()) } else { Err(Problem::unauthorized().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_matches() {
        let key = ServiceKey("secret".into());
        for wrong in ["", "s", "secre", "secrets", "secretsecret", "Secret"] {
            assert!(!key.matches(wrong), "{wrong:?}");
        }
        assert!(key.matches("secret"));
    }

    #[test]
    fn beyond_loopback_a_key_of_its_own_is_needed() {
        let anywhere: IpAddr = "0.0.0.0".parse().unwrap();
        let loopback: IpAddr = "::1".parse().unwrap();
        assert!(ServiceKey::for_address(None, loopback).unwrap().is_development());
        assert!(ServiceKey::for_address(None, anywhere).is_err());
        assert!(ServiceKey::for_address(Some(DEVELOPMENT.into()), anywhere).is_err());
        assert!(ServiceKey::for_address(Some("mine".into()), anywhere).is_ok());
        assert!(ServiceKey::for_address(Some("a b".into()), loopback).is_err());
        assert!(ServiceKey::for_address(Some(String::new()), loopback).is_err());
    }
}
