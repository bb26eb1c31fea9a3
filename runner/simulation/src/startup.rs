//! Starts a service and waits until it is ready.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use bytes::Bytes;
use scenario::Readiness;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;
use verdict::BrokenOff;

use crate::{
    HostContext, Transport, broken_off,
    host::NewProcess,
    host_context::Tasks,
    network::{Member, Network},
};

/// The pause between two requests for readiness.
const PAUSE: Duration = Duration::from_millis(10);

/// Starts a service on the disk that its last process left, and waits until it is ready. Returns whether this has
/// started it: not when it was running already, nor when a fault or a power cut killed it meanwhile, which is
/// what the scenario asked for and is in the history.
pub(crate) async fn start(network: &Network, member: &Member) -> Result<bool, BrokenOff> {
    let Member { service, host } = member;
    let Some(NewProcess { process, disk, seed }) = host.new_process() else { return Ok(false) };
    let context = HostContext {
        transport: network.transport(service, &process),
        disk,
        clock: network.clock,
        seed: seed.0,
        tasks: Tasks::new(&process),
    };
    match catch_unwind(AssertUnwindSafe(|| (service.start)(context))) {
        _ if !host.is_present(&process) => return Ok(false),
        Ok(Ok(running)) => process.run(running),
        Ok(Err(error)) => return Err(broken_off::not_started(&service.name, &*error)),
        Err(_) => return Err(broken_off::panicked(&service.name)),
    }
    let client = network.client(&service.name);
    for condition in &service.ready {
        if let Err(last) = until_ready(&client, condition).await {
            if !host.is_present(&process) {
                return Ok(false);
            }
            return Err(broken_off::not_ready(&service.name, condition, &last));
        }
    }
    Ok(true)
}

/// Repeats the request of a condition until it succeeds. The error says how the last request ended.
async fn until_ready(client: &Transport, condition: &Readiness) -> Result<(), String> {
    let deadline = Instant::now() + condition.within;
    loop {
        let request =
            http::Request::get(&condition.path).body(Bytes::new()).map_err(|error| error.to_string())?;
        let left = deadline.duration_since(Instant::now());
        let last = match timeout(left, client.clone().oneshot(request)).await {
            Ok(Ok(reply)) if reply.status().is_success() => return Ok(()),
            Ok(Ok(reply)) => format!("answered {}", reply.status()),
            Ok(Err(error)) => format!("got no reply ({error})"),
            Err(_) => "got no reply".into(),
        };
        if Instant::now() + PAUSE >= deadline {
            return Err(last);
        }
        sleep(PAUSE).await;
    }
}
