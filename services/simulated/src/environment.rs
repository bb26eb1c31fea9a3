//! Converts what a simulation gives a service into the types that the services of the shop take.

use std::{io, sync::Arc};

use chassis::{Environment, Transport, TransportError};
use jiff::Timestamp;
use simulation::HostContext;
use tower::ServiceExt;
use verdict::NoReply;

/// Converts the context of a simulated host into the environment of a service.
pub(crate) fn environment(context: HostContext) -> Environment {
    Environment {
        clock: Arc::new(Clock(context.clock)),
        disk: chassis::Disk::Backend(Box::new(Disk(context.disk))),
        transport: Transport::new(context.transport.map_err(|no_reply| transport_error(&no_reply))),
        seed: context.seed,
    }
}

fn transport_error(no_reply: &NoReply) -> TransportError {
    match no_reply {
        NoReply::Refused => TransportError::Refused,
        NoReply::Reset => TransportError::Reset,
        NoReply::CutOff => TransportError::CutOff,
        NoReply::TimedOut(_) => TransportError::TimedOut,
        NoReply::Abandoned | NoReply::Broken(_) => TransportError::Other(no_reply.to_string()),
    }
}

struct Clock(simulation::Clock);

impl chassis::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.0.now()).expect("simulated time stays far below the last timestamp")
    }
}

#[derive(Debug)]
struct Disk(simulation::Disk);

impl redb::StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
