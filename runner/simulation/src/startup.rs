//! Starts a service and waits until it is ready.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::until_ready;
use verdict::{BrokenOff, RunBy};

use crate::{
    HostContext,
    host::NewProcess,
    host_context::Tasks,
    network::{Member, Network},
};

/// Starts a service on the disk that its last process left, and waits until it is ready. Returns whether this has
/// started it: not when it was running already, nor when a fault or a power cut killed it meanwhile, which is
/// what the scenario asked for and is in the history.
pub(crate) async fn start(network: &Network, member: &Member) -> Result<bool, BrokenOff> {
    let Member { service, host } = member;
    let Some(NewProcess { process, disk, seed }) = host.new_process() else { return Ok(false) };
    let absence = network.links.absent(&service.name);
    let context = HostContext {
        transport: network.transport(service, &process),
        disk,
        clock: network.clock,
        seed: seed.0,
        tasks: Tasks::new(&process),
    };
    let start_failed = |error: String| BrokenOff::StartFailed { service: service.name.clone(), error };
    match catch_unwind(AssertUnwindSafe(|| (service.start)(context))) {
        _ if !host.is_present(&process) => return Ok(false),
        Ok(Ok(running)) => {
            process.run(running);
            absence.end();
        }
        Ok(Err(error)) => return Err(start_failed(error.to_string())),
        Err(_) => return Err(start_failed("it panicked".into())),
    }
    // A linked-in service accepts requests as soon as it has started: without conditions there is nothing to wait for.
    if service.ready.is_empty() {
        return Ok(true);
    }
    match until_ready(&network.client(&service.name), &service.ready).await {
        Ok(()) => Ok(true),
        Err(_) if !host.is_present(&process) => Ok(false),
        Err(unmet) => {
            let (service, run_by, log) = (service.name.clone(), RunBy::Simulation, Vec::new());
            Err(BrokenOff::NotReady { service, unmet: Box::new(unmet), run_by, log })
        }
    }
}
