//! The shop in virtual time: its scenarios, and what no scenario can do to it.

mod customer;
mod outage;
mod power_cuts;
mod shop;
