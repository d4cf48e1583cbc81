//! The rules of the house: who may name whom, one version, no surprises in a profile.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use conformance::root;
use serde_json::Value;

/// Which members a member may depend on.
const MAY_DEPEND_ON: [(&str, &[&str]); 9] = [
    ("blockrun-llm", &[]),
    ("blockrun-gateway", &["blockrun-llm"]),
    ("blockrun-cli", &["blockrun-llm", "blockrun-gateway"]),
    // They bring the command too, whole: it is started from them and nothing of it is bound.
    ("blockrun-python", &["blockrun-llm", "blockrun-cli"]),
    ("blockrun-node", &["blockrun-llm", "blockrun-cli"]),
    ("blockrun-swift", &["blockrun-llm"]),
    ("blockrun-fuzz", &["blockrun-llm", "blockrun-gateway"]),
    ("blockrun-bench", &["blockrun-llm"]),
    ("conformance", &["blockrun-llm", "blockrun-gateway"]),
];

/// Frameworks, and the only members that may name each. The command serves HTTP too: to programs on
/// this machine that it pays for.
const FRAMEWORKS: [(&str, &[&str]); 10] = [
    ("pyo3", &["blockrun-python"]),
    ("napi", &["blockrun-node"]),
    ("uniffi", &["blockrun-swift"]),
    ("axum", &["blockrun-gateway", "blockrun-cli"]),
    ("clap", &["blockrun-cli"]),
    ("rmcp", &["blockrun-cli"]),
    // Libraries say what happens; only a program decides who listens.
    ("tracing-subscriber", &["blockrun-cli"]),
    ("opentelemetry", &["blockrun-gateway"]),
    ("prometheus", &["blockrun-gateway"]),
    ("openssl", &[]),
];

/// The floors of the core; a floor names only its own and those below.
const FLOORS: [(&str, u8); 21] = [
    ("canonical", 0),
    ("clock", 0),
    ("error", 0),
    ("money", 0),
    ("networks", 0),
    ("wallet", 1),
    ("quote", 2),
    ("sse", 2),
    ("x402", 2),
    ("policy", 3),
    ("flow", 4),
    ("journal", 5),
    ("chain", 6),
    ("http", 6),
    ("chat", 7),
    ("client", 7),
    ("discovery", 7),
    ("images", 7),
    ("mcp", 7),
    ("models", 7),
    ("offline", 7),
];

/// Longest source file: aim at 400.
const MAX_LINES: usize = 440;

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> BTreeMap<String, Value> {
    let list = metadata["packages"].as_array().unwrap();
    list.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone())).collect()
}

/// Direct dependencies; those for tests are somebody else's business.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let list = package["dependencies"].as_array().unwrap();
    let normal = list.iter().filter(|one| one["kind"] != "dev");
    normal.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn members_depend_only_on_whom_they_may() {
    let packages = packages(&metadata());
    let known: BTreeSet<_> = MAY_DEPEND_ON.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(packages.keys().cloned().collect::<BTreeSet<_>>(), known, "a member without a rule");
    for (name, allowed) in MAY_DEPEND_ON {
        let members: Vec<_> = dependencies(&packages[name]).intersection(&known).cloned().collect();
        for member in members {
            assert!(allowed.contains(&member.as_str()), "{name} may not depend on {member}");
        }
    }
}

#[test]
fn frameworks_stay_in_their_rooms() {
    for (name, package) in packages(&metadata()) {
        for dependency in dependencies(&package) {
            for (framework, owners) in FRAMEWORKS {
                let named =
                    dependency == framework || dependency.starts_with(&format!("{framework}-"));
                assert!(!named || owners.contains(&name.as_str()), "{name} names {dependency}");
            }
        }
    }
}

