//! Finds the services whose processes ended by themselves.

use std::collections::BTreeSet;

use fault::ServiceName;
use verdict::{Exit, Finding, History, HistoryEvent, NoReply, ProcessChange};

use crate::World;

/// Reads the ends of processes from the history, each once.
#[derive(Debug, Default)]
pub(crate) struct ExitWatch {
    /// The number of records that were read.
    read: usize,
}

/// A process that ended by itself.
#[derive(Debug)]
pub(crate) struct UnexpectedExit {
    pub(crate) service: ServiceName,
    /// The step during which it ended, counted from 0; `None` before the first and after the last.
    pub(crate) step: Option<usize>,
    pub(crate) finding: Finding,
}

impl ExitWatch {
    /// The processes that have ended by themselves since the last call, in that order. A connection can be seen to
    /// close before the process that has closed it is seen to end: the world waits for that.
    pub(crate) async fn unexpected<W: World>(&mut self, world: &W) -> Vec<UnexpectedExit> {
        let suspects = world.links().read(|history| suspects(history, self.read));
        world.await_exits(&suspects).await;
        let ends = world.links().read(|history| {
            let ends = ends(history, self.read);
            self.read = history.records().len();
            ends
        });
        let mut exits = Vec::new();
        for (service, step, exit) in ends {
            let finding = Finding::exited(&service, exit, world.last_lines(&service).await);
            exits.push(UnexpectedExit { service, step, finding });
        }
        exits
    }
}

/// The services whose last reply on any link is missing, in the records from `first` on, though no fault damaged that
/// exchange. One that only took too long is none of them.
fn suspects(history: &History, first: usize) -> BTreeSet<ServiceName> {
    let mut suspects = BTreeSet::new();
    for record in &history.records()[first..] {
        let HistoryEvent::Ended(id, received) = &record.event else { continue };
        match received {
            Ok(_) if suspects.is_empty() => {}
            Ok(_) => drop(suspects.remove(&history.exchange(*id).link.callee)),
            Err(NoReply::TimedOut(_) | NoReply::Abandoned) => {}
            Err(NoReply::Refused | NoReply::Reset | NoReply::CutOff | NoReply::Broken(_)) => {
                let exchange = history.exchange(*id);
                if exchange.faults.is_empty() {
                    suspects.insert(exchange.link.callee.clone());
                }
            }
        }
    }
    suspects
}

fn ends(history: &History, first: usize) -> Vec<(ServiceName, Option<usize>, Exit)> {
    let end = |record: &verdict::Record| match &record.event {
        HistoryEvent::Process { service, change: ProcessChange::Exited(exit) } => {
            Some((service.clone(), record.step, *exit))
        }
        _ => None,
    };
    history.records()[first..].iter().filter_map(end).collect()
}
