//! Errors of handlers, with their statuses in the specification.

use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use super::problem::Problem;
use crate::client::call::PROBLEM_JSON;

/// Schema of a problem.
#[derive(Object)]
#[oai(rename = "Problem")]
struct ProblemDocument {
    /// Kind of the problem; `about:blank` when the status says it all.
    #[oai(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the reply.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    status: u16,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// The path of the request.
    instance: String,
}

/// A [`Problem`] whose statuses are in the specification, as the error of a handler: `DocumentedProblem<404, 409>`. The
/// specification adds 500 to every operation, and 400, 413 and 415 to those with parameters or a body.
#[derive(Debug)]
pub struct DocumentedProblem<
    const A: u16,
    const B: u16 = 0,
    const C: u16 = 0,
    const D: u16 = 0,
    const E: u16 = 0,
    const F: u16 = 0,
>(Problem);

impl<const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16>
    DocumentedProblem<A, B, C, D, E, F>
{
    const STATUSES: [u16; 6] = [A, B, C, D, E, F];
}

impl<P, const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16> From<P>
    for DocumentedProblem<A, B, C, D, E, F>
where
    P: Into<Problem>,
{
    fn from(problem: P) -> Self {
        let problem = problem.into();
        let status = problem.status().as_u16();
        debug_assert!(
            matches!(status, 400 | 500) || Self::STATUSES.contains(&status),
            "the specification of this operation lacks {problem}"
        );
        Self(problem)
    }
}

impl<const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16>
    From<DocumentedProblem<A, B, C, D, E, F>> for poem::Error
{
    fn from(problem: DocumentedProblem<A, B, C, D, E, F>) -> Self {
        problem.0.into()
    }
}

impl<const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16> ApiResponse
    for DocumentedProblem<A, B, C, D, E, F>
{
    fn meta() -> MetaResponses {
        let responses = Self::STATUSES.into_iter().filter(|status| *status != 0).map(documented);
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

/// A problem of this status in the specification.
fn documented(status: u16) -> MetaResponse {
    let header = |name: &str, schema| MetaHeader {
        name: name.into(),
        description: None,
        required: true,
        deprecated: false,
        schema,
    };
    MetaResponse {
        description: meaning(status),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: ProblemDocument::schema_ref() }],
        headers: match status {
            401 => vec![header("WWW-Authenticate", String::schema_ref())],
            503 => vec![header("Retry-After", u32::schema_ref())],
            _ => Vec::new(),
        },
    }
}

/// Description of a status.
pub(super) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid",
        401 => "The service key is missing or wrong",
        402 => "Not enough money",
        403 => "It belongs to another user",
        404 => "Not found",
        409 => "It contradicts the present state",
        410 => "It was cancelled",
        413 => "The body is too large",
        415 => "The content type is not JSON",
        422 => "The idempotency key was used with another body",
        500 => "An error of the service",
        503 => "Not now; `Retry-After` says when to ask again",
        _ => "Refused",
    }
}
