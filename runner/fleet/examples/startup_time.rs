//! Measures how long the services of a configuration take to be ready, and to end: `startup_time E2E_CONF [TIMES]`.

use std::{
    error::Error,
    io::{Write, stdout},
    time::Instant,
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, FleetOptions};
use scenario::read_configuration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("startup_time E2E_CONF [TIMES]")?;
    let times: u32 = arguments.next().map_or(Ok(10), |times| times.parse())?;
    let text = std::fs::read_to_string(&file)?;
    let configuration = read_configuration(&text, file.into())
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let fleet = Fleet::new(configuration.into(), FleetOptions::default());
    fleet.build().await?;
    for _ in 0..times {
        let began = Instant::now();
        let world = fleet.up(Seed(0)).await?;
        let (ready, services) = (began.elapsed(), world.services().len());
        let closing = Instant::now();
        world.close().await;
        let ended = closing.elapsed();
        writeln!(stdout(), "{services} services ready after {ready:.1?}, ended after another {ended:.1?}")?;
    }
    Ok(())
}
