//! The command line as its users meet it, and the arrows of the house.

mod arrows;
mod mistakes;
mod project;
mod runs;
