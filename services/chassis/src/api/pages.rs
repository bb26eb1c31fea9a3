//! `/`, `/docs` and `/openapi.json`, which are not part of the specification.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi,
    payload::{Html, Json},
};
use serde_json::Value;

use super::docs::Docs;

pub(super) struct PagesApi;

#[derive(ApiResponse)]
enum Root {
    #[oai(status = 303)]
    SeeOther(#[oai(header = "Location")] String),
}

#[OpenApi]
#[expect(clippy::unused_async, reason = "poem-openapi awaits every handler")]
impl PagesApi {
    #[oai(path = "/", method = "get", hidden)]
    async fn root(&self) -> Root {
        Root::SeeOther("/docs".into())
    }

    #[oai(path = "/docs", method = "get", hidden)]
    async fn docs(&self, Data(docs): Data<&Arc<Docs>>) -> Html<String> {
        Html(docs.page.clone())
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn specification(&self, Data(docs): Data<&Arc<Docs>>) -> Json<Value> {
        Json(docs.specification.clone())
    }
}
