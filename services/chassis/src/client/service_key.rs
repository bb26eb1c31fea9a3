//! The service key: the secret that allows to move money and to confirm orders.

use std::{fmt, net::IpAddr};

use http::{HeaderName, HeaderValue};

/// The header that bears the key.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-service-key");
/// The key for development, good on loopback only.
const DEVELOPMENT: &str = "development-key";

/// Secret that the services share. It is never printed.
#[derive(Clone)]
pub struct ServiceKey(String);

/// A service key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceKeyError {
    /// It is empty or has a character that no header can bear.
    #[error("the service key must be visible ASCII characters")]
    Unfit,
    /// The built-in key is for loopback only.
    #[error("won't listen on {bind} with the built-in service key")]
    DevelopmentKey {
        /// The address to listen on.
        bind: IpAddr,
    },
}

impl ServiceKey {
    /// The built-in key for development.
    pub fn development() -> Self {
        Self(DEVELOPMENT.into())
    }

    /// The key to serve `bind` with: the given one, or the built-in one, which is for loopback addresses only.
    pub fn for_address(given: Option<String>, bind: IpAddr) -> Result<Self, ServiceKeyError> {
        let key = given.unwrap_or_else(|| DEVELOPMENT.into());
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ServiceKeyError::Unfit);
        }
        if key == DEVELOPMENT && !bind.is_loopback() {
            return Err(ServiceKeyError::DevelopmentKey { bind });
        }
        Ok(Self(key))
    }

    /// Whether it is the built-in key.
    pub fn is_development(&self) -> bool {
        self.0 == DEVELOPMENT
    }

    /// The value of the header.
    pub fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&self.0).expect("a key is visible ASCII");
        value.set_sensitive(true);
        value
    }

    /// Compares in a time that depends only on the length of `given`.
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
