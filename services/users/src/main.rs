//! `users-service`: see the crate `users`.

use std::process::ExitCode;

use chassis::NoArguments;

/// Half the cost of the system's, in a process that allocates for every request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chassis::start(&users::ABOUT, |shared, _: NoArguments, environment| {
        users::app(users::Options { service_key: shared.service_key }, environment)
    })
}
