//! Replays the corpus of the gateway's fuzz targets: what is read from a buyer holds what it promises
//! for every input that was ever worth keeping.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../fuzz/src/gateway.rs"]
pub mod fuzz;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn entries(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_check_has_a_fuzz_target_and_a_corpus() {
    let checks: Vec<_> = fuzz::CHECKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["fuzz/fuzz_targets", "tests/corpus"] {
        let names = entries(folder).into_iter();
        let names = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("gateway_")).collect();
        names.sort();
        assert_eq!(names, checks);
    }
}

#[test]
fn the_corpus_holds() {
    for (name, check) in fuzz::CHECKS {
        let inputs = entries(&format!("tests/corpus/{name}"));
        assert!(inputs.len() >= 3, "{name} has a corpus of {}", inputs.len());
        for path in inputs {
            println!("{}", path.display());
            check(&fs::read(path).unwrap());
        }
    }
}
