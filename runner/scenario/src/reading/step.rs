//! The steps of a scenario.

use self::{
    during::{DURING, during},
    eventually::{EVENTUALLY, eventually},
    include::{INCLUDE, include},
    inject::{AFTER, INJECT, LASTING, heal, inject},
    judging::lenient,
    process::{RESTART, SIGNAL, START, process},
    rounds::{FOR, rounds},
    run::{COMMAND, RUN, run},
    times::{SENDING, times},
    together::{MEMBER, together},
    wait::{WAIT, wait},
    watch::{ALWAYS, NEVER, watch},
};
use super::{
    condition::conditions,
    fields::Fields,
    reader::{Reader, all},
    request::{REQUEST_LINE, REQUEST_OR_COMMAND, request_step},
    suggestion,
    table::{DURATION, EXPRESSIONS, Key, Presence, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{Action, Signal, Step, Times, WatchRule};

mod captures;
mod during;
mod eventually;
mod heading;
mod include;
mod inject;
mod judging;
mod process;
mod rounds;
mod run;
mod times;
mod together;
mod vars;
mod wait;
mod watch;

pub(crate) use captures::{check_captures, check_used};
pub(crate) use include::{INCLUDED, Inclusion};
pub(crate) use inject::Faults;
pub(crate) use run::RUN_EXPECT;
pub(crate) use vars::vars;

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
    Key::one_of("wait", WAIT, "Lets time pass, or waits for traffic on a link."),
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
    Key::one_of("vars", Shape::Names(&Shape::Json), "Sets variables, each of which can use those before it."),
    Key::one_of("include", Shape::Text, "The steps of another file, by its path relative to this one."),
    Key::one_of("steps", Shape::Steps, "The steps of each round of `for`."),
];

/// The most lists of steps within each other, in one file or by including others. They are read and run by functions that call
/// themselves.
const DEEPEST: usize = 20;

/// `for`, which belongs to two actions.
const ROUNDS: &[Key] = &[Key::optional(
    "for",
    Shape::Either(&[DURATION, Shape::Table(&FOR)]),
    "Of `inject`: for how long it is in force. Of `steps`: what the rounds go by.",
)];

/// The keys that may stand beside some of those.
const BESIDE: &[(&str, &[&[Key]])] = &[
    ("request", &[SENDING, REQUEST_OR_COMMAND, DURING]),
    ("inject", &[AFTER, LASTING]),
    ("run", &[RUN]),
    ("include", &[INCLUDE]),
    ("steps", &[ROUNDS]),
];
/// The keys of requests that may stand beside `run`, too.
const ALSO_BESIDE_RUN: [&str; 3] = ["timeout", "expect", "capture"];

pub(crate) const STEP: Table = Table {
    what: "a step",
    groups: &[heading::HEADING, ACTIONS, SENDING, REQUEST_OR_COMMAND, DURING, AFTER, ROUNDS, INCLUDE, RUN],
};

/// The steps in a list, with those of the files that it includes.
pub(crate) fn steps(reader: &mut Reader<'_>, node: &Node, faults: &mut Faults) -> Option<Vec<Step>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of steps");
        return None;
    };
    if reader.inclusion.depth == DEEPEST {
        reader.note(node.span, format!("steps are nested more than {DEEPEST} deep"), None);
        return None;
    }
    reader.inclusion.depth += 1;
    let read: Option<Vec<Vec<Step>>> = all(items.iter().map(|item| entry(reader, item, faults)));
    reader.inclusion.depth -= 1;
    read.map(|steps| steps.concat())
}

