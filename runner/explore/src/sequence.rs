//! A generated sequence of requests, faults and kills.

use std::time::Duration;

use fault::ServiceName;

/// A sequence of steps. Any part of one is a sequence too: a step that refers to one that isn't there has no effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence {
    /// The most requests that are sent at once.
    pub clients: u32,
    /// The steps, in order.
    pub steps: Vec<NumberedStep>,
}

/// A step with a number, which it keeps when others are removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberedStep {
    /// The number by which other steps refer to this one.
    pub number: u32,
    /// What the step does.
    pub element: Element,
}

/// What a step of a sequence does. Operations and faults are indices in the exploration, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// Sends the request of an operation.
    Call {
        /// The operation.
        operation: usize,
        /// The indices of the values that were drawn for it.
        values: Vec<u64>,
        /// The numbers of the steps that make the handles it needs.
        handles: Vec<u32>,
        /// When it is sent.
        release: Release,
    },
    /// Sends an earlier request again, under its key.
    Again {
        /// The number of the step that sent it.
        of: u32,
        /// When it is sent.
        release: Release,
    },
    /// Injects a fault.
    Inject(usize),
    /// Heals a fault.
    Heal(usize),
    /// Kills a service.
    Kill(ServiceName),
    /// Starts a service that was killed or crashed.
    Start(ServiceName),
    /// Lets time pass.
    Wait(Duration),
    /// Heals all faults and starts all services, then sends a request again until its outcome is known.
    CheckOutcome {
        /// The number of the step that sent it.
        of: u32,
    },
}

/// When a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// After those before it have ended.
    After,
    /// At once with the one before it.
    Beside,
}

impl Sequence {
    /// The step with this number.
    pub fn step(&self, number: u32) -> Option<&NumberedStep> {
        self.steps.iter().find(|step| step.number == number)
    }

    /// The sequence without some steps.
    #[must_use]
    pub fn without(&self, steps: std::ops::Range<usize>) -> Self {
        let mut rest = self.clone();
        rest.steps.drain(steps);
        rest
    }

    /// The sequence with another element in the step at this index.
    #[must_use]
    pub fn with(&self, index: usize, element: Element) -> Self {
        let mut other = self.clone();
        other.steps[index].element = element;
        other
    }

    /// The sequence with its steps numbered from 1 on.
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
            Element::CheckOutcome { of } => Element::CheckOutcome { of: place(of) },
            other => other,
        };
        let steps = (1..).zip(&self.steps);
        let steps = steps.map(|(number, step)| NumberedStep { number, element: element(&step.element) });
        Self { clients: self.clients, steps: steps.collect() }
    }
}
