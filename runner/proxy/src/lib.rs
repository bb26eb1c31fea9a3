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
//! | `links` | the links of one world: faults in force, history, clock |
//! | `layer` | does to an exchange what was decided; the same for both worlds |
//! | `http_link` | a listening link on real sockets |
//! | `upstream` | requests to the callee behind it |
//! | `broken_body` | a reply that breaks off on the wire |
//!
//! An exchange that a fault meets is delivered by a task of its own: what a network has taken it delivers, whether or
//! not the caller still waits. Those tasks end with the world.

mod broken_body;
mod http_link;
mod layer;
mod links;
mod upstream;

pub use http_link::HttpLink;
pub use layer::{FaultLayer, Faulty};
pub use links::Links;
