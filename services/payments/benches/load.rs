//! How many payments a second the shop makes durable, and whether every cent is where it must be.
//!
//! `cargo build --release --bins && cargo bench -p payments --bench load` starts the three services from the folder of
//! release binaries (or from `SHOP_BINARIES`), each on a database of its own.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::{
    collections::BTreeMap,
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use chassis::{Money, Transport, http_transport};
use futures_util::future::join_all;
use http::Request;
use redb::{Database, Durability, TableDefinition};
use serde_json::{Value, json};
use tower::ServiceExt;

const CLIENTS: usize = 32;
const USERS: usize = 64;
const ORDERS: usize = 40_000;
const LOAD: Duration = Duration::from_secs(10);
/// Begun, charged and completed in payments, one decision in users, one status in orders.
const WRITES_A_PAYMENT: f64 = 5.0;
const PLAIN: TableDefinition<u64, &[u8]> = TableDefinition::new("plain");

/// A service that runs for as long as this lives.
struct Service {
    process: Child,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Service {
    fn start(binaries: &Path, folder: &Path, name: &str, others: &[(&str, &Service)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let process = Command::new(binaries.join(name))
            .args(["--port", &port.to_string(), "--database"])
            .arg(folder.join(name).with_extension("redb"))
            .envs(others.iter().map(|(variable, service)| (variable, &service.url)))
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} doesn't start: {error}", binaries.join(name).display()));
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    /// What the process has in memory, where the system says so.
    fn resident(&self) -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().to_owned())
    }

    async fn ready(&self, client: &Transport) {
        let until = Instant::now() + Duration::from_secs(10);
        let ask = || Request::get(format!("{}/livez", self.url)).body(Bytes::new()).expect("a request");
        while client.clone().oneshot(ask()).await.is_err() {
            assert!(Instant::now() < until, "{} isn't ready", self.url);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn send(client: &Transport, request: http::request::Builder, body: Bytes) -> (u16, Value) {
    let request = request.header("content-type", "application/json").body(body).expect("a request");
    let reply = client.clone().oneshot(request).await.expect("a reply");
    let status = reply.status().as_u16();
    (status, serde_json::from_slice(reply.body()).expect("replies are JSON"))
}

async fn post(client: &Transport, url: String, body: &Value) -> (u16, Value) {
    send(client, Request::post(url), body.to_string().into()).await
}

async fn get(client: &Transport, url: String) -> Value {
    let (status, body) = send(client, Request::get(&url), Bytes::new()).await;
    assert_eq!(status, 200, "{url}: {body}");
    body
}

fn money(value: &Value) -> i64 {
    let Value::Number(number) = value else { panic!("{value} is no amount") };
    // A ledger's totals may be more than one request may name.
    let digits = format!("{:.2}", number.as_f64().expect("a number")).replace('.', "");
    digits.parse().expect("digits")
}

/// What order number `n` costs.
fn price(n: usize) -> Money {
    Money::minor(100 + i64::try_from(n % 97).expect("it is small"))
}

/// Durable commits of as many small writes as there are clients: what one database does at best here.
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
async fn drive<F: Future<Output = ()>>(count: usize, time: Duration, work: impl Fn(usize) -> F) -> Duration {
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let client = async || {
        while started.elapsed() < time {
            match next.fetch_add(1, Ordering::Relaxed) {
                n if n < count => work(n).await,
                _ => break,
            }
        }
    };
    join_all((0..CLIENTS).map(|_| client())).await;
    started.elapsed()
}

#[tokio::main]
async fn main() {
    let own = env::current_exe().expect("a running program has a path");
    let beside = own.ancestors().nth(2).expect("it lies in target/release/deps").to_owned();
    let binaries = env::var_os("SHOP_BINARIES").map_or(beside, PathBuf::from);
    let folder = env::temp_dir().join(format!("shop-load-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder for databases");

    let users = Service::start(&binaries, &folder, "users-service", &[]);
    let orders = Service::start(&binaries, &folder, "orders-service", &[("USERS_URL", &users)]);
    let callees = [("USERS_URL", &users), ("ORDERS_URL", &orders)];
    let payments = Service::start(&binaries, &folder, "payment-service", &callees);
    let client = http_transport();
    for service in [&users, &orders, &payments] {
        service.ready(&client).await;
    }

    let mut ids = Vec::new();
    for n in 0..USERS {
        let user = json!({"username": format!("user{n}"), "email": format!("{n}@x"), "balance": 1_000_000});
        let (status, made) = post(&client, format!("{}/api/users", users.url), &user).await;
        assert_eq!(status, 201, "{made}");
        ids.push(made["user"]["id"].clone());
    }
    let placed = Mutex::new(Vec::with_capacity(ORDERS));
    let took = drive(ORDERS, Duration::MAX, async |n| {
        let order = json!({"user_id": ids[n % USERS], "items": ["x"], "total_amount": price(n).to_number()});
        let (status, made) = post(&client, format!("{}/api/orders", orders.url), &order).await;
        assert_eq!(status, 201, "{made}");
        let body = json!({"order_id": made["order"]["id"], "user_id": ids[n % USERS]});
        placed.lock().expect("nobody panics").push((body, price(n).units()));
    })
    .await;
    println!("{:>10.0} orders a second", per_second(ORDERS, took));

    let placed = placed.into_inner().expect("nobody panics");
    let seen = Mutex::new((Vec::new(), BTreeMap::new()));
    let url = format!("{}/api/payments", payments.url);
    let took = drive(ORDERS, LOAD, async |n| {
        let (body, price) = &placed[n];
        let started = Instant::now();
        let (status, made) = post(&client, url.clone(), body).await;
        let waited = started.elapsed();
        assert_eq!(status, 201, "{made}");
        assert_eq!(money(&made["payment"]["amount"]), *price);
        let id = made["payment"]["id"].as_u64().expect("payments have ids");
        let mut seen = seen.lock().expect("nobody panics");
        seen.0.push(waited);
        assert_eq!(seen.1.insert(id, *price), None, "payment {id} was promised twice");
    })
    .await;
    let (mut waits, paid) = seen.into_inner().expect("nobody panics");
    waits.sort_unstable();
    let quantile = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let rate = per_second(paid.len(), took);
    println!("{rate:>10.0} payments a second, {CLIENTS} clients, {} in all", paid.len());
    println!("{:>10.1} ms p50, {:.1} ms p99", quantile(50), quantile(99));

    let mut found = BTreeMap::new();
    let mut page = format!("{url}?limit=10000");
    loop {
        let list = get(&client, page).await;
        for payment in list["payments"].as_array().expect("a list") {
            assert_eq!(payment["status"], "completed", "{payment}");
            found.insert(payment["id"].as_u64().expect("an id"), money(&payment["amount"]));
        }
        match &list["next"] {
            Value::Null => break,
            next => page = format!("{url}?limit=10000&after={next}"),
        }
    }
    assert_eq!(found, paid, "the payments are those that clients were told of");
    let ledger = get(&client, format!("{}/api/ledger", users.url)).await;
    let total: i64 = paid.values().sum();
    assert_eq!(money(&ledger["clearing"]), total, "clearing holds what was paid");
    assert_eq!(money(&ledger["sum"]), 0);
    println!("{total:>10} cents paid, all of them in clearing, each payment where its client was told");

    for (name, service) in [("users", &users), ("orders", &orders), ("payments", &payments)] {
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
