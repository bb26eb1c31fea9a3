//! Measures durable payments a second and their cost, and checks that every cent is where it must be.
//!
//! `cargo build --release --bins && cargo bench -p payments --bench load` starts the three services from the folder of
//! release binaries (or from `SHOP_BINARIES`), each on a database of its own. It pays for ten seconds, or
//! `SHOP_PAYMENTS` payments, however long that takes.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod client;
mod service;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use redb::{Database, Durability, TableDefinition};
use serde::Deserialize;
use serde_json::Value;
use values::Money;

use self::{
    client::Client,
    service::{Processor, Service},
};

const CLIENTS: usize = 32;
const USERS: usize = 64;
const ORDERS: usize = 50_000;
const LOAD: Duration = Duration::from_secs(10);
/// Begun, charged and completed in payments, one decision in users, one status in orders.
const WRITES_A_PAYMENT: f64 = 5.0;
const PLAIN: TableDefinition<u64, &[u8]> = TableDefinition::new("plain");

#[derive(Deserialize)]
struct UserMade {
    user: Made,
}

#[derive(Deserialize)]
struct OrderMade {
    order: Made,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
}

#[derive(Deserialize)]
struct PaymentMade {
    payment: Payment,
}

#[derive(Deserialize)]
struct Payment {
    id: u64,
    status: String,
    #[serde(with = "values::money::wire")]
    amount: Money,
}

#[derive(Deserialize)]
struct Payments {
    payments: Vec<Payment>,
    next: Option<u64>,
}

/// An order to be paid.
struct Placed {
    order: u64,
    user: u64,
    price: Money,
}

/// Total of order number `n`.
fn price(n: usize) -> Money {
    Money::minor(100 + i64::try_from(n % 97).expect("it is small"))
}

/// An amount in cents. A ledger's totals may be more than one request may name.
fn cents(value: &Value) -> i64 {
    let Value::Number(number) = value else { panic!("{value} is no amount") };
    let digits = format!("{:.2}", number.as_f64().expect("a number")).replace('.', "");
    digits.parse().expect("digits")
}

/// Durable commits of as many small writes as there are clients: the upper bound for one database here.
fn writes_a_second(folder: &Path) -> f64 {
    let database = Database::create(folder.join("plain.redb")).expect("a database");
    let (started, mut written) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs(3) {
        let mut transaction = database.begin_write().expect("a transaction");
        transaction.set_durability(Durability::Immediate).expect("no savepoint is open");
        let mut table = transaction.open_table(PLAIN).expect("a table");
        for _ in 0..CLIENTS {
            table.insert(u64::from(written), [7; 200].as_slice()).expect("an insert");
            written += 1;
        }
        drop(table);
        transaction.commit().expect("a commit");
    }
    f64::from(written) / started.elapsed().as_secs_f64()
}

