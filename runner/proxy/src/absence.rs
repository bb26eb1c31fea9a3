//! Services for which nothing listens: their process has ended, or accepts no connections yet.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use fault::ServiceName;

use crate::state::LinkState;

/// A time during which nothing listens for a service: links to it refuse connections, and finish the exchanges that
/// are under way. It lasts until [`Absence::end`] on any clone, also when all are dropped.
#[derive(Clone)]
pub struct Absence {
    state: Arc<LinkState>,
    service: ServiceName,
    number: AbsenceNumber,
}

/// Number of an absence in its world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AbsenceNumber(u64);

/// The services that were ever absent.
#[derive(Default)]
pub(crate) struct Absences {
    last: AbsenceNumber,
    /// The last absence of each service.
    services: BTreeMap<ServiceName, LastAbsence>,
}

struct LastAbsence {
    number: AbsenceNumber,
    /// `None` while it lasts.
    ended: Option<Duration>,
}

impl Absence {
    pub(crate) fn begin(state: &Arc<LinkState>, service: &ServiceName) -> Self {
        let number = state.begin_absence(service);
        Self { state: Arc::clone(state), service: service.clone(), number }
    }

    /// The service listens: links to it accept connections when this returns, unless it became absent again meanwhile.
    pub fn end(self) {
        self.state.end_absence(&self.service, self.number);
    }
}

impl fmt::Debug for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Absence").field(&self.service).finish()
    }
}

impl Absences {
    /// Begins an absence. One that lasts already can only be ended by the new number.
    pub(crate) fn begin(&mut self, service: &ServiceName) -> AbsenceNumber {
        self.last.0 += 1;
        self.services.insert(service.clone(), LastAbsence { number: self.last, ended: None });
        self.last
    }

    /// Ends an absence, if it is the service's last one. Returns whether it has.
    pub(crate) fn end(&mut self, service: &ServiceName, number: AbsenceNumber, now: Duration) -> bool {
        let lasting = self.services.get_mut(service).filter(|last| last.ended.is_none());
        let Some(absence) = lasting.filter(|last| last.number == number) else { return false };
        absence.ended = Some(now);
        true
    }

    /// Whether nothing listens for a service now.
    pub(crate) fn is_absent(&self, service: &ServiceName) -> bool {
        self.services.get(service).is_some_and(|last| last.ended.is_none())
    }

    /// Whether nothing listened for a service at some time since `since`.
    pub(crate) fn was_absent(&self, service: &ServiceName, since: Duration) -> bool {
        self.services.get(service).is_some_and(|last| last.ended.is_none_or(|ended| since < ended))
    }
}
