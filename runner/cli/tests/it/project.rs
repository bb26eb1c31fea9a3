//! A project in a folder of its own, and the real binary run in it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
};

use tempfile::TempDir;

/// A folder with an e2e.conf and scenarios.
pub(crate) struct Project(TempDir);

impl Project {
    /// An empty folder with this e2e.conf.
    pub(crate) fn new(configuration: &str) -> Self {
        Self(tempfile::tempdir().unwrap()).with("e2e.conf", configuration)
    }

    /// One more file.
    pub(crate) fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let file = self.0.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The binary, to be run in the folder, with a folder below it for whatever is temporary.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let temporary = self.folder().join("temporary");
        fs::create_dir_all(&temporary).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.folder()).env("TMPDIR", temporary);
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// Starts the binary, with its output piped.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What was left in the folder for temporary things.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder().join("temporary")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Starts a server that answers every request with `{"name": "alice", "balance": 500.0}`, for as long as the tests run.
pub(crate) fn server() -> SocketAddr {
    server_for(usize::MAX)
}

/// The same, which is gone after so many connections.
pub(crate) fn server_for(connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections).flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn answer(mut stream: impl Read + Write) {
    let mut head = Vec::new();
    let mut reader = BufReader::new(&mut stream);
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let body = r#"{"name": "alice", "balance": 500.0}"#;
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    // A caller that hung up has what it wanted.
    drop(write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}"));
}
