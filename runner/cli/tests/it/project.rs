//! Runs the real binary in a project of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
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
        // As it is typed where it is installed.
        command.arg0("runner");
        command.args(arguments).current_dir(self.folder()).env("TMPDIR", temporary);
        // They are set because the tests are run by cargo; the binary isn't.
        command.env_remove("CARGO_MANIFEST_DIR").env_remove("COLUMNS");
        // What a CI sets changes what is printed and written.
        for variable in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "INSTA_UPDATE", "TF_BUILD"] {
            command.env_remove(variable);
        }
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
    answering(connections, "200 OK", "alice")
}

/// Starts a server that answers every request with 401.
pub(crate) fn server_that_refuses() -> SocketAddr {
    answering(usize::MAX, "401 Unauthorized", "nobody")
}

/// Starts a server that answers every request with this status and name, and stops listening after `connections`.
fn answering(connections: usize, status: &'static str, name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(unspecified()).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().take(connections).flatten() {
            thread::spawn(move || {
                if head(&mut stream).is_some() {
                    reply(stream, status, name);
                }
            });
        }
    });
    address
}

/// Starts a server that names bob in its first reply about a user, and alice in all others.
pub(crate) fn server_that_errs_once() -> SocketAddr {
    let mut first = true;
    server_with(move |head| {
        let errs = head.starts_with(b"GET /users/") && std::mem::take(&mut first);
        Some(if errs { "bob" } else { "alice" })
    })
}

/// Starts a server that replies with the name that `choose` gives for a request's head. Without one it never replies.
pub(crate) fn server_with(choose: impl FnMut(&[u8]) -> Option<&'static str> + Send + 'static) -> SocketAddr {
    server_at(unspecified(), choose)
}

/// Starts the same server at this address.
pub(crate) fn server_at(
    address: SocketAddr,
    choose: impl FnMut(&[u8]) -> Option<&'static str> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    // A thread for each connection: a client may open one that it never uses.
    let state = Arc::new(Mutex::new((choose, Vec::new())));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                let Some(head) = head(&mut stream) else { return };
                let (choose, silent) = &mut *state.lock().unwrap();
                match choose(&head) {
                    Some(name) => reply(stream, "200 OK", name),
                    None => silent.push(stream),
                }
            });
        }
    });
    address
}

/// Any free port.
fn unspecified() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// An address without a listener.
pub(crate) fn unused_address() -> SocketAddr {
    TcpListener::bind(unspecified()).unwrap().local_addr().unwrap()
}

/// The head of a request; `None` if the peer closes the connection before it is complete.
fn head(stream: impl Read) -> Option<Vec<u8>> {
    let (mut head, mut reader) = (Vec::new(), BufReader::new(stream));
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(head)
}

/// Replies with this status and name.
fn reply(mut stream: impl Write, status: &str, name: &str) {
    let body = format!(r#"{{"name": "{name}", "balance": 500.0}}"#);
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close");
    // The caller may have closed the connection.
    drop(write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}"));
}
