//! A link on real sockets.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use fault::{CrashPoint, Damage, ErrorReply, Outage, Seed, Side};
use http::StatusCode;
use proxy::{HttpLink, Links};
use tokio::task::JoinSet;
use verdict::NoReply;

use crate::{
    callee::Callee, caller::Caller, eventually, exchange, exchanges, fault, inject, links, received, shop,
};

/// A fault without effect: an exchange that a fault damages continues when its caller gives up.
const SLOW: Damage =
    Damage::Latency { delay: Duration::from_millis(1), jitter: Duration::ZERO, side: Side::Reply };

/// A callee behind a link.
async fn world() -> (Links, Callee, HttpLink) {
    let (links, callee) = (links(), Callee::start());
    let link = HttpLink::open(&links, shop(), None, callee.authority()).await.expect("a free port");
    (links, callee, link)
}

async fn connect(link: &HttpLink) -> Caller {
    Caller::connect(link.address()).await.expect("the link listens")
}

#[tokio::test]
async fn connections_are_kept_on_both_sides() {
    let (links, callee, link) = world().await;
    let mut caller = connect(&link).await;
    for n in 0..3 {
        let body = format!("ping {n}");
        let reply = caller.call("/pay?twice=no", body.as_bytes()).await.expect("a reply");
        assert_eq!((reply.status, &reply.body[..]), (200, body.as_bytes()));
    }
    assert_eq!(callee.connections(), 1);
    let all = exchanges(&links);
    assert_eq!(all.len(), 3);
    for one in &all {
        assert_eq!((received(one), one.delivered), (Some(Ok(200)), 1));
        assert_eq!(one.request.path, "/pay?twice=no");
    }
    assert_eq!(all[2].request.body, "ping 2");
    assert_eq!(all[2].answered.as_ref().expect("an answer").body, "ping 2");
}

#[tokio::test]
async fn headers_of_one_connection_are_not_forwarded() {
    let (_links, callee, link) = world().await;
    let mut caller = connect(&link).await;
    let head = "POST http://elsewhere/pay HTTP/1.1\r\nhost: users:5002\r\nconnection: x-mine\r\nx-mine: 1\r\n\
                x-yours: 1\r\nx-yours: 2\r\ntransfer-encoding: chunked\r\n\r\n";
    caller.write(&format!("{head}4\r\nping\r\n2\r\n!!\r\n0\r\n\r\n")).await;
    let reply = caller.reply().await.expect("a reply");
    let seen = callee.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str(), &seen.body[..]), ("POST", "/pay", &b"ping!!"[..]));
    assert_eq!(seen.headers["host"], "users:5002", "the caller's");
    assert_eq!(seen.headers.get_all("x-yours").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert!(!seen.headers.contains_key("x-mine") && !seen.headers.contains_key("transfer-encoding"));
    assert!(reply.head.contains("x-callee: yes") && !reply.head.contains("x-hop"), "{}", reply.head);

    caller.write("HEAD /pay HTTP/1.1\r\nhost: users\r\n\r\n").await;
    assert_eq!(caller.reply().await.expect("a reply").status, 200);
    caller.call("/pay", b"again").await.expect("the connection is still in step");
}

#[tokio::test]
async fn a_caller_without_a_reply_gets_a_reset() {
    for (damage, why, delivered) in [
        (Damage::Lose(Side::Reply), NoReply::Reset, 1),
        (Damage::Lose(Side::Request), NoReply::Reset, 0),
        (Damage::Outage(Outage::Reset), NoReply::Reset, 0),
    ] {
        let (links, callee, link) = world().await;
        let mut caller = connect(&link).await;
        inject(&links, fault("it", damage.clone()));
        let error = caller.call("/pay", b"ping").await.expect_err("no reply");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{damage}");
        let shown = exchange(&links);
        assert_eq!((received(&shown), shown.delivered), (Some(Err(why)), delivered), "{damage}");
        assert_eq!(callee.seen().len(), delivered as usize, "{damage}");
        links.heal_all();
        connect(&link).await.call("/pay", b"ping").await.expect("a reply once it is healed");
    }
}

#[tokio::test]
async fn a_truncated_reply_ends_after_the_given_number_of_bytes() {
    let (links, _callee, link) = world().await;
    // More than fits into the sockets' buffers.
    let body = vec![b'x'; 8 << 20];
    for (after, sent) in [(0, &b"ping"[..]), (3, &b"ping"[..]), (7 << 20, &body[..])] {
        inject(&links, fault("cut", Damage::Truncate(after)));
        let reply = connect(&link).await.call("/pay", sent).await.expect("a part of a reply");
        assert_eq!((reply.status, reply.body.len()), (200, after));
        assert!(reply.head.contains(&format!("content-length: {}", sent.len())), "{}", reply.head);
        assert!(reply.head.contains("x-callee: yes"), "{}", reply.head);
    }
    assert!(exchanges(&links).iter().all(|one| received(one) == Some(Err(NoReply::CutOff))));
}

