//! The process on a file that can't grow: it ends instead of refusing every request, and what it confirmed is kept.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

struct Process {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Process {
    /// Starts the service from a shell that runs `limit` before.
    fn start(database: &Path, limit: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!(r#"{limit}; exec "$0" --port 0 --database "$1""#)])
            .arg(env!("CARGO_BIN_EXE_users-service"))
            .arg(database)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listens on http://") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it listened");
        }
        let address = line.trim_end().rsplit("http://").next().unwrap().to_owned();
        Self { child, log, address }
    }

    /// The reply to a request, if there was one.
    fn ask(&self, head: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let length = body.len();
        let request =
            format!("{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n");
        write!(stream, "{request}Content-Length: {length}\r\n\r\n{body}").ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        Some(reply)
    }
}

#[test]
fn a_service_that_cannot_write_ends_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("users.redb");
    // 512 KiB or 1 MiB, by the unit of the shell; beyond that a write fails as on a full disk.
    let mut process = Process::start(&database, "trap '' XFSZ; ulimit -f 1024");
    let create = |process: &Process, n: u32| {
        let body = format!(r#"{{"username": "user{n}", "email": "user{n}@example.com"}}"#);
        process.ask("POST /api/users", &body).unwrap_or_default()
    };
    let mut made = 0;
    let refused = loop {
        let reply = create(&process, made);
        if !reply.starts_with("HTTP/1.1 201") {
            break reply;
        }
        made += 1;
    };
    assert!(made > 20, "{made} users fit");
    assert!(refused.starts_with("HTTP/1.1 500") || refused.is_empty(), "{refused}");
    assert_eq!(process.child.wait().unwrap().code(), Some(1));
    let mut log = String::new();
    process.log.read_to_string(&mut log).unwrap();
    assert!(log.trim_end().lines().last().unwrap().starts_with("users-service: stopped"), "{log}");

    let mut process = Process::start(&database, ":");
    let user = |n: u32| process.ask(&format!("GET /api/users/{}", n + 4), "").unwrap();
    for n in 0..made {
        assert!(user(n).contains(&format!("\"user{n}\"")), "user {n} was confirmed: {}", user(n));
    }
    assert!(create(&process, made + 1).starts_with("HTTP/1.1 201"), "it writes again");
    process.child.kill().unwrap();
    process.child.wait().unwrap();
}
