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

/// Prints only the first panic at each source location: an exploration can reach the same panic thousands of times.
fn show_each_panic_once() {
    let (shown, default_hook) = (Mutex::new(BTreeSet::new()), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        let location = panic.location().map(ToString::to_string);
        if shown.lock().unwrap_or_else(PoisonError::into_inner).insert(location) {
            default_hook(panic);
        }
    }));
}
