//! `users-service`: see the crate `users`.

use std::process::ExitCode;

use chassis::NoArguments;

fn main() -> ExitCode {
    chassis::start(&users::ABOUT, |shared, _: NoArguments, environment| {
        users::app(users::Options { service_key: shared.service_key }, environment)
    })
}
