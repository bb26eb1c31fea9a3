//! Asks an address what is there.

use std::time::Duration;

use bytes::Bytes;
use fault::ServiceName;
use http::{Request, Uri};
use import::{Answer, Found};
use proxy::HttpClient;
use scenario::Value;
use tower::ServiceExt;
use verdict::{BrokenOff, NoReply};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The paths that are asked for beside the document.
const PATHS: [&str; 4] = ["/", "/health", "/healthz", "/livez"];
/// Where services have their documents.
const DOCUMENTS: [&str; 4] = ["/openapi.json", "/v3/api-docs", "/swagger.json", "/api-docs"];
/// The largest document that is read, in bytes.
const LARGEST: usize = 8 << 20;

/// Asks for the paths that tell what a service is.
pub(crate) async fn ask(url: &Uri) -> Result<Found, BrokenOff> {
    let authority = url.authority().expect("the address was checked").clone();
    let client = HttpClient::new(authority, url.path());
    let mut found = Found { base_url: Some(url.clone()), ..Found::default() };
    for path in PATHS {
        match get(&client, path).await {
            Ok(answer) => {
                let body = Value::parse(answer.body()).ok();
                let status = answer.status().as_u16();
                // A service without that path tells nothing by it.
                if status != 404 || path == "/" {
                    found.answers.push(Answer { path, status, body });
                }
            }
            Err(_) if path == "/" => return Err(absent(url)),
            Err(_) => {}
        }
    }
    for path in DOCUMENTS {
        let Ok(answer) = get(&client, path).await else { continue };
        let text = str::from_utf8(answer.body()).unwrap_or_default();
        if answer.status().is_success() && text.len() <= LARGEST && import::document_title(text).is_some() {
            found.document = Some(text.to_owned());
            break;
        }
    }
    Ok(found)
}

async fn get(client: &HttpClient, path: &str) -> Result<http::Response<Bytes>, NoReply> {
    let request = Request::get(path).body(Bytes::new()).expect("the path is valid");
    let answer = tokio::time::timeout(PATIENCE, client.clone().oneshot(request)).await;
    answer.unwrap_or(Err(NoReply::TimedOut(PATIENCE)))
}

fn absent(url: &Uri) -> BrokenOff {
    let address = url.to_string().trim_end_matches('/').to_owned();
    let name = url.port_u16().map_or("service".to_owned(), |port| format!("service-{port}"));
    let service: ServiceName = name.parse().expect("letters, digits and a hyphen");
    BrokenOff::Absent { service, address }
}