/// One entry of a list of steps: one step, or those of an included file.
fn entry(reader: &mut Reader<'_>, node: &Node, faults: &mut Faults) -> Option<Vec<Step>> {
    let fields = reader.fields(node, &STEP)?;
    let chosen = fields.chosen();
    let Some(&entry) = chosen.first() else {
        if let Some(entry) = fields.entry("for") {
            let help = "say what runs in each round: `steps: [{ … }]`".to_owned();
            reader.note(entry.span, "`for` needs `steps`", help);
            return None;
        }
        let help = format!("it needs one of {}", suggestion::list(&STEP.names(Presence::OneOf)));
        reader.note(node.span, "this step does nothing", help);
        return None;
    };
    if let Some(second) = chosen.get(1) {
        let message = format!("a step does one thing: `{}` and `{}` are two", entry.key, second.key);
        reader.note(second.span, message, "make a step of its own of it".to_owned());
    }
    check_beside(reader, &fields, &chosen);
    if entry.key == "include" {
        let included = include(reader, node.span, &entry.value, &fields, faults);
        if included.is_none() {
            reader.names.leave_incomplete();
        }
        return included;
    }
    let condition = heading::condition(reader, &fields);
    let may_end = heading::may_end(reader, &fields);
    let action = action(reader, entry, &fields, faults);
    let name = heading::name(reader, &fields, entry);
    Some(vec![Step {
        span: node.span,
        file: reader.inclusion.source.clone(),
        phase: reader.phase,
        condition: condition?,
        may_end: may_end?,
        ..Step::new(name?, action?)
    }])
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
            let times = times(reader, fields).unwrap_or(Times::Once);
            match fields.entry("during") {
                Some(entry) => during(reader, node, fields, times, entry, faults).map(Action::During),
                None => request_step(reader, node, fields, times).map(Action::Request),
            }
        }
        "together" => together(reader, node).map(Action::Together),
        "eventually" => eventually(reader, node).map(Action::Eventually),
        "always" => watch(reader, node, WatchRule::Always).map(Action::Watch),
        "never" => watch(reader, node, WatchRule::Never).map(Action::Watch),
        "inject" => inject(reader, node, fields, faults).map(Action::Inject),
        "heal" => heal(reader, node, faults).map(Action::Heal),
        "wait" => wait(reader, node),
        "run" => run(reader, node, fields).map(Action::Run),
        "check" => conditions(reader, node, &[]).map(Action::Check),
        "vars" => vars(reader, node).map(Action::Vars),
        "steps" => rounds(reader, fields, node, faults).map(Action::For),
        key => {
            let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == key);
            let signal = signal.expect("the other actions are signals");
            process(reader, node, signal).map(Action::Process)
        }
    }
}

/// Notes keys that belong to an action other than the step's own.
fn check_beside(reader: &mut Reader<'_>, fields: &Fields<'_>, chosen: &[&Entry]) {
    let is_chosen = |action: &str| chosen.iter().any(|entry| entry.key == action);
    let keys = |groups: &[&'static [Key]]| -> Vec<&str> {
        groups.iter().flat_map(|keys| keys.iter()).map(|key| key.name).collect()
    };
    let own: Vec<&str> =
        BESIDE.iter().filter(|(action, _)| is_chosen(action)).flat_map(|(_, groups)| keys(groups)).collect();
    for (action, groups) in BESIDE.iter().filter(|(action, _)| !is_chosen(action)) {
        for stray in fields.present(&keys(groups)) {
            // `for` belongs to two actions: to which of them, its value says.
            let is_other = stray.key == "for" && stray.value.is_mapping() != (*action == "steps");
            let is_of_run = is_chosen("run") && ALSO_BESIDE_RUN.contains(&stray.key.as_str());
            if own.contains(&stray.key.as_str()) || is_other || is_of_run {
                continue;
            }
            let message = format!("`{}` belongs to `{action}`, which this step doesn't have", stray.key);
            let polls = ["eventually", "always", "never"].into_iter().find(|key| chosen[0].key == *key);
            let help = polls
                .filter(|_| *action == "request")
                .map(|polls| format!("indent it so that it stands within `{polls}`"));
            reader.note(stray.span, message, help);
        }
    }
}
