//! A sweep over a shop that asks its bank for money, without a key: a charge that is delivered twice is made twice.

use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use engine::Rules;
use explore::{Depth, SweepOptions, SweepTable, sweep};
use fault::Seed;
use http::{Method, Request, Response, StatusCode};
use scenario::{File, read_configuration, read_file};
use simulation::{HostContext, Running, Services, Simulation, StartError, block_on};
use tower::{ServiceExt, service_fn};

use super::text::{check_text, plain};
use crate::{RunRecord, html, json, render_sweep};

const CONFIGURATION: &str = "
services:
  bank: { base_url: 'http://localhost:1' }
  shop: { command: shop, depends_on: [bank] }
settle: 1s
";

const SCENARIO: &str = "
scenario: A customer pays
steps:
  - request: POST shop /payments
    headers: { Idempotency-Key: click-1 }
    expect: { status: 201 }
  - request: GET shop /payments
    expect: { status: 200 }
";

const INVARIANTS: &str = "
invariants:
  a customer is charged once: { when: always, observe: { bank: GET bank /charges }, holds: bank <= 1 }
";

/// Counts charges in memory. A restart resets the count.
fn bank() -> Running {
    let charges = Arc::new(AtomicU32::new(0));
    Running::new(service_fn(move |request: Request<Bytes>| {
        if request.method() == Method::POST {
            charges.fetch_add(1, Ordering::Relaxed);
        }
        let body = charges.load(Ordering::Relaxed).to_string();
        std::future::ready(Ok::<_, Infallible>(Response::new(Bytes::from(body))))
    }))
}

/// Charges once for its key, if the bank answers.
fn shop(context: HostContext) -> Running {
    let (transport, paid) = (context.transport, Arc::new(AtomicU32::new(0)));
    Running::new(service_fn(move |request: Request<Bytes>| {
        let (transport, paid) = (transport.clone(), Arc::clone(&paid));
        async move {
            let mut status = StatusCode::OK;
            if request.method() == Method::POST && paid.load(Ordering::Relaxed) == 0 {
                let charge = Request::post("http://bank/charges").body(Bytes::new()).expect("a request");
                status = match transport.oneshot(charge).await {
                    Ok(reply) if reply.status().is_success() => StatusCode::CREATED,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                paid.fetch_add(u32::from(status.is_success()), Ordering::Relaxed);
            }
            Response::builder().status(status).body(Bytes::from_static(b"\"paid\""))
        }
    }))
}

fn table(depth: Depth) -> SweepTable {
    let mut configuration = read_configuration(CONFIGURATION, PathBuf::from("e2e.conf")).unwrap();
    match read_file(INVARIANTS, PathBuf::from("invariants.yaml"), &configuration).unwrap() {
        File::Invariants(invariants) => configuration.invariants = invariants,
        other => panic!("{other:?}"),
    }
    let File::Scenario(scenario) = read_file(SCENARIO, PathBuf::from("pay.yaml"), &configuration).unwrap()
    else {
        panic!("no scenario")
    };
    let services = Services::new()
        .with("bank".parse().unwrap(), |_| Ok::<_, StartError>(bank()))
        .with("shop".parse().unwrap(), |context| Ok::<_, StartError>(shop(context)));
    let simulation = Simulation::new(&configuration, &services).unwrap();
    let rules = Rules::from(&configuration);
    let options = SweepOptions { depth, ..SweepOptions::new(Seed(1)) };
    block_on(sweep(&Arc::from(scenario), &simulation, &rules, &options, &|_| {})).unwrap()
}

#[test]
fn a_table_shows_every_fault_at_every_call() {
    check_text("sweep", &plain(&render_sweep(&table(Depth::Singles))));
    check_text("sweep_of_pairs", &plain(&render_sweep(&table(Depth::Pairs))));
}

#[test]
fn a_table_is_in_the_json_report() {
    let record = RunRecord::of_sweeps(Seed(1), vec![table(Depth::Singles)]);
    let text = json::render(&record);
    let read: json::RunFile = serde_json::from_str(&text).expect("its own shape");
    assert_eq!(read, json::RunFile::from(&record));
    let sweep = &read.sweeps[0];
    assert_eq!(read.scenarios[sweep.baseline].verdict, json::VerdictFile::Passed);
    for run in sweep.runs.iter().filter(|run| run.outcome == "failed") {
        let scenario = &read.scenarios[run.scenario.expect("what failed is in there")];
        assert!(matches!(scenario.verdict, json::VerdictFile::Failed { .. }), "{scenario:?}");
    }
    check_text("sweep_json", &serde_json::to_string_pretty(&read.sweeps).unwrap());
}

#[test]
fn a_table_is_on_the_page() {
    let page = html::render(&RunRecord::of_sweeps(Seed(1), vec![table(Depth::Pairs)]));
    let from = page.find("<div class=\"sweep\">").expect("a table");
    let until = page[from..].find("</details>").expect("an end") + from;
    check_text("sweep_html", &page[from..until]);
    let links = page[from..until].split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let links: Vec<_> = links.collect();
    assert!(!links.is_empty());
    for id in links {
        assert!(page.contains(&format!("<details id=\"{id}\" class=\"failed\"")), "{id}");
    }
}
