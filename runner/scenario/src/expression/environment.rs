use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};

use super::{draws, filters, headers, kinds, literals, ordering};

/// The work that an expression may do: about one unit an instruction or an item, so that a runaway ends in
/// milliseconds.
const FUEL: u64 = 1_000_000;

/// minijinja with undefined names as errors, a bound on work, exact numbers, and the filters that scenarios need.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.remove_global("debug");
    environment.remove_global("namespace");
    filters::add_to(&mut environment);
    kinds::add_to(&mut environment);
    ordering::add_to(&mut environment);
    headers::add_to(&mut environment);
    literals::add_to(&mut environment);
    draws::add_to(&mut environment);
    environment
});
