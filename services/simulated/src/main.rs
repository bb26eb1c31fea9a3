//! `simulate`: runs scenarios against the shop in virtual time, with the runner's own command line.

use std::{
    collections::BTreeSet,
    panic,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

fn main() -> ExitCode {
    show_each_panic_once();
    runner::main(&simulated::Simulated)
}

/// A service that panics does so in thousands of sequences, always at the same place.
fn show_each_panic_once() {
    let (shown, show) = (Mutex::new(BTreeSet::new()), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        if shown.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
            show(panic);
        }
    }));
}
