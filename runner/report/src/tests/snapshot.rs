use std::fs;

use engine::ScenarioResult;
use fault::Seed;

use super::sample::{FIRST, LATER, failed, passed};
use crate::{
    FirstSnapshot, SNAPSHOT_SEED, SnapshotComparison, SnapshotMismatch, WorldKind,
    snapshot::{Extent, InstaSettings, Update, compare_with},
    transcript,
};

const REVIEWED: InstaSettings =
    InstaSettings { changed: Update::Pending, new: Update::Pending, force_pass: false };

#[test]
fn a_new_snapshot_waits_for_a_review_and_an_accepted_one_passes() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("deep/lost-reply.snap");
    let pending = folder.path().join("deep/lost-reply.snap.new");
    let Err(SnapshotMismatch::Differs { diff, pending: written, .. }) =
        compare_with(&snapshot, &passed(FIRST), Extent::Certain, REVIEWED)
    else {
        panic!("a snapshot that isn't there can't match")
    };
    assert!(diff.contains("+1. alice orders a phone"), "{diff}");
    assert_eq!(written.as_deref(), Some(pending.as_path()));
    let read = insta::Snapshot::from_file(&pending).expect("insta reads what was written");
    assert_eq!(read.metadata().source(), Some("scenarios/faults/lost-reply.yaml"));
    assert_eq!(read.metadata().description(), Some("A payment survives a lost reply"));
    fs::rename(&pending, &snapshot).unwrap();
    compare_with(&snapshot, &passed(LATER), Extent::Certain, REVIEWED).expect("it went the same way");

    let Err(SnapshotMismatch::Differs { diff, .. }) =
        compare_with(&snapshot, &failed(), Extent::Certain, REVIEWED)
    else {
        panic!("another verdict can't match")
    };
    assert!(diff.contains("-A payment survives a lost reply: passed"), "{diff}");
    assert!(diff.contains("+A payment survives a lost reply: failed"), "{diff}");
    assert!(pending.exists());
    compare_with(&snapshot, &passed(FIRST), Extent::Certain, REVIEWED).expect("it is as accepted");
    assert!(!pending.exists(), "there is nothing left to review");
}

#[test]
fn instas_variables_are_read() {
    use Update::{InPlace, No, Pending};
    let read_with = |first, pairs: &[(&str, &str)]| {
        let value =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        InstaSettings::read(first, value).map(|wishes| (wishes.changed, wishes.new, wishes.force_pass))
    };
    let read = |pairs| read_with(FirstSnapshot::Reviewed, pairs);
    let first = |pairs| read_with(FirstSnapshot::Written, pairs);
    assert_eq!(first(&[]), Ok((Pending, InPlace, false)), "where a run says so");
    assert_eq!(first(&[("CI", "false")]), Ok((Pending, InPlace, false)));
    assert_eq!(first(&[("CI", "true")]), Ok((No, No, false)), "what CI writes is lost");
    assert_eq!(first(&[("INSTA_UPDATE", "auto")]), Ok((Pending, Pending, false)), "as insta has it");
    assert_eq!(first(&[("INSTA_UPDATE", "new")]), Ok((Pending, Pending, false)));
    assert_eq!(first(&[("INSTA_UPDATE", "no")]), Ok((No, No, false)));
    assert_eq!(read(&[]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("CI", "true")]), Ok((No, No, false)));
    assert_eq!(read(&[("CI", "false"), ("TF_BUILD", "1")]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("TF_BUILD", "1")]), Ok((No, No, false)));
    assert_eq!(read(&[("CI", "true"), ("INSTA_UPDATE", "new")]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("INSTA_UPDATE", "always"), ("INSTA_FORCE_PASS", "1")]), Ok((InPlace, InPlace, true)));
    assert_eq!(read(&[("INSTA_UPDATE", "unseen")]), Ok((Pending, InPlace, false)));
    assert!(read(&[("INSTA_UPDATE", "maybe")]).unwrap_err().contains("maybe"));
}

