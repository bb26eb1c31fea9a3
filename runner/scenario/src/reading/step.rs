//! The steps of a scenario.

use std::time::Duration;

use fault::FaultName;

use super::{
    node::{Entry, Kind, Node},
    reader::{Fields, Reader},
    request::{REQUEST, REQUEST_LINE},
    suggestion,
    table::{DURATION, EXPRESSION, EXPRESSIONS, Key, Shape, Table},
};
use crate::{Action, EventuallyStep, Expression, InjectStep, ProcessStep, Signal, Step, Times};

/// The most that one step sends.
const MOST_REPEATED: u64 = 100_000;
const MOST_PARALLEL: u64 = 1_000;
/// The pause between attempts, unless said otherwise.
const EVERY: Duration = Duration::from_millis(100);
/// What `heal` calls every fault.
const ALL: &str = "all";

/// The keys of which a step has exactly one.
const ACTIONS: &[&str] = &[
    "request",
    "together",
    "eventually",
    "inject",
    "heal",
    "wait",
    "kill",
    "stop",
    "start",
    "restart",
    "pause",
    "resume",
    "check",
];

/// The keys that may stand beside some of those.
const COMPANY: &[(&str, &[&str])] = &[
    ("request", &["headers", "body", "text", "form", "timeout", "expect", "capture", "repeat", "parallel"]),
    ("inject", &["after", "for"]),
];

const SCHEDULE: &[Key] = &[
    Key::optional("after", DURATION, "How long after the step the fault comes into force."),
    Key::optional("for", DURATION, "For how long it is in force; until it is healed when left out."),
];

const NAME: Key = Key::optional("name", Shape::Text, "What the step is called in reports.");
const IF: Key =
    Key::optional("if", EXPRESSION, "The step is left out, and captures null, unless this is true.");

pub(crate) const STEP: Table = Table {
    what: "a step",
    one_of: ACTIONS,
    groups: &[
        &[
            NAME,
            IF,
            Key::optional("request", REQUEST_LINE, "Sends a request: `POST orders-service /api/orders`."),
            Key::optional(
                "repeat",
                Shape::Whole(1),
                "Sends it so many times, one after the other; `index` counts them from 0.",
            ),
            Key::optional(
                "parallel",
                Shape::Whole(1),
                "Sends it so many times at once; `index` counts them from 0.",
            ),
        ],
        REQUEST,
        &[
            Key::optional(
                "together",
                Shape::List(&Shape::Table(&MEMBER)),
                "Sends different requests at once; each has its own expectations and captures.",
            ),
            Key::optional(
                "eventually",
                Shape::Table(&EVENTUALLY),
                "Sends a request until it meets its expectations.",
            ),
            Key::optional(
                "inject",
                Shape::Either(&[Shape::Text, Shape::Table(&INJECT)]),
                "Puts a fault in force: its name, or a mapping of `fault`, `after` and `for`.",
            ),
        ],
        SCHEDULE,
        &[
            Key::optional("heal", Shape::Text, "Takes a fault out of force; `all` for all of them."),
            Key::optional("wait", DURATION, "Lets time pass."),
            Key::optional("kill", Shape::Text, "Kills a service; what it had not synced is lost."),
            Key::optional("stop", Shape::Text, "Asks a service to end, and waits for that."),
            Key::optional("start", Shape::Text, "Starts a service again, and waits until it is ready."),
            Key::optional("restart", Shape::Text, "Stops a service and starts it again."),
            Key::optional("pause", Shape::Text, "Halts a service where it is."),
            Key::optional("resume", Shape::Text, "Lets a halted service go on."),
            Key::optional("check", EXPRESSIONS, "Expressions over variables and captures that must be true."),
        ],
    ],
};

const MEMBER: Table = Table {
    what: "one of several requests",
    one_of: &[],
    groups: &[
        &[
            NAME,
            IF,
            Key::required("request", REQUEST_LINE, "The request: `POST orders-service /api/orders`."),
        ],
        REQUEST,
    ],
};

const EVENTUALLY: Table = Table {
    what: "`eventually`",
    one_of: &[],
    groups: &[
        &[
            Key::required("within", DURATION, "How long it may take."),
            Key::optional(
                "every",
                DURATION,
                "The pause between two attempts; `100ms` unless said otherwise.",
            ),
            Key::required("request", REQUEST_LINE, "The request: `GET orders-service /api/orders/1`."),
        ],
        REQUEST,
    ],
};

