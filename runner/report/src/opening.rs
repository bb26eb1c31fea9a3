//! What was found, before anything is started.

use fault::Seed;
use owo_colors::OwoColorize;
use scenario::{Configuration, Need, Scope, Service};

use crate::{
    WorldKind,
    layout::{count, pad, width},
};

/// The services and how they are reached, the links, and what is about to be run, such as `78 scenarios`: so many of them side
/// by side, with this seed, in this kind of world. `judged` is what the invariants are checked in, such as `scenario`.
pub fn render(
    configuration: &Configuration,
    runs: &str,
    judged: &str,
    side_by_side: usize,
    seed: Seed,
    world: WorldKind,
) -> String {
    let services = &configuration.services;
    let side_by_side = match side_by_side {
        0 | 1 => String::new(),
        several => format!(", {several} side by side"),
    };
    let time = match world {
        WorldKind::Live => "",
        WorldKind::Simulated => ", in virtual time",
    };
    let mut lines = vec![format!(
        "{}  {}, {}, {runs}{side_by_side}{time}, seed {seed}",
        configuration.file.display().bold(),
        count(services.len(), "service"),
        count(configuration.links().count(), "link"),
    )];
    let longest = services.iter().map(|service| width(service.name.as_str())).max().unwrap_or(0);
    lines.extend(services.iter().map(|service| {
        format!("  {}  {}", pad(service.name.as_str(), longest), described(service, world))
            .dimmed()
            .to_string()
    }));
    lines.extend(match configuration.invariants.len() {
        0 => None,
        1 => Some(format!("  1 invariant holds for every {judged}").dimmed().to_string()),
        many => Some(format!("  {many} invariants hold for every {judged}").dimmed().to_string()),
    });
    lines.push(String::new());
    lines.push(String::new());
    lines.join("\n")
}

fn described(service: &Service, world: WorldKind) -> String {
    let mut parts = Vec::new();
    let program = service.start.as_ref().and_then(|start| start.command.first());
    parts.push(match (program, &service.base_url) {
        _ if service.stub.is_some() => "a stub".into(),
        _ if world == WorldKind::Simulated => "simulated".into(),
        (Some(program), _) => match program.render(&Scope::default()) {
            Ok(program) => format!("to be started: {program}"),
            // Which program it is depends on the environment.
            Err(_) => "to be started".into(),
        },
        (None, Some(url)) => format!("runs at {}", url.to_string().trim_end_matches('/')),
        (None, None) => "linked in".into(),
    });
    if !service.depends_on.is_empty() {
        let callees: Vec<&str> = service.depends_on.iter().map(|to| to.service.as_str()).collect();
        parts.push(format!("calls {}", callees.join(", ")));
    }
    if service.need == Need::Optional {
        parts.push("not required".into());
    }
    parts.join("; ")
}
