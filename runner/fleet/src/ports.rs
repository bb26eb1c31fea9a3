//! Ports that no other process takes.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

use tokio::net::TcpSocket;

/// A port for a service or a link. It stays reserved until this is dropped, also while nothing listens on it, so that
/// a service that is killed and started again finds it free.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    /// The UDP port of the same number, as a lock between runners: the system releases it however its owner ends, and
    /// services here use TCP. `None` for a port that the configuration names.
    reserved: Option<UdpSocket>,
}

/// How a port counts on which connections of a former listener are still in `TIME_WAIT`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeWait {
    /// As taken: a program that doesn't set `SO_REUSEADDR` couldn't listen there.
    Taken,
    /// As free: the same service listened there before.
    Free,
}

impl Port {
    /// Reserves a port that nothing listens on, outside the range from which the system takes the ports of outgoing
    /// connections: none of those can take it before the service listens.
    pub(crate) fn free() -> io::Result<Self> {
        static RANGE: LazyLock<Range<u16>> = LazyLock::new(|| {
            let ephemeral = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
            outside(ephemeral.as_deref().and_then(parse_range))
        });
        // Runners that start together begin at different ports, so that they seldom try the same.
        static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
            let places = u32::from(RANGE.end - RANGE.start);
            let place = std::process::id().wrapping_mul(97) % places;
            AtomicU16::new(u16::try_from(place).expect("smaller than a count of ports"))
        });
        let places = RANGE.end - RANGE.start;
        for _ in 0..places {
            let number = RANGE.start + NEXT.fetch_add(1, Ordering::Relaxed) % places;
            let Ok(reserved) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)) else { continue };
            if is_free(number, TimeWait::Taken) {
                return Ok(Self { number, reserved: Some(reserved) });
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, format!("every port from {RANGE:?} is taken")))
    }

    /// The port with this number, or `None` if a process listens on it.
    pub(crate) fn fixed(number: u16) -> Option<Self> {
        is_free(number, TimeWait::Free).then_some(Self { number, reserved: None })
    }

    /// Whether no process listens on it now.
    pub(crate) fn is_free(&self) -> bool {
        is_free(self.number, TimeWait::Free)
    }

    /// Whether another port would do as well: the configuration doesn't name this one.
    pub(crate) fn is_exchangeable(&self) -> bool {
        self.reserved.is_some()
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Its address on this machine.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

/// Binds without listening, so that connections are still refused meanwhile.
fn is_free(number: u16, time_wait: TimeWait) -> bool {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(time_wait == TimeWait::Free)?;
        socket.bind((Ipv4Addr::LOCALHOST, number).into())
    };
    bind().is_ok()
}

fn parse_range(text: &str) -> Option<(u16, u16)> {
    let mut bounds = text.split_whitespace().map(str::parse);
    Some((bounds.next()?.ok()?, bounds.next()?.ok()?))
}

/// The ports to choose from, given the first and last port for outgoing connections.
fn outside(ephemeral: Option<(u16, u16)>) -> Range<u16> {
    const LOWEST: u16 = 15_000;
    const ENOUGH: u16 = 1_000;
    // Linux's default; other systems begin higher.
    let (first, last) = ephemeral.unwrap_or((32_768, 60_999));
    if first >= LOWEST + ENOUGH {
        LOWEST..first
    } else if last <= u16::MAX - ENOUGH {
        last + 1..u16::MAX
    } else {
        LOWEST..u16::MAX
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::TcpListener};

    use super::*;

    #[test]
    fn ports_lie_outside_the_range_of_outgoing_connections() {
        assert_eq!(outside(parse_range("32768\t60999\n")), 15_000..32_768);
        assert_eq!(outside(parse_range("10000 40000")), 40_001..65_535);
        assert_eq!(outside(parse_range("1024 65535")), 15_000..65_535);
        assert_eq!(outside(None), 15_000..32_768);
    }

    #[test]
    fn a_reserved_port_is_not_given_out_again() {
        let ports: Vec<Port> = (0..64).map(|_| Port::free().expect("a port")).collect();
        assert_eq!(ports.iter().map(Port::number).collect::<BTreeSet<_>>().len(), 64);
        for port in &ports {
            assert!(UdpSocket::bind(port.address()).is_err(), "other runners see that {port:?} is reserved");
            assert!(port.is_free());
        }
    }

    #[test]
    fn a_port_with_a_listener_is_not_free() {
        let port = Port::free().expect("a port");
        let listener = TcpListener::bind(port.address()).expect("the port is free");
        assert!(!port.is_free());
        assert!(Port::fixed(port.number()).is_none());
        drop(listener);
        assert!(Port::fixed(port.number()).is_some());
    }
}
