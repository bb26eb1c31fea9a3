//! Starts a service and waits until it is ready.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use engine::until_ready;
use verdict::{BrokenOff, PortState, RunBy};

use crate::{
    HostContext,
    host::{Host, NewProcess},
    host_context::Tasks,
    network::{Member, Network},
    process::Process,
};

/// Starts a service on the disk that its last process left, and waits until it is ready. Returns whether this has
/// started it: not when it was running already, nor when a fault or a power cut killed it meanwhile, which is
/// what the scenario asked for and is in the history.
pub(crate) async fn start(network: &Network, member: &Member) -> Result<bool, BrokenOff> {
    let Member { service, host } = member;
    let Some(process) = launch(network, member)? else { return Ok(false) };
    // A linked-in service accepts requests as soon as it has started: without conditions there is nothing to wait for.
    if service.ready.is_empty() {
        return Ok(true);
    }
    match until_ready(&network.client(&service.name), &service.ready).await {
        Ok(()) => Ok(true),
        Err(_) if !host.is_present(&process) => match process.exit() {
            Some(exit) => {
                let (service, port, log) = (service.name.clone(), PortState::Available, Vec::new());
                Err(BrokenOff::EndedEarly { service, exit, port, log })
            }
            None => Ok(false),
        },
        Err(unmet) => {
            end(host);
            let (service, run_by, log) = (service.name.clone(), RunBy::Simulation, Vec::new());
            Err(BrokenOff::NotReady { service, unmet: Box::new(unmet), run_by, log })
        }
    }
}

/// Starts a process of a service on the disk that its last one left. `None` when one was running already, or when a fault
/// or a power cut killed it meanwhile.
pub(crate) fn launch(network: &Network, member: &Member) -> Result<Option<Arc<Process>>, BrokenOff> {
    let Member { service, host } = member;
    let Some(NewProcess { process, disk, seed }) = host.new_process(network.on_exit(&service.name)) else {
        return Ok(None);
    };
    let absence = network.links.absent(&service.name);
    let context = HostContext {
        transport: network.transport(service, &process),
        disk,
        clock: network.clock,
        seed: seed.0,
        tasks: Tasks::new(&process),
    };
    let error = match catch_unwind(AssertUnwindSafe(|| (service.start)(context))) {
        _ if !host.is_present(&process) => return Ok(None),
        Ok(Ok(running)) => {
            process.run(running);
            absence.end();
            return Ok(Some(process));
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it panicked".into(),
    };
    end(host);
    Err(BrokenOff::StartFailed { service: service.name.clone(), error })
}

/// Ends the process of a service that didn't start as it should, so that it can be started again.
fn end(host: &Host) {
    if let Some(process) = host.crash() {
        process.end();
    }
}
