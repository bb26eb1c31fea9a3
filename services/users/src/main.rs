//! `users-service`: see the crate `users`.

use std::process::ExitCode;

use chassis::NoArguments;

/// Costs half as much as the system's allocator in a process that allocates for every request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chassis::start(&users::ABOUT, |shared, _: NoArguments, environment| {
        let options = users::UsersOptions { service_key: shared.service_key };
        users::app(&users::routes(), options, environment)
    })
}
