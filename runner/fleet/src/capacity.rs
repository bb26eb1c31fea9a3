//! How many requests this machine carries at once.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The files that the runner has open whatever runs: logs, listeners, connections that are kept. It is half of a lower limit: with
/// few scenarios at a time there are fewer.
const OTHER_FILES: u64 = 256;
/// The most links that one request is assumed to cross at the same time.
const MOST_LINKS: u64 = 3;
/// The memory that a request in flight is assumed to need, in bytes.
const MEMORY: u64 = 64 << 10;

/// The most requests at once, and what keeps them from being more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// The number of requests.
    pub requests: u64,
    /// What there is too little of for more.
    pub limit: CapacityLimit,
}

/// What there is too little of for more requests at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapacityLimit {
    /// Files that a process may have open; a connection is one.
    OpenFiles,
    /// Ports for connections to one address.
    Ports,
    /// Memory that is free.
    Memory,
}

impl CapacityLimit {
    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::OpenFiles => "a process may open too few files: raise the limit, as with `ulimit -Hn`",
            Self::Ports => "there are too few ports: widen /proc/sys/net/ipv4/ip_local_port_range",
            Self::Memory => "there is too little free memory",
        }
    }
}

/// How many requests this machine carries at once, between services with this many links. Where `wanted` are more than the limit
/// of open files allows, the limit is raised as far as this process may, also for the services that it starts.
pub fn capacity(links: usize, wanted: u64) -> Capacity {
    let links = (links as u64).min(MOST_LINKS);
    let allowed = |limit: Option<u64>| requests(limit.unwrap_or(u64::MAX), links);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let mut files = allowed(current);
    if files < wanted && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok() {
        files = allowed(maximum);
    }
    let limits = [
        (Some(files), CapacityLimit::OpenFiles),
        (ports(), CapacityLimit::Ports),
        (memory().map(|bytes| bytes / MEMORY), CapacityLimit::Memory),
    ];
    let known =
        limits.into_iter().filter_map(|(requests, limit)| Some(Capacity { requests: requests?, limit }));
    known.min_by_key(|capacity| capacity.requests).expect("the limit of open files is known")
}

/// The requests at once for which this many open files are enough: a connection of the client, and two on each link.
fn requests(files: u64, links: u64) -> u64 {
    (files - OTHER_FILES.min(files / 2)) / (1 + 2 * links)
}

/// The ports from which connections to one address can be made; `None` where the system doesn't tell.
fn ports() -> Option<u64> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some(last.saturating_sub(first) + 1)
}

/// The memory that is free, in bytes; `None` where the system doesn't tell.
fn memory() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_a_connection_and_two_on_each_link() {
        assert_eq!(requests(1024, 0), 768);
        assert_eq!(requests(1024, 3), 109);
        assert_eq!(requests(256, 0), 128);
        assert_eq!(requests(100, 1), 16);
    }

    #[test]
    fn the_limit_of_open_files_is_raised_where_more_are_wanted() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let few = Rlimit { current: Some(512), maximum };
        setrlimit(Resource::Nofile, few).expect("a lower limit is allowed");
        assert_eq!(capacity(0, 10), Capacity { requests: 256, limit: CapacityLimit::OpenFiles });
        assert_eq!(getrlimit(Resource::Nofile), few, "few are enough");
        let raised = capacity(0, 100_000);
        assert!(raised.requests > 256, "{raised:?}");
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }
}
