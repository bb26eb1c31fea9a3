//! Whether a failure would remain one, whatever the unknown outcomes of its requests turn out to be.

use engine::ScenarioResult;
use fault::CLIENT;
use http::StatusCode;
use verdict::{Exchange, Failure, FailureLocation, FindingKind, RequestOutcome, Verdict};

/// Whether a run fails before its end, or each request under these keys, which no outcome check sends again, had a definite
/// outcome or was never sent.
pub(crate) fn is_certain(result: &ScenarioResult, unchecked_keys: &[String]) -> bool {
    let Verdict::Failed(failures) = &result.verdict else { return true };
    if failures.iter().any(is_certain_alone) {
        return true;
    }
    unchecked_keys.iter().all(|key| {
        let own = result
            .history
            .exchanges()
            .filter(|exchange| exchange.link.caller.as_str() == CLIENT && carries(exchange, key));
        let (mut unknown, mut answered) = (false, false);
        for exchange in own {
            let provisional = exchange.reply().is_some_and(|reply| reply.status == StatusCode::ACCEPTED);
            match exchange.outcome() {
                RequestOutcome::Ok if !provisional => answered = true,
                RequestOutcome::Failed => {}
                RequestOutcome::Ok | RequestOutcome::Unknown => unknown = true,
            }
        }
        answered || !unknown
    })
}

/// Whether a failure stands before the end, or is about a process, which no request's outcome changes.
fn is_certain_alone(failure: &Failure) -> bool {
    failure.location != FailureLocation::End
        || failure.findings.iter().any(|finding| matches!(finding.kind, FindingKind::Process(..)))
}

/// Whether a request has this key in a header, its path or its body.
fn carries(exchange: &Exchange<'_>, key: &str) -> bool {
    let request = exchange.request;
    let within = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        // `pay-1` is not in `pay-12`.
        let ends = |at: usize| !text[at + key.len()..].starts_with(|c: char| c.is_ascii_digit());
        text.match_indices(key).any(|(at, _)| ends(at))
    };
    request.headers.values().any(|value| value.as_bytes() == key.as_bytes())
        || within(request.path.as_bytes())
        || within(&request.body)
}
