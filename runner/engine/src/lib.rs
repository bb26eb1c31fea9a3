//! Runs scenarios in a world and says what happens as it happens.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `world` | the `World` a scenario runs in, and the `Stage` that makes one for each |

mod world;

pub use verdict::BrokenOff;
pub use world::{Stage, World};
