//! The fault layer, and the links that carry it.
//!
//! ```text
//! caller ──▶ HttpLink ──▶ Faulty<Upstream> ──▶ callee        on real sockets
//! caller ──────────────▶ Faulty<S> ──────────▶ callee        in one process
//!                           │ Links: the injector decides, the history remembers
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `links` | the links of one world: the faults in force, the history, the clock |
//! | `layer` | an exchange on a link, from its caller's side; the same in both worlds |
//! | `journey` | does to an exchange what was decided, step by step |
//! | `record` | writes down what comes of it |
//! | `deliveries` | requests that outlive their callers |
//! | `http_link` | a link on real sockets |
//! | `gate` | its address, which listens or refuses everybody |
//! | `connection` | a caller's connection to it: whole replies, resets, replies that break off |
//! | `upstream`, `wire` | its connections to the callee |
//! | `message` | what of a message is carried on |
//!
//! An exchange is a future in its caller's hands: nothing is spawned for it. Only when the caller gives up does the
//! rest of it become a task, so that what a network has taken it delivers. Those tasks end with [`Links::close`].
//!
//! Time is tokio's, so that a paused clock makes it virtual; `select!` is biased: the same calls in the same order
//! give the same history.

mod connection;
mod deliveries;
mod gate;
mod http_link;
mod journey;
mod layer;
mod links;
mod message;
mod record;
mod upstream;
mod wire;

pub use http_link::HttpLink;
pub use layer::{FaultLayer, Faulty, Received};
pub use links::Links;