const INJECT: Table = Table {
    what: "an injection",
    one_of: &[],
    groups: &[&[Key::required("fault", Shape::Text, "The fault's name.")], SCHEDULE],
};

/// The faults of a scenario while its steps are read.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) known: Vec<FaultName>,
    pub(crate) injected: Vec<FaultName>,
}

impl Reader<'_> {
    /// One step.
    pub(crate) fn step(&mut self, node: &Node, faults: &mut Faults) -> Option<Step> {
        let fields = self.fields(node, &STEP)?;
        let present = fields.present(ACTIONS);
        let Some(&entry) = present.first() else {
            let help = format!("it needs one of {}", suggestion::list(ACTIONS));
            self.note(node.span, "this step does nothing", help);
            return None;
        };
        if let Some(second) = present.get(1) {
            let message = format!("a step does one thing: `{}` and `{}` are two", entry.key, second.key);
            self.note(second.span, message, "make a step of its own of it".to_owned());
        }
        self.check_company(&fields, &present);
        let condition = self.condition(&fields);
        let action = self.action(entry, &fields, faults);
        let name = match fields.get("name") {
            Some(node) => self.text(node, "a name"),
            None => Some(self.summary(entry)),
        };
        Some(Step { name: name?, span: node.span, condition: condition?, action: action? })
    }

    #[expect(
        clippy::option_option,
        reason = "a step without a condition is not one whose condition is wrong"
    )]
    fn condition(&mut self, fields: &Fields<'_>) -> Option<Option<Expression>> {
        fields.get("if").map_or(Some(None), |node| self.expression(node, &[]).map(Some))
    }

    /// Requests that are released at once: none can use what another one captures.
    fn together(&mut self, node: &Node) -> Option<Vec<Step>> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of requests");
            return None;
        };
        if items.len() < 2 {
            self.note(node.span, "it takes two requests to be sent together", None);
        }
        let before = self.names.known().clone();
        let mut captured = Vec::new();
        let mut read = |item: &Node| {
            let member = self.member(item);
            captured.extend(self.names.take_since(&before));
            member
        };
        let members: Vec<_> = items.iter().map(&mut read).collect();
        for name in &captured {
            self.names.define(name);
        }
        members.into_iter().collect()
    }

    fn member(&mut self, node: &Node) -> Option<Step> {
        let fields = self.fields(node, &MEMBER)?;
        let condition = self.condition(&fields);
        let entry = fields.entry("request")?;
        let action = self.request_step(&entry.value, &fields, Times::Once).map(Action::Request);
        let name = match fields.get("name") {
            Some(node) => self.text(node, "a name"),
            None => Some(self.summary(entry)),
        };
        Some(Step { name: name?, span: node.span, condition: condition?, action: action? })
    }

    /// Notes keys that belong to an action other than the step's own.
    fn check_company(&mut self, fields: &Fields<'_>, present: &[&Entry]) {
        for (action, company) in COMPANY {
            if present.iter().any(|entry| entry.key == *action) {
                continue;
            }
            for stray in fields.present(company) {
                let message = format!("`{}` belongs to `{action}`, which this step doesn't have", stray.key);
                let help = (present[0].key == "eventually" && *action == "request")
                    .then(|| "indent it so that it stands within `eventually`".to_owned());
                self.note(stray.span, message, help);
            }
        }
    }

    /// What a step without a name is called.
    fn summary(&self, entry: &Entry) -> String {
        let inner = |key: &str| match &entry.value.kind {
            Kind::Mapping(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        };
        let text = |node: &Node| self.written(node.span).trim_matches(['"', '\'']).to_owned();
        match entry.key.as_str() {
            "request" => text(&entry.value),
            "together" => "several requests at once".into(),
            "eventually" => format!("eventually {}", inner("request").map(text).unwrap_or_default()),
            "inject" => format!("inject {}", text(inner("fault").unwrap_or(&entry.value))),
            action => format!("{action} {}", text(&entry.value)),
        }
    }

    fn action(&mut self, entry: &Entry, fields: &Fields<'_>, faults: &mut Faults) -> Option<Action> {
        let node = &entry.value;
        match entry.key.as_str() {
            "request" => {
                let times = self.times(fields);
                self.request_step(node, fields, times.unwrap_or(Times::Once)).map(Action::Request)
            }
            "together" => self.together(node).map(Action::Together),
            "eventually" => self.eventually(node).map(Action::Eventually),
            "inject" => self.inject(node, fields, faults).map(Action::Inject),
            "heal" => self.heal(node, faults),
            "wait" => self.duration(node).map(Action::Wait),
            "check" => self.expressions(node, &[]).map(Action::Check),
            key => {
                let service = self.service_at(node);
                let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == key);
                let signal = signal.expect("what is left of the actions are signals");
                Some(Action::Process(ProcessStep { service: service?, signal }))
            }
        }
    }

    fn times(&mut self, fields: &Fields<'_>) -> Option<Times> {
        let present = fields.present(&["repeat", "parallel"]);
        if let [_, second] = present.as_slice() {
            self.note(
                second.span,
                "a request is sent in turn or at once: `repeat` and `parallel` don't go together",
                None,
            );
        }
        let entry = present.first()?;
        let (bounds, make): (_, fn(u32) -> Times) = match entry.key.as_str() {
            "repeat" => (1..=MOST_REPEATED, Times::Repeat),
            _ => (1..=MOST_PARALLEL, Times::Parallel),
        };
        let count = self.whole(&entry.value, bounds)?;
        u32::try_from(count).ok().map(make)
    }

    fn eventually(&mut self, node: &Node) -> Option<EventuallyStep> {
        let fields = self.fields(node, &EVENTUALLY)?;
        if fields.get("expect").is_none() {
            let help = "say what it waits for: `expect: { body: { status: confirmed } }`".to_owned();
            self.note(fields.span, "`eventually` needs the key `expect`", help);
        }
        let within = fields.get("within").and_then(|node| self.duration(node));
        let every = fields.get("every").map_or(Some(EVERY), |node| self.duration(node));
        let request = fields.get("request").and_then(|line| self.request_step(line, &fields, Times::Once));
        Some(EventuallyStep { within: within?, every: every?, request: request? })
    }

    fn inject(&mut self, node: &Node, beside: &Fields<'_>, faults: &mut Faults) -> Option<InjectStep> {
        let inner = match node.kind {
            Kind::Mapping(_) => Some(self.fields(node, &INJECT)?),
            _ => None,
        };
        let name = inner.as_ref().map_or(Some(node), |inner| inner.get("fault"))?;
        let fault = self.fault_at(name, faults);
        let mut schedule = |key: &str| {
            let within = inner.as_ref().and_then(|inner| inner.get(key));
            if let (Some(_), Some(second)) = (within, beside.entry(key)) {
                self.note(second.span, format!("`{key}` is written a second time"), None);
            }
            within.or_else(|| beside.get(key)).map(|node| self.duration(node))
        };
        let (after, lasting) = (schedule("after"), schedule("for"));
        let fault = fault?;
        faults.injected.push(fault.clone());
        Some(InjectStep {
            fault,
            after: after.unwrap_or(Some(Duration::ZERO))?,
            lasting: match lasting {
                Some(lasting) => Some(lasting?),
                None => None,
            },
        })
    }

    fn heal(&mut self, node: &Node, faults: &Faults) -> Option<Action> {
        if self.text(node, "the name of a fault, or `all`")? == ALL {
            return Some(Action::Heal(None));
        }
        let fault = self.fault_at(node, faults)?;
        if !faults.injected.contains(&fault) {
            self.note(node.span, format!("no step before this one injects `{fault}`"), None);
        }
        Some(Action::Heal(Some(fault)))
    }

    fn fault_at(&mut self, node: &Node, faults: &Faults) -> Option<FaultName> {
        let name = self.text(node, "the name of a fault")?;
        let found = faults.known.iter().find(|fault| fault.as_str() == name).cloned();
        if found.is_none() {
            let help = suggestion::help(&name, faults.known.iter().map(FaultName::as_str))
                .unwrap_or_else(|| "the scenario has no `faults`".into());
            self.note(node.span, format!("unknown fault `{name}`"), help);
        }
        found
    }
}