/// Runs `work` on 0, 1, 2, … with as many clients side by side, until there is no more or the time is over.
async fn drive(
    service: &Service,
    count: usize,
    time: Duration,
    work: impl AsyncFn(usize, &mut Client),
) -> Duration {
    let mut clients = join_all((0..CLIENTS).map(|_| service.connect())).await;
    let (mut numbers, started) = (0..count, Instant::now());
    let numbers = RefCell::new(&mut numbers);
    let next = || numbers.borrow_mut().next().filter(|_| started.elapsed() < time);
    let run = async |client: &mut Client| {
        while let Some(n) = next() {
            work(n, client).await;
        }
    };
    join_all(clients.iter_mut().map(run)).await;
    started.elapsed()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let own = env::current_exe().expect("a running program has a path");
    let beside = own.ancestors().nth(2).expect("it lies in target/release/deps").to_owned();
    let binaries = env::var_os("SHOP_BINARIES").map_or(beside, PathBuf::from);
    let asked = env::var("SHOP_PAYMENTS").ok().map(|count| count.parse().expect("a number of payments"));
    let (count, load) = asked.map_or((ORDERS, LOAD), |count| (count, Duration::MAX));
    let folder = env::temp_dir().join(format!("shop-load-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder for databases");

    let users = Service::start(&binaries, &folder, "users-service", &[]);
    let orders = Service::start(&binaries, &folder, "orders-service", &[("USERS_URL", &users)]);
    let callees = [("USERS_URL", &users), ("ORDERS_URL", &orders)];
    let payments = Service::start(&binaries, &folder, "payment-service", &callees);
    let services = [("users", &users), ("orders", &orders), ("payments", &payments)];

    let mut to_users = users.connect().await;
    let mut ids = Vec::new();
    for n in 0..USERS {
        let user = format!(r#"{{"username": "user{n}", "email": "{n}@x", "balance": 1000000}}"#);
        let made: UserMade = to_users.post("/api/users", &user).await;
        ids.push(made.user.id);
    }
    orders.connect().await;
    let placed = RefCell::new(Vec::with_capacity(count));
    let took = drive(&orders, count, Duration::MAX, async |n, client| {
        let (user, price) = (ids[n % USERS], price(n));
        let order = format!(r#"{{"user_id": {user}, "items": ["x"], "total_amount": {price}}}"#);
        let made: OrderMade = client.post("/api/orders", &order).await;
        placed.borrow_mut().push(Placed { order: made.order.id, user, price });
    })
    .await;
    println!("{:>10.0} orders a second", per_second(count, took));

    let placed = placed.into_inner();
    let seen = RefCell::new((Vec::with_capacity(count), BTreeMap::new()));
    let before = services.map(|(_, service)| service.processor());
    let client_before = Processor::of(process::id());
    let took = drive(&payments, count, load, async |n, client| {
        let Placed { order, user, price } = placed[n];
        let started = Instant::now();
        let body = format!(r#"{{"order_id": {order}, "user_id": {user}}}"#);
        let PaymentMade { payment } = client.post("/api/payments", &body).await;
        assert_eq!((payment.status.as_str(), payment.amount), ("completed", price));
        let mut seen = seen.borrow_mut();
        seen.0.push(started.elapsed());
        assert_eq!(seen.1.insert(payment.id, price), None, "payment {} was promised twice", payment.id);
    })
    .await;
    let client = Processor::of(process::id()).since(client_before);
    let spent = services.map(|(_, service)| service.processor());
    let (mut waits, paid) = seen.into_inner();
    waits.sort_unstable();
    let quantile = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let rate = per_second(paid.len(), took);
    println!("{rate:>10.0} payments a second, {CLIENTS} clients, {} in all", paid.len());
    println!("{:>10.1} ms p50, {:.1} ms p99", quantile(50), quantile(99));
    let mut whole = Duration::ZERO;
    let mut costs = |name: &str, cost: Processor| {
        let each = |time: Duration| 1e3 / per_second(paid.len(), time);
        println!(
            "{:>10.3} ms of the processor a payment in {name}: {:.3} its own, {:.3} the kernel's",
            each(cost.user + cost.system),
            each(cost.user),
            each(cost.system)
        );
        whole += cost.user + cost.system;
    };
    for (at, (name, _)) in services.iter().enumerate() {
        costs(name, spent[at].since(before[at]));
    }
    costs("the client", client);
    println!(
        "{:>10.3} ms in all, {:.2} processors",
        1e3 / per_second(paid.len(), whole),
        whole.as_secs_f64() / took.as_secs_f64()
    );

    let mut found = BTreeMap::new();
    let mut after = String::new();
    let mut to_payments = payments.connect().await;
    loop {
        let page: Payments = to_payments.get(&format!("/api/payments?limit=10000{after}")).await;
        for payment in page.payments {
            assert_eq!(payment.status, "completed", "payment {}", payment.id);
            found.insert(payment.id, payment.amount);
        }
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(found, paid, "the payments are those that clients were told of");
    let ledger: Value = users.connect().await.get("/api/ledger").await;
    let total: i64 = paid.values().map(|amount| amount.units()).sum();
    assert_eq!(cents(&ledger["clearing"]), total, "clearing holds what was paid");
    assert_eq!(cents(&ledger["sum"]), 0);
    println!("{total:>10} cents paid, all of them in clearing, each payment where its client was told");

    for (name, service) in services {
        if let Some(resident) = service.resident() {
            println!("{resident:>13} resident in {name}");
        }
    }
    let plain = writes_a_second(&folder);
    println!("{plain:>10.0} writes a second in redb alone, {CLIENTS} a commit");
    println!("{:>10.2} of that with {WRITES_A_PAYMENT} writes a payment", rate * WRITES_A_PAYMENT / plain);
    drop((users, orders, payments));
    fs::remove_dir_all(&folder).expect("the folder is its own");
}

#[expect(clippy::cast_precision_loss, reason = "counts here are small")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
