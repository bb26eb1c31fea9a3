//! A generated sequence: what happens, in which order, and to whom.

use std::time::Duration;

use fault::ServiceName;

/// A sequence of steps. Any part of one is a sequence too: what refers to a step that isn't there doesn't happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence {
    /// How many requests may be released at once.
    pub clients: u32,
    /// The steps, in order.
    pub steps: Vec<Numbered>,
}

/// A step with the number that it keeps whatever becomes of the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbered {
    /// The number, by which others refer to what this step makes.
    pub number: u32,
    /// What happens.
    pub element: Element,
}

/// What can happen in a sequence. Operations and faults are named by their places in the exploration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// A client does something.
    Call {
        /// Which operation.
        operation: usize,
        /// The places of the values that were drawn for it.
        values: Vec<u64>,
        /// The numbers of the steps that made the handles it needs.
        handles: Vec<u32>,
        /// When it is sent.
        release: Release,
    },
    /// A client sends an earlier request again, under its key.
    Again {
        /// The number of the step that sent it.
        of: u32,
        /// When it is sent.
        release: Release,
    },
    /// A fault comes into force.
    Inject(usize),
    /// A fault goes out of force.
    Heal(usize),
    /// A service dies.
    Kill(ServiceName),
    /// A service is started again.
    Start(ServiceName),
    /// Time passes.
    Wait(Duration),
    /// At the end, once nothing is wrong any more: what came of a request? It is asked by sending it again.
    Ask {
        /// The number of the step that sent it.
        of: u32,
    },
}

/// When a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// Once those before it have ended.
    After,
    /// Together with the one before it.
    Beside,
}

impl Sequence {
    /// The step with this number.
    pub fn step(&self, number: u32) -> Option<&Numbered> {
        self.steps.iter().find(|step| step.number == number)
    }

    /// The same without some steps.
    #[must_use]
    pub fn without(&self, steps: std::ops::Range<usize>) -> Self {
        let mut rest = self.clone();
        rest.steps.drain(steps);
        rest
    }

    /// The same with another step in this place.
    #[must_use]
    pub fn with(&self, at: usize, element: Element) -> Self {
        let mut other = self.clone();
        other.steps[at].element = element;
        other
    }

    /// The same, with the steps numbered from 1 on.
    #[must_use]
    pub fn renumbered(&self) -> Self {
        let place = |number: u32| {
            let found = (1..).zip(&self.steps).find(|(_, step)| step.number == number);
            found.map_or(number, |(place, _)| place)
        };
        let element = |element: &Element| match element.clone() {
            Element::Call { operation, values, handles, release } => {
                let handles = handles.into_iter().map(place).collect();
                Element::Call { operation, values, handles, release }
            }
            Element::Again { of, release } => Element::Again { of: place(of), release },
            Element::Ask { of } => Element::Ask { of: place(of) },
            other => other,
        };
        let steps = (1..).zip(&self.steps);
        let steps = steps.map(|(number, step)| Numbered { number, element: element(&step.element) });
        Self { clients: self.clients, steps: steps.collect() }
    }
}
