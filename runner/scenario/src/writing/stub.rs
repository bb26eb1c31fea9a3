use std::path::Path;

use super::{
    expectation::header,
    mapping::Mapping,
    request::{body, headers},
};
use crate::{MeetingExpectation, StubEntry, StubReply, Value, duration};

pub(super) fn stub(entries: &[StubEntry], folder: &Path) -> Value {
    entries.iter().map(|one| entry(one, folder)).collect()
}

fn entry(entry: &StubEntry, folder: &Path) -> Value {
    let mut written = Mapping::default();
    written.put("match", entry.matching());
    written.names("headers", entry.headers.iter().map(|(name, value)| (name.to_string(), header(value))));
    written.maybe("body", entry.body.as_ref().map(crate::TemplateValue::source));
    written.conditions("that", &entry.that);
    written.put("reply", reply(&entry.reply, folder));
    written.maybe("optional", (entry.meeting == MeetingExpectation::Optional).then_some(true));
    written.0.into()
}

fn reply(reply: &StubReply, folder: &Path) -> Value {
    let mut written = Mapping::default();
    written.put("status", reply.status);
    written.names("headers", headers(&reply.headers).into_iter());
    body(&mut written, &reply.body, folder);
    written.maybe("after", (!reply.after.is_zero()).then(|| duration::written(reply.after)));
    written.0.into()
}
