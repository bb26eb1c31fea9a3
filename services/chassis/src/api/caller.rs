//! Callers with and without the service key, as parameters of handlers.

use poem::Request;
use poem_openapi::{SecurityScheme, auth::ApiKey};

use super::problem::Problem;
use crate::client::service_key::ServiceKey;

/// A caller that bears the service key. As a parameter of a handler it answers any other caller with 401.
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_name = "X-Service-Key",
    key_in = "header",
    rename = "ServiceKey",
    checker = "check"
)]
pub struct ByService(());

/// A caller with or without the service key. A wrong key is answered with 401.
#[derive(SecurityScheme)]
pub enum Caller {
    /// The caller bears the key.
    Service(ByService),
    /// The caller bears no key.
    #[oai(fallback)]
    Anyone,
}

#[expect(clippy::unused_async, reason = "poem-openapi awaits it")]
async fn check(request: &Request, given: ApiKey) -> poem::Result<()> {
    let key = request.data::<ServiceKey>().expect("the app hands the key to every request");
    if key.matches(&given.key) { Ok(()) } else { Err(Problem::unauthorized().into()) }
}
