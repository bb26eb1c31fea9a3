//! The command `list`: the scenarios that would run, or their tags.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use fault::Seed;
use report::WorldKind;
use scenario::Scenario;
use serde::Serialize;

use crate::{
    Exit, Project,
    arguments::List,
    last_run::{LastResult, LastRun},
    output::{print, show_mistakes, show_wrong_arguments},
    project::Purpose,
    run::new_seed,
};

/// A scenario, as it is listed in JSON.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    file: &'a Path,
    tags: &'a [String],
    steps: usize,
    /// How it ended when it last ran; `null` if it hasn't.
    last: Option<LastResult>,
}

/// A tag, as it is listed in JSON.
#[derive(Debug, Serialize)]
struct Tag<'a> {
    tag: &'a str,
    scenarios: usize,
}

/// Lists the scenarios that the command line names. `world` is the kind of worlds whose last run is meant.
pub(crate) fn list(arguments: &List, world: WorldKind) -> Exit {
    let filters = match arguments.selection.filters() {
        Ok(filters) => filters,
        Err(mistakes) => return show_wrong_arguments(&mistakes),
    };
    let project =
        match Project::read_for(Purpose::Look, arguments.configuration.file.as_deref(), &arguments.paths) {
            Ok(project) => project,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
    let last = LastRun::read(&project, world);
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    let chosen = arguments.selection.choose(&project.scenarios, &filters, &last, seed);
    let text = match &chosen {
        Err(nothing) if !arguments.json => nothing.told("list", project.explorations.len()),
        chosen => {
            let scenarios = chosen.as_deref().unwrap_or_default();
            match (arguments.tags, arguments.json) {
                (false, false) => scenario_lines(scenarios),
                (false, true) => json(&listed(scenarios, &last)),
                (true, false) => tag_lines(scenarios),
                (true, true) => json(&tags(scenarios)),
            }
        }
    };
    print(&text, if chosen.is_err() { Exit::NothingRan } else { Exit::Passed })
}

/// A line for each scenario: file, name and tags.
fn scenario_lines(scenarios: &[Arc<Scenario>]) -> String {
    let file = |scenario: &Scenario| scenario.file.display().to_string();
    let columns = scenarios.iter().map(|scenario| file(scenario).chars().count()).max().unwrap_or(0);
    let line = |scenario: &Arc<Scenario>| {
        let tags = if scenario.tags.is_empty() {
            String::new()
        } else {
            format!("  [{}]", scenario.tags.join(", "))
        };
        format!("{:<columns$}  {}{tags}\n", file(scenario), scenario.name)
    };
    scenarios.iter().map(line).collect()
}

/// A line for each tag: the number of scenarios that have it, and the tag.
fn tag_lines(scenarios: &[Arc<Scenario>]) -> String {
    let lines = tags(scenarios).into_iter().map(|Tag { tag, scenarios }| format!("{scenarios:>5}  {tag}\n"));
    lines.collect::<Vec<_>>().concat()
}

fn listed<'a>(scenarios: &'a [Arc<Scenario>], last: &LastRun) -> Vec<Listed<'a>> {
    let listed = |scenario: &'a Arc<Scenario>| Listed {
        name: &scenario.name,
        file: &scenario.file,
        tags: &scenario.tags,
        steps: scenario.steps.len(),
        last: last.of(scenario),
    };
    scenarios.iter().map(listed).collect()
}

/// The tags, by name.
fn tags(scenarios: &[Arc<Scenario>]) -> Vec<Tag<'_>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in scenarios.iter().flat_map(|scenario| &scenario.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    counts.into_iter().map(|(tag, scenarios)| Tag { tag, scenarios }).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("all keys are texts") + "\n"
}
