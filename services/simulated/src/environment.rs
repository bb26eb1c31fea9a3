//! What a simulation gives a service, in the form that the services of the shop take.

use std::{io, sync::Arc};

use chassis::{Environment, Transport, TransportError};
use jiff::Timestamp;
use simulation::HostContext;
use tower::ServiceExt;
use verdict::NoReply;

/// Makes the environment of a service from what the simulation gives it.
pub(crate) fn environment(context: HostContext) -> Environment {
    Environment {
        clock: Arc::new(Clock(context.clock)),
        disk: chassis::Disk::Backend(Box::new(Disk(context.disk))),
        transport: Transport::new(context.transport.map_err(|none| transport_error(&none))),
        seed: context.seed,
    }
}

fn transport_error(none: &NoReply) -> TransportError {
    match none {
        NoReply::Refused => TransportError::Refused,
        NoReply::Reset => TransportError::Reset,
        NoReply::CutOff => TransportError::CutOff,
        NoReply::TimedOut(_) => TransportError::TimedOut,
        NoReply::Abandoned | NoReply::Broken(_) => TransportError::Other(none.to_string()),
    }
}

struct Clock(simulation::Clock);

impl chassis::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.0.now()).expect("a world ends long before the calendar does")
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
