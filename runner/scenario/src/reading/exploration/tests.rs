//! Explorations and the mistakes in them.

use std::{path::PathBuf, time::Duration};

use super::*;
use crate::{Disturbance, Expectations, File, Generator, Mistake, read_configuration, read_file};

const SHOP: &str = r#"
exploration: A shop
steps: 2-9
clients: 3
operations:
  order:
    weight: 3
    values: { user: { integer: 1-3 }, amount: { money: 0.01-200.00 }, what: { one_of: [Phone, "5"] } }
    request: POST shop /orders
    headers: { Idempotency-Key: "${key}" }
    body: { user: "${user}", total: "${amount}", what: "${what}" }
    expect: { status: [201, 503] }
    undisturbed: { status: 201 }
    makes: { order: body.order }
    same: body.order.id
  cancel:
    needs: [order]
    request: DELETE shop /orders/${order.id}
    idempotent: true
  look:
    request: GET shop /orders
again: 2
faults:
  lost: { link: client -> shop, lose: reply }
kill: { weight: 1, services: shop }
wait: { weight: 1, time: 10ms-1.5s }
"#;

fn read(text: &str) -> Result<Exploration, Vec<Mistake>> {
    let services = "services:\n  shop: { base_url: http://localhost:1 }\n";
    let configuration = read_configuration(services, PathBuf::from("e2e.conf")).expect("a configuration");
    match read_file(text, PathBuf::from("shop.yaml"), &configuration)? {
        File::Exploration(exploration) => Ok(*exploration),
        other => panic!("{other:#?}"),
    }
}

#[test]
fn an_exploration() {
    let shop = read(SHOP).expect("an exploration");
    assert_eq!((shop.length, shop.clients, shop.again), (2..=9, 3..=3, 2));
    let [order, cancel, look] = shop.operations.as_slice() else { panic!("{:?}", shop.operations) };
    assert_eq!((order.weight, cancel.weight), (3, 1));
    assert_eq!((order.has_key(), cancel.has_key()), (true, false));
    let repeatable = |operation: &Operation| operation.is_repeatable();
    assert_eq!([order, cancel, look].map(repeatable), [true, true, false]);
    let statuses = |expect: &Option<Expectations>| expect.as_ref().map(|expect| expect.status.clone());
    assert_eq!(statuses(&order.undisturbed), Some(vec![201.into()]));
    assert_eq!(statuses(&cancel.undisturbed), None);
    assert_eq!(order.values[1].1, Generator::Money(1..=20_000));
    assert_eq!(order.values[2].1, Generator::OneOf(vec!["Phone".into(), "5".into()]));
    assert_eq!(cancel.needs, ["order"]);
    assert_eq!(shop.inject, Disturbance { weight: 3, steps: 1..=6 });
    assert_eq!((shop.kill.weight, shop.killable.len(), shop.wait_weight), (1, 1, 1));
    assert_eq!(shop.wait_times, Duration::from_millis(10)..=Duration::from_millis(1_500));
}

#[test]
fn mistakes_have_their_places() {
    for (from, to, expected) in [
        ("needs: [order]", "needs: [odrer]", "16:3: no operation makes `odrer`, which `cancel` needs"),
        ("needs: [order]", "needs: [order, user]", "no operation makes `user`"),
        ("/${order.id}", "", "`order` is needed and never used"),
        ("${user}", "${usr}", "11:22: `usr` is undefined (did you mean `user`?)"),
        (", total: \"${amount}\"", "", "8:39: `amount` is drawn and never used"),
        ("money: 0.01-200.00", "money: 0.001-2", "`0.001-2` are no amounts"),
        ("integer: 1-3", "integer: 3-1", "`3-1` are no whole numbers"),
        (
            "integer: 1-3",
            "integers: 1-3",
            "unknown key `integers` in a value to draw (did you mean `integer`?)",
        ),
        ("steps: 2-9", "steps: 0-9", "`0-9` are no numbers from 1 to 1000"),
        (
            "Idempotency-Key: \"${key}\"",
            "X-A: b",
            "`same` compares what is sent again, and this has no `${key}` and isn't `idempotent`",
        ),
        ("idempotent: true", "idempotent: false", "19:17: `idempotent` can only be `true`"),
        ("makes: { order: body.order }", "capture: { order: body.order }", "an operation captures nothing"),
        ("services: shop", "services: shpo", "unknown service `shpo` (did you mean `shop`?)"),
        ("time: 10ms-1.5s", "time: 10-20", "`10-20` are no lengths of time"),
        ("undisturbed: { status: 201 }", "undisturbed: {}", "nothing is expected"),
        ("undisturbed: { status: 201 }", "undisturbed: { status: 99 }", "13:28: 99 is not a whole number"),
        ("weight: 3", "weigth: 3", "unknown key `weigth` in an operation (did you mean `weight`?)"),
        ("    needs: [order]\n", "    needs: [order]\n    makes: { order: body }\n", ""),
    ] {
        let text = SHOP.replacen(from, to, 1);
        assert_ne!(text, SHOP, "{from}");
        match read(&text) {
            Ok(_) => assert_eq!(expected, "", "{to} is fine"),
            Err(mistakes) => {
                let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                assert!(!expected.is_empty() && told.iter().any(|told| told.contains(expected)), "{told:#?}");
            }
        }
    }
}

#[test]
fn an_operation_that_can_never_happen_is_a_mistake() {
    let text = SHOP
        .replacen("    weight: 3\n", "    weight: 3\n    needs: [order]\n", 1)
        .replacen("${what}", "${order}", 1);
    let told: Vec<String> = read(&text).expect_err("a cycle").iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("`order` can never happen")), "{told:#?}");
}
