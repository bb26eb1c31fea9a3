//! A small service that is controlled by environment variables.

use std::{
    convert::Infallible,
    env, fs,
    io::Write,
    net::Ipv4Addr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    pin::pin,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming, client::conn::http1 as client, server::conn::http1 as server, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// | variable | effect |
/// | --- | --- |
/// | `PORT`, `DATA` | the port it listens on, and its data folder |
/// | `UPSTREAM` | the URL that `/call` calls |
/// | `FAIL_WITH` | it writes this text and ends with exit code 3 |
/// | `FAIL_ONCE` | if there is no file of that name, it creates it, and ends as if its port were taken |
/// | `FAIL_AGAIN` | when it is started again, it writes this text and ends with exit code 3 |
/// | `UNREADY` | `/health` answers 503 |
/// | `UNREADY_AGAIN` | the same, when it is started again |
/// | `TOKEN` | `/health` answers 401 to requests without it in the header `authorization` |
/// | `MUTE` | a folder: a request creates `asked` in it, and is answered once there is `answer` in it |
/// | `DAEMON` | the server is a process outside the service's process group; `unmarked`: without the service's mark; `orphan`: its parent has ended, too |
/// | `IGNORE_TERM` | it ignores SIGTERM |
/// | `DRAIN` | after SIGTERM it answers the requests in flight before it ends |
pub(crate) fn serve() -> ExitCode {
    if let Some(words) = variable("FAIL_WITH") {
        let _ = writeln!(std::io::stdout(), "starting");
        let _ = writeln!(std::io::stderr(), "{words}");
        return ExitCode::from(3);
    }
    if let Some(file) = variable("FAIL_ONCE")
        && fs::File::create_new(file).is_ok()
    {
        let _ = writeln!(std::io::stderr(), "error: Address already in use (os error 98)");
        return ExitCode::from(1);
    }
    if let Some(kind) = variable("DAEMON") {
        let exe = env::current_exe().expect("this binary");
        let mut daemon = Command::new(if kind == "orphan" { "sh".as_ref() } else { exe.as_os_str() });
        if kind == "orphan" {
            daemon.args(["-c", "\"$0\" &"]).arg(&exe);
        }
        if kind != "marked" {
            daemon.env_remove("RUNNER_INSTANCE");
        }
        daemon.env_remove("DAEMON").process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = daemon.spawn().expect("it starts").wait();
        loop {
            std::thread::park();
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(listen());
    ExitCode::SUCCESS
}

async fn listen() {
    let port = variable("PORT").and_then(|port| port.parse().ok()).expect("a port");
    let data = PathBuf::from(variable("DATA").expect("a folder"));
    let mut starts = fs::File::options().append(true).create(true).open(data.join("starts")).expect("a file");
    starts.write_all(b".").expect("it can be written");
    if let Some(words) = variable("FAIL_AGAIN").filter(|_| number_of_starts(&data) > 1) {
        let _ = writeln!(std::io::stderr(), "{words}");
        std::process::exit(3);
    }
    let mut terminate = signal(SignalKind::terminate()).expect("a handler");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free port");
    let (closing, is_closing) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = terminate.recv() => if variable("IGNORE_TERM").is_none() {
                fs::write(data.join("goodbye"), "").expect("it can be written");
                if variable("DRAIN").is_some() {
                    drop(closing);
                    connections.join_all().await;
                }
                return;
            },
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                let data = data.clone();
                let serve = service_fn(move |request| answer(request, data.clone()));
                let mut is_closing = is_closing.clone();
                connections.spawn(async move {
                    let mut connection = pin!(server::Builder::new().serve_connection(TokioIo::new(stream), serve));
                    tokio::select! {
                        _ = connection.as_mut() => return,
                        _ = is_closing.changed() => connection.as_mut().graceful_shutdown(),
                    }
                    let _ = connection.await;
                });
            }
        }
    }
}

fn number_of_starts(data: &Path) -> usize {
    fs::read(data.join("starts")).expect("it was written").len()
}

async fn answer(request: Request<Incoming>, data: PathBuf) -> Result<Response<Full<Bytes>>, Infallible> {
    if let Some(folder) = variable("MUTE") {
        let folder = PathBuf::from(folder);
        fs::write(folder.join("asked"), "").expect("it can be written");
        while !folder.join("answer").exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let (status, text) = match request.uri().path() {
        "/health" if variable("UNREADY").is_some() => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        "/health" if variable("UNREADY_AGAIN").is_some() && number_of_starts(&data) > 1 => {
            (StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        "/health" if variable("TOKEN").is_some_and(|token| !bears(&request, &token)) => {
            (StatusCode::UNAUTHORIZED, String::new())
        }
        "/health" => (StatusCode::OK, String::new()),
        "/starts" => (StatusCode::OK, number_of_starts(&data).to_string()),
        path if path.starts_with("/write/") => (StatusCode::OK, write(&path["/write/".len()..], "\n")),
        path if path.starts_with("/begin/") => (StatusCode::OK, write(&path["/begin/".len()..], "")),
        "/goodbye" => (StatusCode::OK, data.join("goodbye").exists().to_string()),
        "/exit" => {
            let _ = writeln!(std::io::stdout(), "leaving");
            std::process::exit(7)
        }
        "/call" => match call().await {
            Ok(answered) => answered,
            Err(error) => (StatusCode::BAD_GATEWAY, error),
        },
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}

fn bears(request: &Request<Incoming>, token: &str) -> bool {
    request.headers().get("authorization").is_some_and(|value| value == token)
}

/// Writes to stdout, and returns nothing.
fn write(text: &str, end: &str) -> String {
    let mut out = std::io::stdout();
    write!(out, "{text}{end}").and_then(|()| out.flush()).expect("it is read");
    String::new()
}

async fn call() -> Result<(StatusCode, String), String> {
    let upstream = variable("UPSTREAM").expect("a URL");
    let address = upstream.strip_prefix("http://").expect("plain HTTP");
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        client::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let request = Request::get("/starts").header("host", address).body(Full::<Bytes>::default());
    let sent = sender.send_request(request.expect("a request"));
    let response =
        tokio::time::timeout(Duration::from_secs(5), sent).await.map_err(|error| error.to_string())?;
    let (parts, body) = response.map_err(|error| error.to_string())?.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((parts.status, String::from_utf8_lossy(&body).into_owned()))
}
