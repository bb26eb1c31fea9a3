use super::{expectation::header, mapping::Mapping, request::body};
use crate::{MeetingExpectation, StubEntry, StubReply, Value, duration};

pub(super) fn stub(entries: &[StubEntry]) -> Value {
    entries.iter().map(entry).collect()
}

fn entry(entry: &StubEntry) -> Value {
    let mut written = Mapping::default();
    written.put("match", entry.matching());
    written.names("headers", entry.headers.iter().map(|(name, value)| (name.to_string(), header(value))));
    written.maybe("body", entry.body.as_ref().map(crate::TemplateValue::source));
    written.conditions("that", &entry.that);
    written.put("reply", reply(&entry.reply));
    written.maybe("optional", (entry.meeting == MeetingExpectation::Optional).then_some(true));
    written.0.into()
}

fn reply(reply: &StubReply) -> Value {
    let mut written = Mapping::default();
    written.put("status", reply.status);
    written.names(
        "headers",
        reply.headers.iter().map(|(name, value)| (name.to_string(), value.source().into())),
    );
    body(&mut written, &reply.body);
    written.maybe("after", (!reply.after.is_zero()).then(|| duration::written(reply.after)));
    written.0.into()
}
