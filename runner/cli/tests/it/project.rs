//! Runs the real binary in a project of its own.

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

    /// Adds a file.
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

    /// The binary, with the project's folder as working folder, and a folder below it for temporary files.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let temporary = self.folder().join("temporary");
        fs::create_dir_all(&temporary).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.folder()).env("TMPDIR", temporary);
        // They are set because the tests are run by cargo; the binary isn't.
        command.env_remove("CARGO_MANIFEST_DIR").env_remove("COLUMNS");
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

    /// The entries of the folder for temporary files.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder().join("temporary")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

/// The output and exit code of a run.
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

/// Starts the same server, which stops listening after `connections`.
pub(crate) fn server_for(connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections).flatten() {
            thread::spawn(move || answer(stream, |_| "alice"));
        }
    });
    address
}

/// Starts a server that names bob in its first reply about a user, and alice in all others.
pub(crate) fn server_that_errs_once() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut first = true;
        for stream in listener.incoming().flatten() {
            answer(stream, |head| {
                let errs = head.starts_with(b"GET /users/") && std::mem::take(&mut first);
                if errs { "bob" } else { "alice" }
            });
        }
    });
    address
}

/// An address without a listener.
pub(crate) fn unused_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Answers one request, if there is one, with the name for this head.
fn answer(mut stream: impl Read + Write, name: impl FnOnce(&[u8]) -> &'static str) {
    let mut head = Vec::new();
    let mut reader = BufReader::new(&mut stream);
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let body = format!(r#"{{"name": "{}", "balance": 500.0}}"#, name(&head));
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    // The caller may have closed the connection.
    drop(write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}"));
}
