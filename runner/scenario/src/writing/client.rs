use std::path::Path;

use super::{
    mapping::Mapping,
    request::{authentication, follow, headers, request_step},
};
use crate::{Client, ClientName, LoginScope, Object, RequestDefaults, duration};

/// Writes a client of a file in `folder`.
pub(super) fn client(client: &Client, folder: &Path) -> Object {
    let mut written = Mapping::default();
    written.names("headers", headers(&client.headers).into_iter());
    written.maybe("auth", client.auth.as_ref().map(authentication));
    if let Some(login) = &client.login {
        let mut inner = Mapping::default();
        request_step(&mut inner, &login.request, folder);
        inner.maybe("once", (login.once == LoginScope::Run).then_some("run"));
        written.put("login", inner.0);
    }
    written.0
}

pub(super) fn defaults(defaults: &RequestDefaults) -> Object {
    let mut written = Mapping::default();
    written.names("headers", headers(&defaults.headers).into_iter());
    written.names("query", defaults.query.source());
    written.maybe("auth", defaults.auth.as_ref().map(authentication));
    written.maybe("as", defaults.client.as_ref().map(ClientName::as_str));
    written.maybe("follow", defaults.follow.map(follow));
    written.maybe("timeout", defaults.timeout.map(duration::written));
    written.0
}
