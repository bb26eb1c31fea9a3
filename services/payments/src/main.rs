//! `payment-service`: see the crate `payments`.

use std::{process::ExitCode, time::Duration};

use chassis::BaseUrl;

/// Costs half as much as the system's allocator in a process that allocates for every request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Arguments of this service, beside those that all services share.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Address of the users service.
    #[arg(long, env = "USERS_URL", default_value = "http://localhost:5002")]
    users_url: BaseUrl,
    /// Address of the orders service.
    #[arg(long, env = "ORDERS_URL", default_value = "http://localhost:5003")]
    orders_url: BaseUrl,
    /// Seconds that a payment may be pending before it is given up.
    #[arg(
        long,
        env = "DEADLINE_SECONDS",
        default_value_t = payments::DEADLINE.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=86_400),
    )]
    deadline_seconds: u64,
}

fn main() -> ExitCode {
    chassis::start(&payments::ABOUT, |shared, arguments: Arguments, environment| {
        let options = payments::PaymentsOptions {
            service_key: shared.service_key,
            users_url: arguments.users_url,
            orders_url: arguments.orders_url,
            deadline: Duration::from_secs(arguments.deadline_seconds),
        };
        payments::app(&payments::routes(), options, environment)
    })
}
