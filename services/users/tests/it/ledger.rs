//! The ledger under random operations: its invariants hold after each of them.

use std::collections::BTreeMap;

use http::StatusCode;
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::service::{Reply, Service};

/// An operation on one of few users, keys and amounts, so that operations coincide.
#[derive(Debug, Clone)]
enum Step {
    Change { user: u64, key: u8, kind: &'static str, units: i64 },
    Cancel { user: u64, key: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let change = (1..=3_u64, 0..6_u8, prop::sample::select(vec!["charge", "refund", "deposit"]), 1..4_i64)
        .prop_map(|(user, key, kind, tens)| {
            let units = tens * 9_999 * if kind == "charge" { -1 } else { 1 };
            Step::Change { user, key, kind, units }
        });
    let cancel = (1..=3_u64, 0..6_u8).prop_map(|(user, key)| Step::Cancel { user, key });
    prop_oneof![4 => change, 1 => cancel]
}

/// The minor units of a number as it is written.
fn units(number: &Value) -> i64 {
    values::Money::parse(&number.to_string()).unwrap().units()
}

/// The answers to each key, without the header of a replay.
type Answers = BTreeMap<(u64, u8, String), (StatusCode, Value)>;

/// Checks that a request under the same key gets the same answer, or 410 from its cancellation on.
fn sticky(answers: &mut Answers, user: u64, key: u8, body: &Value, reply: &Reply) {
    let mut answer = (reply.status, reply.body.clone());
    if reply.status == StatusCode::UNPROCESSABLE_ENTITY {
        return;
    }
    let before = answers.get(&(user, key, body.to_string()));
    if reply.status == StatusCode::GONE {
        answer.1 = Value::Null;
    } else if let Some(before) = before {
        assert_eq!(before, &answer, "user {user}, key {key}");
        assert_eq!(reply.headers["idempotency-replayed"], "true");
    }
    answers.insert((user, key, body.to_string()), answer);
}

async fn check_accounts(service: &Service) {
    let ledger = service.get("/api/ledger").await;
    assert_eq!(units(&ledger["sum"]), 0);
    let (mut total, mut clearing, mut external) = (0, 0, 0);
    for account in ledger["balances"].as_array().unwrap() {
        let balance = units(&account["balance"]);
        assert!(balance >= 0, "{ledger}");
        total += balance;
        let statement = service.get(&format!("/api/users/{}/operations", account["user_id"])).await;
        let mut running = 0;
        let mut decisions = BTreeMap::new();
        for line in statement["operations"].as_array().unwrap() {
            if line["decision"] == "applied" {
                let amount = units(&line["amount"]);
                running += amount;
                match line["counterpart"].as_str() {
                    Some("clearing") => clearing -= amount,
                    _ => external -= amount,
                }
            }
            assert_eq!(units(&line["balance"]), running, "{statement}");
            if line["kind"] != "reversal" {
                let key = line["key"].as_str().unwrap().to_owned();
                assert!(
                    decisions.insert(key, line["decision"].clone()).is_none(),
                    "decided twice: {statement}"
                );
            }
        }
        assert_eq!(running, balance, "{statement}");
    }
    assert_eq!(units(&ledger["clearing"]), clearing);
    assert_eq!(units(&ledger["external"]), external);
    assert_eq!(total + clearing + external, 0);
}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_sum_stays_and_decisions_never_change(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::new();
            let mut answers = Answers::new();
            for step in steps {
                match step {
                    Step::Change { user, key, kind, units } => {
                        let amount = values::Money::minor(units).to_number();
                        let body = json!({"amount": amount, "kind": kind});
                        let reply = service.change(user, &key.to_string(), body.clone()).await;
                        sticky(&mut answers, user, key, &body, &reply);
                    }
                    Step::Cancel { user, key } => {
                        let reply = service.cancel(user, &key.to_string()).await;
                        assert!(matches!(reply.status.as_u16(), 200 | 409));
                    }
                }
                check_accounts(&service).await;
            }
        });
    }
}