#[tokio::test]
async fn an_error_fault_answers_instead_of_the_callee() {
    let (links, callee, link) = world().await;
    let error = ErrorReply {
        status: StatusCode::SERVICE_UNAVAILABLE,
        headers: vec![(http::header::RETRY_AFTER, http::HeaderValue::from_static("3"))],
        body: "later".into(),
    };
    inject(&links, fault("busy", Damage::Error(error)));
    let reply = connect(&link).await.call("/pay", b"ping").await.expect("a reply");
    assert_eq!((reply.status, &reply.body[..]), (503, &b"later"[..]));
    assert!(reply.head.contains("retry-after: 3"), "{}", reply.head);
    assert_eq!(callee.seen().len(), 0);
}

#[tokio::test]
async fn a_request_is_delivered_after_its_caller_has_gone() {
    let (links, callee, link) = world().await;
    inject(&links, fault("slow", SLOW));
    let mut caller = connect(&link).await;
    caller.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 1).await;
    drop(caller);
    eventually("it is given up", || received(&exchange(&links)) == Some(Err(NoReply::Abandoned))).await;
    assert_eq!(exchange(&links).answered, None);
    callee.release();
    eventually("it is answered", || exchange(&links).answered.is_some()).await;
    assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Abandoned)));
}

#[tokio::test]
async fn a_dead_callee_refuses_and_a_restarted_one_is_reached_at_once() {
    let (links, callee, link) = world().await;
    let address = callee.address;
    connect(&link).await.call("/pay", b"ping").await.expect("a reply");

    callee.kill().await;
    let error = connect(&link).await.call("/pay", b"ping").await.expect_err("no callee");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let shown = exchanges(&links).remove(1);
    // The caller was connected already.
    assert_eq!((received(&shown), shown.delivered), (Some(Err(NoReply::Reset)), 0));

    // Each time, the connection that the link has kept is closed.
    for _ in 0..10 {
        let callee = Callee::start_at(address);
        connect(&link).await.call("/pay", b"ping").await.expect("a reply");
        callee.kill().await;
    }
    let late = Callee::start_at(address);
    connect(&link).await.call("/pay", b"ping").await.expect("a reply");
    assert_eq!(late.seen().len(), 1);
}

#[tokio::test]
async fn a_crashed_callee_gets_no_request_on_a_kept_connection() {
    let callee = TcpListener::bind("127.0.0.1:0").expect("a port");
    let upstream = callee.local_addr().expect("an address").to_string().parse().expect("an authority");
    let sockets = Arc::new(Mutex::new(None));
    let to_close = Arc::clone(&sockets);
    // Closed before the runtime can have been notified.
    let links = Links::new(Seed(7), move |_| drop(to_close.lock().expect("unpoisoned").take()));
    let link = HttpLink::open(&links, shop(), None, upstream).await.expect("a free port");

    let answering = thread::spawn(move || {
        let (mut stream, _) = callee.accept().expect("the link");
        assert!(stream.read(&mut [0; 1024]).expect("a request") > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("the link waits");
        (callee, stream)
    });
    connect(&link).await.call("/pay", b"").await.expect("a reply");
    *sockets.lock().expect("unpoisoned") = Some(answering.join().expect("no panic"));

    let service = "users".parse().expect("a name");
    inject(&links, fault("kill", Damage::Crash { service, point: CrashPoint::BeforeRequest }));
    connect(&link).await.call("/pay", b"").await.expect_err("no callee");
    let shown = exchanges(&links).remove(1);
    // The caller was connected already.
    assert_eq!((received(&shown), shown.delivered), (Some(Err(NoReply::Reset)), 0));
}

#[tokio::test]
async fn a_callee_that_dies_during_a_request_resets_it() {
    let (links, callee, link) = world().await;
    let mut caller = connect(&link).await;
    caller.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 1).await;
    callee.kill().await;
    assert_eq!(caller.reply().await.expect_err("no reply").kind(), ErrorKind::ConnectionReset);
    let shown = exchange(&links);
    assert_eq!((received(&shown), shown.delivered), (Some(Err(NoReply::Reset)), 1));
}

#[tokio::test]
async fn an_outage_that_begins_later_resets_what_is_under_way() {
    for outage in [Outage::Reset, Outage::Refuse] {
        let (links, callee, link) = world().await;
        let mut caller = connect(&link).await;
        caller.send("/held", b"charge").await;
        eventually("the callee has it", || callee.seen().len() == 1).await;
        links.inject(fault("away", Damage::Outage(outage)), Duration::from_millis(20), None).keep();
        assert_eq!(caller.reply().await.expect_err("no reply").kind(), ErrorKind::ConnectionReset);
        assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Reset)), "{outage:?}");
        callee.release();
        eventually("it is answered", || exchange(&links).answered.is_some()).await;
    }
}

