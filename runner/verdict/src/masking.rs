//! Histories and verdicts without the secrets in them, for everything that is shown or kept.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use scenario::{Secrets, Value};

use crate::{
    Computed, Difference, EncodedBody, Finding, FindingKind, History, HistoryEvent, NoReply, Reply, Request,
    Verdict,
};

impl History {
    /// The same history with `***` in place of secrets.
    #[must_use]
    pub fn masked(&self, secrets: &Secrets) -> Self {
        let mut masked = Self::default();
        for record in self.records() {
            let mut event = record.event.clone();
            match &mut event {
                HistoryEvent::Sent(sent) => sent.request.mask(secrets),
                HistoryEvent::Answered(_, reply) | HistoryEvent::Ended(_, Ok(reply)) => reply.mask(secrets),
                HistoryEvent::Ended(_, Err(NoReply::Broken(why))) => secrets.mask_in(why),
                HistoryEvent::Circuit(circuit) => {
                    let moves = circuit.moves.iter_mut().flatten();
                    let texts = [&mut circuit.callee, &mut circuit.state].into_iter().chain(moves);
                    texts.for_each(|text| secrets.mask_in(text));
                }
                HistoryEvent::Damaged(..)
                | HistoryEvent::Delivered(_)
                | HistoryEvent::Undeliverable(_)
                | HistoryEvent::Ended(..)
                | HistoryEvent::Fault { .. }
                | HistoryEvent::Process { .. } => {}
            }
            masked.append(record.at, record.step, event);
        }
        masked
    }
}

impl Request {
    fn mask(&mut self, secrets: &Secrets) {
        secrets.mask_in(&mut self.path);
        mask_message(&mut self.headers, &mut self.body, secrets);
    }
}

impl Reply {
    fn mask(&mut self, secrets: &Secrets) {
        mask_message(&mut self.headers, &mut self.body, secrets);
    }
}

fn mask_message(headers: &mut HeaderMap, body: &mut Bytes, secrets: &Secrets) {
    if let Some(masked) = masked_body(headers, body, secrets) {
        if !matches!(EncodedBody::new(headers, body).text(), Ok(Cow::Borrowed(_))) {
            // What is kept is the decoded text.
            headers.remove(CONTENT_ENCODING);
            let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or("text/plain");
            if let Ok(media_type) = HeaderValue::from_str(&format!("{media_type}; charset=utf-8")) {
                headers.insert(CONTENT_TYPE, media_type);
            }
        }
        *body = masked;
    }
    for value in headers.values_mut() {
        if let Cow::Owned(masked) = secrets.mask_bytes(value.as_bytes()) {
            *value = HeaderValue::from_bytes(&masked).unwrap_or_else(|_| HeaderValue::from_static("***"));
        }
    }
}

/// A body in which secrets are masked: the decoded text of one that was encoded. `None` if it has none.
fn masked_body(headers: &HeaderMap, body: &Bytes, secrets: &Secrets) -> Option<Bytes> {
    let encoded = EncodedBody::new(headers, body);
    let text = encoded.text();
    let bytes = match &text {
        Ok(Cow::Owned(text)) => text.as_bytes(),
        _ => body,
    };
    let Cow::Owned(masked) = secrets.mask_bytes(bytes) else { return None };
    let is_json = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| Value::parse(text).ok());
    // A number that is a secret would leave a text that is no JSON.
    match is_json(bytes) {
        Some(value) if is_json(&masked).is_none() => Some(masked_value(value, secrets).to_string().into()),
        _ => Some(masked.into()),
    }
}

/// A JSON value in which texts, keys and numbers that hold secrets are masked.
fn masked_value(value: Value, secrets: &Secrets) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| masked_value(item, secrets)).collect(),
        Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| (secrets.mask(&key).into_owned(), masked_value(value, secrets)))
            .collect(),
        Value::String(text) => secrets.mask(&text).into_owned().into(),
        Value::Number(number) => match secrets.mask(&number.to_string()) {
            Cow::Owned(masked) => masked.as_str().into(),
            Cow::Borrowed(_) => Value::Number(number),
        },
        Value::Null | Value::Bool(_) => value,
    }
}

impl Verdict {
    /// Masks the secrets in its findings.
    pub fn mask(&mut self, secrets: &Secrets) {
        match self {
            Self::Failed(failures) => {
                failures.iter_mut().flat_map(|failure| &mut failure.findings).for_each(|f| f.mask(secrets));
            }
            Self::Skipped(why) => secrets.mask_in(why),
            // Its texts are masked where it is shown.
            Self::Passed | Self::BrokenOff(_) => {}
        }
    }
}

impl Finding {
    fn mask(&mut self, secrets: &Secrets) {
        if let FindingKind::Body(path) = &mut self.kind {
            path.keys_mut().for_each(|key| secrets.mask_in(key));
        }
        let texts = [&mut self.expected, &mut self.found].into_iter().chain(&mut self.log);
        texts.for_each(|text| secrets.mask_in(text));
        self.computed.iter_mut().for_each(|computed| computed.mask(secrets));
    }
}

impl Computed {
    fn mask(&mut self, secrets: &Secrets) {
        let Self { source, values, inputs, differences } = self;
        let inputs = inputs.iter_mut().map(|(_, value)| value);
        let differences =
            differences.iter_mut().flat_map(|Difference { path, left, right }| [path, left, right]);
        let texts = [source, values].into_iter().chain(inputs).chain(differences);
        texts.for_each(|text| secrets.mask_in(text));
    }
}
