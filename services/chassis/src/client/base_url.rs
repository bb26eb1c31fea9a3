//! Base URLs of services.

use std::{fmt, str::FromStr};

use http::Uri;

/// Base URL of a service, such as `http://localhost:5002`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// The text isn't an `http` URL with a host and without a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the base URL of a service, which is written like http://localhost:5002")]
pub struct BaseUrlError;

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let url: Option<Uri> = text.parse().ok();
        let fits = url.is_some_and(|url| {
            url.scheme_str() == Some("http") && url.authority().is_some() && url.query().is_none()
        });
        if fits { Ok(Self(text.trim_end_matches('/').to_owned())) } else { Err(BaseUrlError) }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_http_with_a_host_and_loses_its_last_slash() {
        for (text, url) in [("http://localhost:5002/", "http://localhost:5002"), ("http://a/b", "http://a/b")]
        {
            assert_eq!(text.parse::<BaseUrl>().map(|url| url.to_string()), Ok(url.to_owned()));
        }
        for text in ["", "localhost:5002", "https://localhost", "http://a/?b=c", "/api"] {
            assert_eq!(text.parse::<BaseUrl>(), Err(BaseUrlError), "{text:?}");
        }
    }
}
