//! A fault proxy for HTTP: links between services that delay, lose, refuse, duplicate or corrupt requests and replies.
//!
//! Put a [`FaultLayer`] around any [`tower::Service`], or an [`HttpLink`] between two sockets, and inject faults:
//!
//! ```
//! use std::time::Duration;
//!
//! use proxy::{
//!     Fault, Links, Seed,
//!     bytes::Bytes,
//!     fault::{Damage, Selector, Side},
//!     http::{Request, Response},
//!     verdict::NoReply,
//! };
//! use tower::{Layer, Service, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // The service behind the link; on real sockets this is `HttpLink::open(&links, link, None, "host:port")`.
//! let users = service_fn(|_: Request<Bytes>| async { Ok::<_, NoReply>(Response::new(Bytes::from("alice"))) });
//!
//! let links = Links::new(Seed(7), |service| panic!("{service} can't be crashed in this example"));
//! let mut callee = links.layer("orders -> users".parse().unwrap()).layer(users);
//!
//! let lost = Fault {
//!     name: "reply-lost".parse().unwrap(),
//!     link: "orders -> users".parse().unwrap(),
//!     selector: Selector::default(), // every exchange on the link
//!     damage: Damage::Lose(Side::Reply),
//! };
//! let guard = links.inject(lost, Duration::ZERO, None);
//! let request = || Request::get("/users/1").body(Bytes::new()).unwrap();
//! assert_eq!(callee.call(request()).await.unwrap_err(), NoReply::Reset);
//!
//! drop(guard); // heals the fault
//! assert_eq!(callee.call(request()).await.unwrap().body(), "alice");
//!
//! // Both requests were delivered to the service, as the history shows.
//! links.read(|history| assert!(history.exchanges().all(|exchange| exchange.delivered == 1)));
//! # }
//! ```
//!
//! Each decision is a hash of (seed, fault, ordinal of the exchange): the same seed damages the same exchanges. Time
//! is tokio's, so that a paused clock makes it virtual.
//!
//! # How it works
//!
//! ```text
//! caller ──▶ HttpLink ──▶ Faulty<HttpClient> ──▶ callee        on real sockets
//! caller ──────────────▶ Faulty<S> ────────────▶ callee        in one process
//!                           │ Links: the injector decides, the history records
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `links` | the links of one world, as their users see them |
//! | `state` | the state that they share: faults in force, history, clock |
//! | `absence` | services for which nothing listens: links to them refuse connections |
//! | `layer` | an exchange on a link, from its caller's side; the same on sockets and in one process |
//! | `delivery` | delivers a request and its reply, damaged as decided |
//! | `recorder` | records an exchange in the history |
//! | `detached` | deliveries that outlive their callers |
//! | `http_link` | a link on real sockets |
//! | `listener` | its listening socket, which is closed while the link refuses connections |
//! | `caller_connection` | a caller's connection to it: whole replies, resets, replies that are cut off |
//! | `client`, `callee_connection` | requests to a callee, and one connection to it |
//! | `message` | the headers and bodies that are forwarded |
//!
//! An exchange is a future that its caller polls; no task is spawned for it. Only when the caller gives up, the rest of
//! it becomes a task, since a network delivers what it has accepted. These tasks end with [`Links::close`].
//! `select!` is biased: the same calls in the same order give the same history.

mod absence;
mod callee_connection;
mod caller_connection;
mod client;
mod delivery;
mod detached;
mod http_link;
mod layer;
mod links;
mod listener;
mod message;
mod recorder;
mod state;

pub use absence::Absence;
pub use bytes;
pub use client::{HeaderNames, HttpClient};
pub use fault::{self, Fault, FaultName, Link, Seed, ServiceName};
pub use http;
pub use http_link::HttpLink;
pub use layer::{FaultLayer, Faulty, ReplyFuture};
pub use links::{InjectedFault, Links};
pub use verdict::{self, ExchangeId, History, NoReply, ProcessChange};
