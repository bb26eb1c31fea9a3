//! The ends of the `--help` of each command: examples, and what its arguments mean.

use std::fmt::Write as _;

use crate::filter::FILTER_PREDICATES;

const RUN: &str = "\
Examples:
  runner                                        all scenarios of the folder `scenarios`
  runner scenarios/flows --seed 7               those of a folder, with an earlier run's seed
  runner --filter 'tag(payments) & !tag(slow)'  those that an expression selects
  runner --rerun-failed --verbose               those that failed, with all they do
  runner --repeat 20 --filter 'Alice pays'      one of them twenty times: is it flaky?
  runner --shard 2/4 --report junit=junit.xml   the second quarter of them, in a CI
";

const FILTERS: &str = "
Filters:
  A text selects the scenarios with it in their name or path, or with this tag. An expression is
  made of:
";

const FILTERS_END: &str = "  a & b, a | b, !a, (a)
            Both, either, not. `!` binds closest, then `&`.
  Between the parentheses stands a text, `= text` for the whole, or `~ regex`. A text with an
  unpaired parenthesis stands in \"quotes\", and so does one with `&`, `|` or `(` outside of them.
";

const EXITS: &str = "
Exit codes: 0 passed, 1 failed, 2 bad command line, configuration or scenario,
3 the environment failed, 4 nothing ran, 128 and the signal's number if interrupted.";

/// After the help of the command without a name.
pub(crate) fn run() -> String {
    format!("{RUN}{}{EXITS}", filters())
}

/// After the help of `list`.
pub(crate) fn list() -> String {
    format!("{LIST}{}", filters())
}

/// The language of filters.
fn filters() -> String {
    let mut text = FILTERS.to_owned();
    for predicate in FILTER_PREDICATES {
        let _ = writeln!(
            text,
            "  {}(…)\n            {}\n            {}",
            predicate.name, predicate.doc, predicate.example
        );
    }
    text + FILTERS_END
}

pub(crate) const UP: &str = "\
Examples:
  runner up          start the services, and keep them up until Ctrl-C
  runner up --logs   the same, with what they write
";

pub(crate) const EXPLORE: &str = "\
Examples:
  runner explore                                      1000 sequences of each exploration
  runner explore scenarios/explorations/shop.yaml --for 10m
  runner explore --cases 40000 --seed 1 --shard 2/4   on the second of four machines
";

pub(crate) const SWEEP: &str = "\
Examples:
  runner sweep scenarios/flows/checkout.yaml           every fault at every call
  runner sweep scenarios/flows --pairs --report html=sweep.html
";

pub(crate) const CHECK: &str = "\
Examples:
  runner check                          all of the folder `scenarios`
  runner check scenarios/flows -c other.conf

Exit codes: 0 no mistakes, 2 mistakes, 4 there is nothing to check.";

const LIST: &str = "\
Examples:
  runner list                           all scenarios
  runner list --tags                    all tags
  runner list --sort duration --json    what took longest in the last run, for other programs
";

pub(crate) const REPLAY: &str = "\
Examples:
  runner --report json=run.json         run, and write a report
  runner replay run.json                run all of it again
  runner replay run.json --failed       run what failed again

Its paths are relative to the folder in which its run was started. A run of simulated services is
replayed by the program that simulates them, such as `simulate`, one of processes by `runner`.";

pub(crate) const REVIEW: &str = "\
Examples:
  runner review                         show each difference, and ask: accept, reject or skip
  runner review --accept                accept all of them
  runner review --filter crashes --reject

Without a terminal, and without --accept or --reject, the differences are listed.
Exit codes: 0 nothing is left to review, 1 something is.";

pub(crate) const NEW: &str = "\
Examples:
  runner new                               a project to be filled in
  runner new --ports 5002,5003             asks what listens there
  runner new --openapi shop.yaml           a scenario for each group of operations
  runner new --openapi shop.json --url http://localhost:5002
";

pub(crate) const IMPORT: &str = "\
Examples:
  runner import curl -X POST http://localhost:5002/api/users
  runner import har recorded.har > scenarios/recorded.yaml
  runner import openapi --output scenarios shop.yaml

What isn't carried over, and the services that e2e.conf lacks, are told on stderr.";

pub(crate) const SCHEMA: &str = "\
Examples:
  runner schema scenario > schema/scenario.json
  runner schema conf > schema/conf.json

A file names its schema in its first line, for editors:
  # yaml-language-server: $schema=../schema/scenario.json";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  runner completions bash > ~/.local/share/bash-completion/completions/runner
  runner completions zsh > ~/.zfunc/_runner
  runner completions fish > ~/.config/fish/completions/runner.fish
";
