//! The same seed makes the same history, byte for byte: whatever ran before, on whichever thread, in whichever process.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hasher},
    io::{self, Write as _},
    process::Command,
};

use engine::{ScenarioResult, run_scenario};
use explore::{Generator, script};
use fault::Seed;
use simulation::block_on;

use crate::linked::{Linked, on_every_core};

const SEEDS: u64 = 1_000;
/// Tells the process that the test starts that it is that process.
const IS_OTHER_PROCESS: &str = "DETERMINISM_OTHER_PROCESS";
/// What a line with a digest begins with.
const DIGEST: &str = "digest of seed";

/// What happened with each seed, in few bytes.
type Digests = BTreeMap<u64, u64>;

/// In which order the seeds are run.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Upwards,
    Downwards,
}

#[test]
fn the_same_seed_makes_the_same_history() {
    let linked = Linked::new();
    let here = digests(&linked, Order::Upwards);
    if env::var_os(IS_OTHER_PROCESS).is_some() {
        let lines = here.iter().map(|(seed, digest)| format!("{DIGEST} {seed}: {digest}\n"));
        let printed = io::stdout().write_all(lines.collect::<String>().as_bytes());
        return printed.unwrap();
    }
    assert_eq!(u64::try_from(here.len()).unwrap(), SEEDS);
    let different: BTreeSet<u64> = here.values().copied().collect();
    // The shortest sequences are alike: nothing but a wait, or nothing at all.
    assert!(different.len() > 900, "the digest says too little: there are {} of them", different.len());
    let again = digests(&linked, Order::Downwards);
    if let Some((seed, _)) = here.iter().find(|(seed, digest)| again[seed] != **digest) {
        panic!("seed {seed} made another history the second time:\n{}", difference(&linked, *seed));
    }
    let elsewhere = digests_of_another_process();
    let differs = here.iter().find(|(seed, digest)| elsewhere.get(seed) != Some(digest));
    assert_eq!(differs, None, "another process made another history with this seed");
}

fn digests(linked: &Linked, order: Order) -> Digests {
    let shares = on_every_core(|share| {
        let of = u64::from(share.of.get());
        let mut seeds: Vec<u64> = (0..SEEDS).filter(|seed| seed % of == u64::from(share.index)).collect();
        if order == Order::Downwards {
            seeds.reverse();
        }
        block_on(async {
            let mut digests = Vec::new();
            for seed in seeds {
                digests.push((seed, digest(&result(linked, seed).await)));
            }
            digests
        })
    });
    shares.into_iter().flatten().collect()
}

fn digests_of_another_process() -> Digests {
    let this = env::current_exe().unwrap();
    let name = concat!(module_path!(), "::the_same_seed_makes_the_same_history");
    let (_, name) = name.split_once("::").unwrap();
    let arguments = [name, "--exact", "--nocapture", "--test-threads=1"];
    let output = Command::new(this).args(arguments).env(IS_OTHER_PROCESS, "yes").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let digest = |line: &str| {
        let (_, digest) = line.split_once(DIGEST)?;
        let (seed, digest) = digest.split_once(": ")?;
        Some((seed.trim().parse().ok()?, digest.parse().ok()?))
    };
    printed.lines().filter_map(digest).collect()
}

/// Runs the sequence of a seed.
async fn result(linked: &Linked, seed: u64) -> ScenarioResult {
    let exploration = linked.exploration("explorations/shop.yaml");
    let sequence = Generator::new(exploration).sequence(Seed(seed));
    let script = script(exploration, &sequence, format!("seed {seed}"), linked.rules.settle);
    run_scenario(&linked.simulation, script.scenario, &linked.rules, Seed(seed), |_| {}).await
}

/// All that happened, and what was thought of it.
fn digest(result: &ScenarioResult) -> u64 {
    let mut digest = Digest(DefaultHasher::new());
    write!(digest, "{:?} {:?} {:?}", result.took, result.verdict, result.history).unwrap();
    digest.0.finish()
}

/// Takes a text in without keeping it.
struct Digest(DefaultHasher);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Where two runs of a seed part, for whoever has to find out why.
fn difference(linked: &Linked, seed: u64) -> String {
    let (one, other) = block_on(async { (result(linked, seed).await, result(linked, seed).await) });
    let records = one.history.records().iter().zip(other.history.records()).enumerate();
    let parting = records.into_iter().find(|(_, (one, other))| one != other);
    parting.map_or_else(
        || "now they are the same: it depends on what ran before".into(),
        |(place, (one, other))| format!("record {place} is\n{one:#?}\nand then\n{other:#?}"),
    )
}