#[test]
fn the_core_creates_no_runtime() {
    let packages = packages(&metadata());
    let list = packages["blockrun-llm"]["dependencies"].as_array().unwrap();
    let tokio = list.iter().find(|one| one["name"] == "tokio" && one["kind"] != "dev").unwrap();
    let features: BTreeSet<_> =
        tokio["features"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(features.is_subset(&BTreeSet::from(["macros", "sync", "time"])), "{features:?}");
    for (path, text) in sources("core/src", &["rs"]) {
        assert!(!text.contains("block_on("), "{} blocks on a future", path.display());
    }
}

/// The platform's verifier, which reqwest carries along, panics on Android unless the app has prepared
/// it; a client that is given a whole TLS configuration never makes one.
#[test]
fn no_client_makes_a_verifier_of_the_platform() {
    let count = |what: &str| {
        let files = sources("core/src", &["rs"]);
        files.iter().map(|(_, text)| text.matches(what).count()).sum::<usize>()
    };
    assert_eq!(count("Client::builder()"), count(".tls_backend_preconfigured("));
    assert_eq!((count("reqwest::Client::new("), count(" Client::new(")), (0, 0));
}

#[test]
fn a_plain_test_run_needs_no_binding() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("default-members")).unwrap();
    assert!(!line.contains("bindings"), "{line}");
    assert!(!text.contains("panic = \"abort\""), "bindings turn panics into errors by unwinding");
}

#[test]
fn there_is_one_version() {
    let packages = packages(&metadata());
    let version = env!("CARGO_PKG_VERSION");
    for (name, package) in &packages {
        assert_eq!(package["version"], version, "{name}");
    }
    let package_json: Value = read_json("package.json");
    assert_eq!(package_json["version"], version, "package.json");
    let mcp: Value = read_json("integrations/blockrun-mcp/package.json");
    assert_eq!(mcp["version"], version, "integrations/blockrun-mcp/package.json");
    let pom = fs::read_to_string(root().join("bindings-kotlin/pom.xml")).unwrap();
    let (_, after) = pom.split_once("<artifactId>blockrun-llm</artifactId>").unwrap();
    let (_, declared) = after.split_once("<version>").unwrap();
    assert!(declared.starts_with(&format!("{version}<")), "bindings-kotlin/pom.xml");
    let pyproject = fs::read_to_string(root().join("pyproject.toml")).unwrap();
    assert!(pyproject.contains("dynamic = [\"version\"]"), "the wheel takes the crate's version");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(version), "CHANGELOG.md does not know {version}");
}

#[test]
fn unsafe_code_is_forbidden_outside_the_bindings() {
    for file in ["core/src/lib.rs", "gateway/src/lib.rs", "cli/src/main.rs", "tests/src/lib.rs"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file}");
    }
}

#[test]
fn a_floor_names_only_floors_below() {
    let floors = BTreeMap::from(FLOORS);
    for (path, text) in sources("core/src", &["rs"]) {
        let relative = path.strip_prefix(root().join("core/src")).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let own = *floors.get(module).unwrap_or_else(|| panic!("{module} has no floor"));
        let before_tests = text.split("#[cfg(test)]").next().unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: String = before_tests.lines().filter(is_code).collect();
        for named in code.split("crate::").skip(1).flat_map(names) {
            if let Some(floor) = floors.get(named.as_str()) {
                assert!(*floor <= own, "{}: floor {own} names {named}", relative.display());
            }
        }
    }
}

/// The modules behind a `crate::`: one, or the first names in braces.
fn names(after: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    if !after.starts_with('{') {
        return vec![word(after)];
    }
    let (mut depth, mut found, mut start) = (0, Vec::new(), 1);
    for (index, character) in after.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                found.push(word(&after[start..index]));
                start = index + 1;
            }
            _ => {}
        }
        if depth == 0 {
            found.push(word(&after[start..index]));
            return found;
        }
    }
    found
}

#[test]
fn files_stay_rooms_of_one_purpose() {
    for (path, text) in sources(".", &["rs", "py", "ts", "mjs", "cjs", "swift", "kt"]) {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
    }
}

fn read_json(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(file)).unwrap()).unwrap()
}

/// Our own source files below a folder.
fn sources(folder: &str, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), extensions, &mut found);
    assert!(!found.is_empty());
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<(PathBuf, String)>) {
    const NOT_OURS: [&str; 6] =
        ["target", "node_modules", "dist", "native", "Generated", "__pycache__"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name) {
            collect(&path, extensions, found);
        } else if path.extension().is_some_and(|one| extensions.iter().any(|known| one == *known)) {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}
