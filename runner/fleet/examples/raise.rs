//! How long fleets take to be ready, and to be gone again: `raise E2E_CONF [TIMES]`.

use std::{
    error::Error,
    io::{Write, stdout},
    time::Instant,
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, Options};
use scenario::read_configuration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("raise E2E_CONF [TIMES]")?;
    let times: u32 = arguments.next().map_or(Ok(10), |times| times.parse())?;
    let text = std::fs::read_to_string(&file)?;
    let configuration = read_configuration(&text, file.into())
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let fleet = Fleet::new(configuration.into(), Options::default());
    fleet.build().await?;
    for _ in 0..times {
        let begun = Instant::now();
        let world = fleet.up(Seed(0)).await?;
        let (ready, services) = (begun.elapsed(), world.services().len());
        let ending = Instant::now();
        world.close().await;
        let gone = ending.elapsed();
        writeln!(stdout(), "{services} services ready after {ready:.1?}, gone after another {gone:.1?}")?;
    }
    Ok(())
}