#[test]
fn instas_settings_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("a.snap");
    let settings = |update, force_pass| InstaSettings { changed: update, new: update, force_pass };
    assert!(compare_with(&snapshot, &passed(FIRST), Extent::Certain, settings(Update::No, false)).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    compare_with(&snapshot, &passed(FIRST), Extent::Certain, settings(Update::Pending, true))
        .expect("differences pass");
    assert!(!snapshot.exists() && folder.path().join("a.snap.new").exists());
    compare_with(&snapshot, &passed(FIRST), Extent::Certain, settings(Update::InPlace, false))
        .expect("it is accepted");
    compare_with(&snapshot, &passed(LATER), Extent::Certain, settings(Update::No, false))
        .expect("it was accepted");

    let unseen = InstaSettings { new: Update::InPlace, ..REVIEWED };
    let unseen_before = folder.path().join("b.snap");
    let first = compare_with(&unseen_before, &passed(FIRST), Extent::Certain, unseen).expect("it is new");
    assert_eq!(first, SnapshotComparison::Written);
    let again =
        compare_with(&unseen_before, &passed(FIRST), Extent::Certain, unseen).expect("it was accepted");
    assert_eq!(again, SnapshotComparison::Accepted);
    assert!(compare_with(&snapshot, &failed(), Extent::Certain, unseen).is_err(), "it isn't new");
}

/// The same run as a simulated one with the seed of snapshots.
fn repeatable(mut result: ScenarioResult) -> ScenarioResult {
    result.seed = SNAPSHOT_SEED.derive(&result.scenario.name);
    result
}

#[test]
fn all_is_compared_in_a_simulated_run_with_the_seed_of_snapshots() {
    let (first, other_seed) = (repeatable(passed(FIRST)), ScenarioResult { seed: Seed(7), ..passed(FIRST) });
    assert_eq!(Extent::of(&first, WorldKind::Simulated), Extent::Whole);
    assert_eq!(Extent::of(&first, WorldKind::Live), Extent::Certain);
    assert_eq!(Extent::of(&other_seed, WorldKind::Simulated), Extent::Certain);
}

#[test]
fn what_is_not_certain_is_compared_where_all_is() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, pending) = (folder.path().join("a.snap"), folder.path().join("a.snap.new"));
    let (first, later) = (passed(FIRST), passed(LATER));
    compare_with(&snapshot, &first, Extent::Whole, REVIEWED).unwrap_err();
    fs::rename(&pending, &snapshot).unwrap();
    compare_with(&snapshot, &first, Extent::Whole, REVIEWED).expect("it is as accepted");
    compare_with(&snapshot, &later, Extent::Certain, REVIEWED).expect("what is certain is as accepted");
    let Err(SnapshotMismatch::Differs { diff, .. }) =
        compare_with(&snapshot, &later, Extent::Whole, REVIEWED)
    else {
        panic!("a retry more makes another transcript")
    };
    assert!(diff.contains("\n+~"), "{diff}");
    // A run that compares less must not take that review away, nor replace it by less.
    compare_with(&snapshot, &later, Extent::Certain, REVIEWED).expect("what is certain is as accepted");
    fs::remove_file(&snapshot).unwrap();
    compare_with(&snapshot, &later, Extent::Certain, REVIEWED).unwrap_err();
    let kept = fs::read_to_string(&pending).unwrap();
    assert!(kept.contains(&transcript::text(&later)), "{kept}");
}

#[test]
fn a_snapshot_without_what_is_not_certain_is_not_enough_where_all_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("a.snap");
    let in_place = InstaSettings { new: Update::InPlace, ..REVIEWED };
    compare_with(&snapshot, &passed(FIRST), Extent::Certain, in_place).expect("it is new");
    compare_with(&snapshot, &passed(FIRST), Extent::Whole, REVIEWED).unwrap_err();
}
