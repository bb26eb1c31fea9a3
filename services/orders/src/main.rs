//! `orders-service`: see the crate `orders`.

use std::process::ExitCode;

use chassis::BaseUrl;

/// Costs half as much as the system's allocator in a process that allocates for every request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, clap::Args)]
struct Arguments {
    /// Base URL of users-service.
    #[arg(long, env = "USERS_URL", default_value = "http://127.0.0.1:5002")]
    users_url: BaseUrl,
}

fn main() -> ExitCode {
    chassis::start(&orders::ABOUT, |shared, own: Arguments, environment| {
        let options = orders::OrdersOptions { service_key: shared.service_key, users_url: own.users_url };
        orders::app(&orders::routes(), options, environment)
    })
}
