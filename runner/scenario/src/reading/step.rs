//! The steps of a scenario.

use self::{
    eventually::{EVENTUALLY, eventually},
    inject::{INJECT, SCHEDULE, heal, inject},
    process::{RESTART, SIGNAL, START, process},
    run::{COMMAND, RUN, run},
    times::{SENDING, times},
    together::{MEMBER, together},
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
use crate::{Action, Signal, Step, Times};

mod eventually;
mod heading;
mod inject;
mod process;
mod run;
mod times;
mod together;

pub(crate) use inject::Faults;
pub(super) use run::RUN_EXPECT;

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
    Key::one_of(
        "run",
        COMMAND,
        "Runs a command, in the live world: `./migrate.sh --to 3`, or a list of its words. `${url.orders-service}`, `${data_dir.orders-service}` and `${conf_dir}` (the folder of e2e.conf) are filled in.",
    ),
    Key::one_of("check", EXPRESSIONS, "Expressions over variables and captures that must be true."),
];

/// The keys that may stand beside some of those.
const BESIDE: &[(&str, &[&[Key]])] =
    &[("request", &[SENDING, REQUEST]), ("inject", &[SCHEDULE]), ("run", &[RUN])];
/// The keys of requests that may stand beside `run`, too.
const ALSO_BESIDE_RUN: [&str; 3] = ["timeout", "expect", "capture"];

pub(crate) const STEP: Table =
    Table { what: "a step", groups: &[heading::HEADING, ACTIONS, SENDING, REQUEST, SCHEDULE, RUN] };

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
        "inject" => inject(reader, node, fields, faults).map(Action::Inject),
        "heal" => heal(reader, node, faults).map(Action::Heal),
        "wait" => reader.some_time(node).map(Action::Wait),
        "run" => run(reader, node, fields).map(Action::Run),
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
        let is_run = chosen.iter().any(|entry| entry.key == "run");
        let stray = fields.present(&keys).into_iter();
        for stray in stray.filter(|entry| !(is_run && ALSO_BESIDE_RUN.contains(&entry.key.as_str()))) {
            let message = format!("`{}` belongs to `{action}`, which this step doesn't have", stray.key);
            let help = (chosen[0].key == "eventually" && *action == "request")
                .then(|| "indent it so that it stands within `eventually`".to_owned());
            reader.note(stray.span, message, help);
        }
    }
}
