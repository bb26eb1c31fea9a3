//! Faults on links, as pure data and pure decisions.
//!
//! A [`Fault`] is a [`Damage`] on a [`Link`], and a [`Selector`] of the exchanges it meets. An [`Injector`] holds the
//! faults in force and makes a [`Decision`] on each exchange: a pure function of the seed, the fault's name and the
//! exchange's ordinal. Whatever carries the exchange applies the decision.
//!
//! ```
//! use std::time::Duration;
//!
//! use fault::{Damage, Fault, Injector, LinkAction, RequestHead, Seed, Selector, Side, Window};
//!
//! let link: fault::Link = "payments -> users".parse()?;
//! let mut injector = Injector::new(Seed(7));
//! let fault = Fault {
//!     name: "reply-lost".parse()?,
//!     link: link.clone(),
//!     selector: Selector::default(),
//!     damage: Damage::Lose(Side::Reply),
//! };
//! injector.inject(fault, Window::from(Duration::ZERO), Duration::ZERO);
//!
//! let (method, headers) = (http::Method::POST, http::HeaderMap::new());
//! let head = RequestHead { method: &method, path: "/pay", query: "", headers: &headers };
//! let decision = injector.decide(&link, &head, b"", Duration::from_secs(1));
//! assert_eq!(decision.action, LinkAction::LoseReply);
//! # Ok::<(), fault::NameError>(())
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `fault` | a fault: its name, its link, its damage and the exchanges it meets |
//! | `name` | services, links and faults by name |
//! | `damage` | every kind of damage |
//! | `selector` | which exchanges a fault meets |
//! | `content` | a condition on a request's query or body, which the caller supplies |
//! | `ordinal` | positions as a person reads them: 1st, 2nd, 3rd |
//! | `seed` | random numbers: a hash, never a shared generator |
//! | `injector` | the faults in force, and what each has met |
//! | `outage` | whole links that refuse connections, and outages that cut what is under way |
//! | `decision` | what a link does to an exchange, and how each kind of damage adds to it |
//!
//! A new kind of damage is a variant of `Damage`, a line of its `Display`, and an arm of `Decision::add`.
//!
//! This crate has no clock, no file and no socket: times are [`std::time::Duration`]s since the start of the world,
//! passed in by the caller.

mod content;
mod damage;
mod decision;
mod fault;
mod injector;
mod name;
mod ordinal;
mod outage;
mod seed;
mod selector;

pub use content::{Content, ContentFilter};
pub use damage::{CrashPoint, Damage, ErrorReply, Outage, Side};
pub use decision::{Crash, Decision, Effect, LinkAction};
pub use fault::Fault;
pub use injector::{FaultCount, Injection, Injector, Window};
pub use name::{CLIENT, FaultName, Link, NameError, ServiceName};
pub use ordinal::Ordinal;
pub use outage::{Interruption, Moment, Refusal};
pub use seed::Seed;
pub use selector::{Calls, PathPattern, Probability, RequestHead, Selector};