#[tokio::test]
async fn a_request_that_waits_for_a_connection_is_not_delivered() {
    // Nothing accepts: the queue is full after a few connections, and further ones wait.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let queued: JoinSet<_> = (0..8).map(|_| tokio::net::TcpStream::connect(address)).collect();
    let links = links();
    let upstream = address.to_string().parse().expect("an authority");
    let link = HttpLink::open(&links, shop(), None, upstream).await.expect("a free port");
    let mut caller = connect(&link).await;
    caller.send("/pay", b"charge").await;
    eventually("it is sent", || exchanges(&links).len() == 1).await;
    drop(caller);
    eventually("it is given up", || received(&exchange(&links)) == Some(Err(NoReply::Abandoned))).await;
    assert_eq!(exchange(&links).delivered, 0);
    drop(queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_get_their_own_replies() {
    let (links, callee, link) = world().await;
    let mut callers = JoinSet::new();
    for number in 0..32 {
        let mut caller = connect(&link).await;
        callers.spawn(async move {
            for n in 0..50 {
                let body = format!("{number}: {n}");
                let reply = caller.call("/pay", body.as_bytes()).await.expect("a reply");
                assert_eq!(reply.body, body.as_bytes());
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.expect("all replies were right");
    }
    assert_eq!(callee.seen().len(), 32 * 50);
    assert!(callee.connections() <= 32, "{} connections for 32 callers", callee.connections());
    assert!(exchanges(&links).iter().all(|one| one.delivered == 1 && received(one) == Some(Ok(200))));
}

#[tokio::test]
async fn bodies_of_32_mib_pass_and_larger_ones_are_refused() {
    let (links, callee, link) = world().await;
    let limit = 32 << 20;
    let reply = connect(&link).await.call("/pay", &vec![b'x'; limit]).await.expect("a reply");
    assert_eq!((reply.status, reply.body.len()), (200, limit));
    let kept = exchange(&links).request.body.len();
    assert_eq!(kept, 1 << 20, "the history keeps the beginning");

    let mut caller = connect(&link).await;
    caller
        .write(&format!("POST /pay HTTP/1.1\r\nhost: users\r\ncontent-length: {}\r\n\r\n", limit + 1))
        .await;
    let reply = caller.reply().await.expect("a problem");
    assert_eq!(reply.status, 413);
    let mut caller = connect(&link).await;
    caller.write("POST /pay HTTP/1.1\r\nhost: users\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = "x".repeat(1 << 20);
    for _ in 0..32 {
        caller.write(&format!("100000\r\n{chunk}\r\n")).await;
    }
    caller.write("1\r\nx\r\n").await;
    assert_eq!(caller.reply().await.expect("a problem").status, 413);
    assert_eq!(callee.seen().len(), 1);

    let size = (limit + 1).to_string();
    let reply = connect(&link).await.call("/large", size.as_bytes()).await.expect("a problem");
    assert_eq!(reply.status, 502);
    let problem = String::from_utf8(reply.body).expect("text");
    assert!(problem.contains("larger than 33554432 bytes"), "{problem}");
}

#[tokio::test]
async fn a_closed_link_leaves_no_connection() {
    let (links, callee, link) = world().await;
    let address = link.address();
    let mut idle = connect(&link).await;
    idle.call("/pay", b"ping").await.expect("a reply");
    inject(&links, fault("slow", SLOW));
    let mut waiting = connect(&link).await;
    waiting.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 2).await;

    link.close().await;
    drop(TcpListener::bind(address).expect("the port is free"));
    for caller in [&mut idle, &mut waiting] {
        caller.reply().await.expect_err("the connection is closed");
    }
    // The delivery to the callee continues until the links are closed.
    callee.release();
    eventually("it is answered", || exchanges(&links)[1].answered.is_some()).await;
    inject(&links, fault("away", Damage::Outage(Outage::Refuse)));
    links.heal_all();
    Caller::connect(address).await.map(|_| ()).expect_err("it stays closed");
}

#[tokio::test]
async fn a_dropped_link_is_closed() {
    let (_links, _callee, link) = world().await;
    let address = link.address();
    let mut idle = connect(&link).await;
    idle.call("/pay", b"ping").await.expect("a reply");
    drop(link);
    TcpListener::bind(address).expect("the port is free");
    idle.reply().await.expect_err("the connection is closed");
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let upstream = address.to_string().parse().expect("an authority");
    let error = HttpLink::open(&links(), shop(), Some(address), upstream).await.expect_err("it is taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}
