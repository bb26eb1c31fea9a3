//! The same seed makes the same history, byte for byte, on any thread, in any process and after any earlier runs.

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
/// Environment variable by which the test tells the process that it starts to print its digests.
const CHILD_PROCESS_VARIABLE: &str = "DETERMINISM_OTHER_PROCESS";
/// Prefix of a line with a digest.
const DIGEST_PREFIX: &str = "digest of seed";

/// The digest of each seed's run.
type Digests = BTreeMap<u64, u64>;

/// The order in which the seeds are run.
#[derive(Clone, Copy, PartialEq)]
enum SeedOrder {
    Ascending,
    Descending,
}

#[test]
fn the_same_seed_makes_the_same_history() {
    let linked = Linked::new();
    let expected = digests(&linked, SeedOrder::Ascending);
    if env::var_os(CHILD_PROCESS_VARIABLE).is_some() {
        let lines = expected.iter().map(|(seed, digest)| format!("{DIGEST_PREFIX} {seed}: {digest}\n"));
        let printed = io::stdout().write_all(lines.collect::<String>().as_bytes());
        return printed.unwrap();
    }
    assert_eq!(u64::try_from(expected.len()).unwrap(), SEEDS);
    let different: BTreeSet<u64> = expected.values().copied().collect();
    // Not all differ: the shortest sequences are empty, or only wait.
    assert!(different.len() > 900, "only {} different digests", different.len());
    let again = digests(&linked, SeedOrder::Descending);
    if let Some((seed, _)) = expected.iter().find(|(seed, digest)| again[seed] != **digest) {
        panic!("seed {seed} made another history the second time:\n{}", difference(&linked, *seed));
    }
    let child = digests_of_a_child_process();
    let differs = expected.iter().find(|(seed, digest)| child.get(seed) != Some(digest));
    assert_eq!(differs, None, "another process made another history with this seed");
}

fn digests(linked: &Linked, order: SeedOrder) -> Digests {
    let shares = on_every_core(|share| {
        let of = u64::from(share.of.get());
        let mut seeds: Vec<u64> = (0..SEEDS).filter(|seed| seed % of == u64::from(share.index)).collect();
        if order == SeedOrder::Descending {
            seeds.reverse();
        }
        block_on(async {
            let mut digests = Vec::new();
            for seed in seeds {
                digests.push((seed, digest(&run_sequence(linked, seed).await)));
            }
            digests
        })
    });
    shares.into_iter().flatten().collect()
}

fn digests_of_a_child_process() -> Digests {
    let program = env::current_exe().unwrap();
    let name = concat!(module_path!(), "::the_same_seed_makes_the_same_history");
    let (_, name) = name.split_once("::").unwrap();
    let arguments = [name, "--exact", "--nocapture", "--test-threads=1"];
    let output = Command::new(program).args(arguments).env(CHILD_PROCESS_VARIABLE, "yes").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let digest = |line: &str| {
        let (_, digest) = line.split_once(DIGEST_PREFIX)?;
        let (seed, digest) = digest.split_once(": ")?;
        Some((seed.trim().parse().ok()?, digest.parse().ok()?))
    };
    printed.lines().filter_map(digest).collect()
}

/// Runs the sequence of a seed.
async fn run_sequence(linked: &Linked, seed: u64) -> ScenarioResult {
    let exploration = linked.exploration("explorations/shop.yaml");
    let sequence = Generator::new(exploration).sequence(Seed(seed));
    let script = script(exploration, &sequence, format!("seed {seed}"), linked.rules.settle);
    run_scenario(&linked.simulation, script.scenario, &linked.rules, Seed(seed), |_| {}).await
}

/// Returns a digest of the duration, verdict and history.
fn digest(result: &ScenarioResult) -> u64 {
    let mut hash = HashWriter(DefaultHasher::new());
    write!(hash, "{:?} {:?} {:?}", result.took, result.verdict, result.history).unwrap();
    hash.0.finish()
}

/// Hashes the text that is written to it.
struct HashWriter(DefaultHasher);

impl fmt::Write for HashWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Runs a seed twice and describes the first record in which the two histories differ.
fn difference(linked: &Linked, seed: u64) -> String {
    let (one, other) =
        block_on(async { (run_sequence(linked, seed).await, run_sequence(linked, seed).await) });
    let records = one.history.records().iter().zip(other.history.records()).enumerate();
    let first = records.into_iter().find(|(_, (one, other))| one != other);
    first.map_or_else(
        || "two more runs made the same history: it depends on earlier runs".into(),
        |(index, (one, other))| format!("record {index} differs:\n{one:#?}\n{other:#?}"),
    )
}
