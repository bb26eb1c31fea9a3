//! The steps of a scenario.

use self::{
    eventually::{EVENTUALLY, eventually},
    inject::{INJECT, SCHEDULE, heal, inject},
    process::{RESTART, SIGNAL, START, process},
    times::{SENDING, times},
    together::{MEMBER, together},
    watch::{ALWAYS, NEVER, watch},
};
use super::{
    condition::conditions,
    fields::Fields,
    reader::Reader,
    request::{REQUEST, REQUEST_LINE, request_step},
    suggestion,
    table::{DURATION, EXPRESSIONS, Key, Presence, Shape, Table},
    yaml::{Entry, Node},
};
use crate::{Action, Signal, Step, Times, WatchRule};

mod eventually;
mod heading;
mod inject;
mod process;
mod times;
mod together;
mod watch;

pub(crate) use inject::Faults;

/// What a step can do. [`action`] reads the value of each.
const ACTIONS: &[Key] = &[
    Key::one_of("request", REQUEST_LINE, "Sends a request: `POST orders-service /api/orders`."),
    Key::one_of(
        "together",
        Shape::List(&Shape::Table(&MEMBER)),
        "Sends different requests at once; each has its own expectations and captures.",
    ),
    Key::one_of("eventually", Shape::Table(&EVENTUALLY), "Sends a request until it meets its expectations."),
    Key::one_of(
        WatchRule::Always.as_str(),
        Shape::Table(&ALWAYS),
        "Sends a request for a time, in which it always meets its expectations.",
    ),
    Key::one_of(
        WatchRule::Never.as_str(),
        Shape::Table(&NEVER),
        "Sends a request for a time, in which it never meets its expectations.",
    ),
    Key::one_of(
        "inject",
        Shape::Either(&[Shape::Text, Shape::Table(&INJECT)]),
        "Puts a fault in force: its name, or a mapping of `fault`, `after` and `for`.",
    ),
    Key::one_of("heal", Shape::Text, "Takes a fault out of force; `all` for all of them."),
    Key::one_of("wait", DURATION, "Lets time pass."),
    Key::one_of(Signal::Kill.as_str(), SIGNAL, "Kills a service; what it had not synced is lost."),
    Key::one_of(Signal::Stop.as_str(), SIGNAL, "Asks a service to end, and waits for that."),
    Key::one_of(
        Signal::Start.as_str(),
        START,
        "Starts a service again, and waits until it is ready; `ready: no` doesn't wait.",
    ),
    Key::one_of(Signal::Restart.as_str(), RESTART, "Stops a service and starts it again, as `start` does."),
    Key::one_of(Signal::Pause.as_str(), SIGNAL, "Pauses a service without ending it."),
    Key::one_of(Signal::Resume.as_str(), SIGNAL, "Lets a paused service continue."),
    Key::one_of("check", EXPRESSIONS, "Expressions over variables and captures that must be true."),
];

/// The keys that may stand beside some of those.
const BESIDE: &[(&str, &[&[Key]])] = &[("request", &[SENDING, REQUEST]), ("inject", &[SCHEDULE])];

pub(crate) const STEP: Table =
    Table { what: "a step", groups: &[heading::HEADING, ACTIONS, SENDING, REQUEST, SCHEDULE] };

/// One step.
pub(crate) fn step(reader: &mut Reader<'_>, node: &Node, faults: &mut Faults) -> Option<Step> {
    let fields = reader.fields(node, &STEP)?;
    let chosen = fields.chosen();
    let Some(&entry) = chosen.first() else {
        let help = format!("it needs one of {}", suggestion::list(&STEP.names(Presence::OneOf)));
        reader.note(node.span, "this step does nothing", help);
        return None;
    };
    if let Some(second) = chosen.get(1) {
        let message = format!("a step does one thing: `{}` and `{}` are two", entry.key, second.key);
        reader.note(second.span, message, "make a step of its own of it".to_owned());
    }
    check_beside(reader, &fields, &chosen);
    let condition = heading::condition(reader, &fields);
    let may_end = heading::may_end(reader, &fields);
    let action = action(reader, entry, &fields, faults);
    let name = heading::name(reader, &fields, entry);
    Some(Step { name: name?, span: node.span, condition: condition?, may_end: may_end?, action: action? })
}

fn action(
    reader: &mut Reader<'_>,
    entry: &Entry,
    fields: &Fields<'_>,
    faults: &mut Faults,
) -> Option<Action> {
    let node = &entry.value;
    match entry.key.as_str() {
        "request" => {
            let times = times(reader, fields);
            request_step(reader, node, fields, times.unwrap_or(Times::Once)).map(Action::Request)
        }
        "together" => together(reader, node).map(Action::Together),
        "eventually" => eventually(reader, node).map(Action::Eventually),
        "always" => watch(reader, node, WatchRule::Always).map(Action::Watch),
        "never" => watch(reader, node, WatchRule::Never).map(Action::Watch),
        "inject" => inject(reader, node, fields, faults).map(Action::Inject),
        "heal" => heal(reader, node, faults).map(Action::Heal),
        "wait" => reader.some_time(node).map(Action::Wait),
        "check" => conditions(reader, node, &[]).map(Action::Check),
        key => {
            let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == key);
            let signal = signal.expect("the other actions are signals");
            process(reader, node, signal).map(Action::Process)
        }
    }
}

/// Notes keys that belong to an action other than the step's own.
fn check_beside(reader: &mut Reader<'_>, fields: &Fields<'_>, chosen: &[&Entry]) {
    for (action, beside) in BESIDE {
        if chosen.iter().any(|entry| entry.key == *action) {
            continue;
        }
        let keys: Vec<&str> = beside.iter().flat_map(|keys| keys.iter()).map(|key| key.name).collect();
        for stray in fields.present(&keys) {
            let message = format!("`{}` belongs to `{action}`, which this step doesn't have", stray.key);
            let polls = ["eventually", "always", "never"].into_iter().find(|key| chosen[0].key == *key);
            let help = polls
                .filter(|_| *action == "request")
                .map(|polls| format!("indent it so that it stands within `{polls}`"));
            reader.note(stray.span, message, help);
        }
    }
}
