//! Measures the time that a link adds to a small exchange, and exchanges a second.
//!
//! Prints times without and with the link, to be compared within one run. `cargo bench -p proxy -- [REQUESTS]`.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use fault::Seed;
use proxy::{HttpLink, Links};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const REQUEST: &[u8] = b"POST /api/users/1/balance HTTP/1.1\r\nhost: users-service\r\n\
    content-type: application/json\r\nidempotency-key: click-1\r\ncontent-length: 17\r\n\r\n{\"amount\":-20.00}";
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 42\r\n\r\n\
    {\"message\":\"charged\",\"new_balance\":480.00}";
const CONNECTIONS: u32 = 32;

#[expect(clippy::print_stdout, reason = "a benchmark is read on the terminal")]
fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    // The callee and the callers on one thread, the link on another, as in two processes.
    let ends = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let middle = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let middle = middle.expect("a runtime");
    ends.block_on(async {
        let callee = serve().await;
        for round in 1..=3 {
            let links = Links::new(Seed(1), |_| {});
            let name = "orders -> users".parse().expect("a link");
            let upstream = callee.to_string().parse().expect("an authority");
            let link = middle.spawn(async move { HttpLink::open(&links, name, None, upstream).await });
            let link = link.await.expect("no panic").expect("a free port");
            let (direct, through) = (one_by_one(callee, count).await, one_by_one(link.address(), count).await);
            let ratio = through.as_secs_f64() / direct.as_secs_f64();
            println!("round {round}: p50 direct {direct:.1?}, through the link {through:.1?}, {ratio:.1} times");
            let (direct, through) = (side_by_side(callee, count).await, side_by_side(link.address(), count).await);
            println!("round {round}: {CONNECTIONS} connections: direct {direct:.0}/s, through the link {through:.0}/s");
            link.close().await;
        }
    });
}

/// A callee that answers at once.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("an option");
            tokio::spawn(async move {
                let mut got = Vec::with_capacity(4096);
                while stream.read_buf(&mut got).await.is_ok_and(|read| read > 0) {
                    if got.ends_with(b"}") {
                        got.clear();
                        stream.write_all(REPLY).await.expect("the caller waits");
                    }
                }
            });
        }
    });
    address
}

/// The median time of `count` exchanges, one after the other on one connection.
async fn one_by_one(address: SocketAddr, count: u32) -> Duration {
    let mut stream = connect(address).await;
    let mut times = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        call(&mut stream).await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Exchanges a second, on all connections together.
async fn side_by_side(address: SocketAddr, count: u32) -> f64 {
    let mut callers = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        callers.spawn(async move {
            let mut stream = connect(address).await;
            for _ in 0..count / CONNECTIONS {
                call(&mut stream).await;
            }
        });
    }
    callers.join_all().await;
    f64::from(count) / began.elapsed().as_secs_f64()
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("a listener");
    stream.set_nodelay(true).expect("an option");
    stream
}

async fn call(stream: &mut TcpStream) {
    stream.write_all(REQUEST).await.expect("the other end reads");
    let mut got = [0; 1024];
    let mut length = 0;
    while !got[..length].ends_with(b"}") {
        let read = stream.read(&mut got[length..]).await.expect("a reply");
        assert!(read > 0, "the connection ended");
        length += read;
    }
}
