//! What was found, before anything is started.

use std::num::NonZeroUsize;

use fault::Seed;
use owo_colors::OwoColorize;
use scenario::{Configuration, Need, Scope, Service};

use crate::layout::{count, pad, width};

/// The services and how they are reached, the links, and what is about to be run.
pub(crate) fn render(
    configuration: &Configuration,
    scenarios: usize,
    seed: Seed,
    jobs: NonZeroUsize,
) -> String {
    let services = &configuration.services;
    let side_by_side = match jobs.get().min(scenarios) {
        0 | 1 => String::new(),
        jobs => format!(", {jobs} side by side"),
    };
    let mut lines = vec![format!(
        "{}  {}, {}, {}{side_by_side}, seed {seed}",
        configuration.file.display().bold(),
        count(services.len(), "service"),
        count(configuration.links().count(), "link"),
        count(scenarios, "scenario"),
    )];
    let longest = services.iter().map(|service| width(service.name.as_str())).max().unwrap_or(0);
    lines.extend(services.iter().map(|service| {
        format!("  {}  {}", pad(service.name.as_str(), longest), described(service)).dimmed().to_string()
    }));
    lines.extend(match configuration.invariants.len() {
        0 => None,
        1 => Some("  1 invariant holds for every scenario".dimmed().to_string()),
        many => Some(format!("  {many} invariants hold for every scenario").dimmed().to_string()),
    });
    lines.push(String::new());
    lines.push(String::new());
    lines.join("\n")
}

fn described(service: &Service) -> String {
    let mut parts = Vec::new();
    let program = service.start.as_ref().and_then(|start| start.command.first());
    parts.push(match (program, &service.base_url) {
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
