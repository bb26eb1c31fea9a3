//! A service as a process, and what the system says of it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::client::Client;

/// A service that runs for as long as this lives.
pub(crate) struct Service {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Service {
    pub(crate) fn start(binaries: &Path, folder: &Path, name: &str, others: &[(&str, &Service)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = free.expect("a free port");
        let url = |service: &Service| format!("http://{}", service.address);
        let process = Command::new(binaries.join(name))
            .args(["--port", &address.port().to_string(), "--database"])
            .arg(folder.join(name).with_extension("redb"))
            .envs(others.iter().map(|(variable, service)| (variable, url(service))))
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} doesn't start: {error}", binaries.join(name).display()));
        Self { process, address }
    }

    /// A connection, as soon as it listens.
    pub(crate) async fn connect(&self) -> Client {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match Client::connect(self.address).await {
                Ok(client) => return client,
                Err(error) => assert!(Instant::now() < until, "{} isn't ready: {error}", self.address),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the process has in memory, where the system says so.
    pub(crate) fn resident(&self) -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().to_owned())
    }

    pub(crate) fn processor(&self) -> Processor {
        Processor::of(self.process.id())
    }
}

/// The time of the processor that a process has used: its own, and the kernel's on its behalf.
#[derive(Clone, Copy, Default)]
pub(crate) struct Processor {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Processor {
    /// Nothing where the system doesn't say.
    pub(crate) fn of(process: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // After the name, which may hold anything, in parentheses; then they are the 12th and 13th, in 1/100 s.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = |place| after_name.split_ascii_whitespace().nth(place).and_then(|it| it.parse().ok());
        let time = |place| Duration::from_millis(10 * ticks(place).unwrap_or(0));
        Self { user: time(11), system: time(12) }
    }

    /// What was used since then.
    pub(crate) fn since(self, then: Self) -> Self {
        Self { user: self.user.saturating_sub(then.user), system: self.system.saturating_sub(then.system) }
    }
}
