//! Replays the corpus of the fuzz targets: what is read from a server or a buyer holds what it
//! promises for every input that was ever worth keeping.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../fuzz/src/lib.rs"]
pub mod fuzz;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<_> = entries.map(|entry| stem(entry.unwrap().path())).collect();
    names.sort();
    names
}

#[test]
fn every_check_has_a_fuzz_target_and_a_corpus() {
    let checks: Vec<_> = fuzz::CHECKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["fuzz/fuzz_targets", "tests/corpus"] {
        let mut names = names(folder);
        // The gateway's are replayed by its own tests.
        names.retain(|name| !name.starts_with("gateway_"));
        assert_eq!(names, checks);
    }
}

#[test]
fn the_corpus_holds() {
    for (name, check) in fuzz::CHECKS {
        let folder = root().join("tests/corpus").join(name);
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            check(&fs::read(path).unwrap());
            count += 1;
        }
        assert!(count >= 3, "{name} has a corpus of {count}");
    }
}
