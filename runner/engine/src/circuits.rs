//! Asks services for their circuits, for what a person reads about a failure.

use std::time::Duration;

use fault::ServiceName;
use futures_util::future::join_all;
use scenario::{Scope, Value};
use verdict::{Circuit, EncodedBody, Reply};

use crate::{
    World,
    request::{PreparedRequest, RequestRules},
};

/// How long a service may take to tell. It may be the one that hangs.
const WITHIN: Duration = Duration::from_secs(1);

/// Asks each service at its path, past all links, and returns what was told. `variables` are what the headers of its requests can name. A service that doesn't answer is left out.
pub(crate) async fn observe<W: World>(
    world: &W,
    paths: &[(ServiceName, http::Uri)],
    rules: &RequestRules,
    variables: &Scope,
) -> Vec<Circuit> {
    let asked = paths.iter().map(async |(service, path)| {
        let request = PreparedRequest::get(service.clone(), path, WITHIN, rules, variables).ok();
        let reply = match request {
            Some(request) => request.observe(world).await.ok().filter(|reply| reply.status.is_success()),
            None => None,
        };
        reply.as_ref().and_then(told).map_or_else(Vec::new, |told| circuits(service, &told))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

fn told(reply: &Reply) -> Option<Value> {
    EncodedBody::new(&reply.headers, &reply.body).value().ok()
}

/// The circuits in a reply: an object of callees and states, or one that has such an object as its member `circuits`. A
/// state is a text, or an object with a text `state` and maybe `transitions`, a list of objects with `from`, `to` and maybe `why`.
fn circuits(service: &ServiceName, told: &Value) -> Vec<Circuit> {
    let Value::Object(circuits) = told.get("circuits").unwrap_or(told) else { return Vec::new() };
    let circuit = |(callee, circuit): (&String, &Value)| {
        let state = circuit.get("state").unwrap_or(circuit).as_str()?;
        let moves = match circuit.get("transitions") {
            Some(Value::Array(moves)) => Some(moves.iter().filter_map(transition).collect()),
            _ => None,
        };
        Some(Circuit { service: service.clone(), callee: callee.clone(), state: state.into(), moves })
    };
    circuits.iter().filter_map(circuit).collect()
}

fn transition(transition: &Value) -> Option<String> {
    let text = |key| transition.get(key).and_then(Value::as_str);
    let change = format!("{} → {}", text("from")?, text("to")?);
    Some(text("why").map_or(change.clone(), |why| format!("{change}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circuits_are_read_from_the_forms_in_which_services_tell_them() {
        let service: ServiceName = "shop".parse().expect("a name");
        let circuit = |moves: Option<Vec<String>>| Circuit {
            service: service.clone(),
            callee: "bank".into(),
            state: "open".into(),
            moves,
        };
        let moves = vec!["closed → open: 5 failures".to_owned()];
        let transitions = r#"[{"at_ms": 3, "from": "closed", "to": "open", "why": "5 failures"}]"#;
        let with_moves =
            format!(r#"{{"circuits": {{"bank": {{"state": "open", "transitions": {transitions}}}}}}}"#);
        for (told, expected) in [
            (r#"{"bank": "open"}"#, vec![circuit(None)]),
            (r#"{"status": "healthy", "circuits": {"bank": "open"}}"#, vec![circuit(None)]),
            (&with_moves, vec![circuit(Some(moves))]),
            (r#"{"circuits": {}}"#, Vec::new()),
            (r#""open""#, Vec::new()),
        ] {
            assert_eq!(circuits(&service, &Value::parse(told).expect(told)), expected, "{told}");
        }
    }
}
