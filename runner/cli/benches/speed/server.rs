//! A server in this process, with a thread for each connection.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Starts a server that makes items by POST, and reads them by GET. Its replies are JSON, and connections are kept alive.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A peer that closes its connection ends the thread.
            thread::spawn(move || drop(serve(&stream)));
        }
    });
    Ok(address)
}

fn serve(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        while {
            line.clear();
            reader.read_line(&mut line)? > 2
        } {
            let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            length = header.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(length);
        }
        io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
        let path = first.split(' ').nth(1).unwrap_or_default();
        let (status, body) = if first.starts_with("POST") {
            ("201 Created", r#"{"id":17,"name":"thing","price":12.5,"tags":["a","b"]}"#.to_owned())
        } else {
            let id = path.rsplit('/').next().unwrap_or_default();
            ("200 OK", format!(r#"{{"status":"ok","id":"{id}","owner":{{"name":"ann"}},"items":[1,2,3]}}"#))
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all((head + &body).as_bytes())?;
    }
}
