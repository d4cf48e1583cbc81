//! Every Rust example, run against a practice gateway as a reader of the documentation would.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::path::{Path, PathBuf};

use blockrun_gateway::{Config, Gateway};
use tokio::process::Command;

const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// What each must print.
const EXAMPLES: [(&str, &[&str]); 8] = [
    ("hello", &["reply", "0.001"]),
    ("stream", &["USDC"]),
    ("tools", &["the model calls", "weather", "USDC"]),
    ("image", &["bytes in", "USDC"]),
    ("budget", &["a novel would cost", "Refused a $", "1 calls"]),
    ("exactly_once", &["USDC  settled  pay_"]),
    ("any_endpoint", &["USDC"]),
    ("guide", &["Hello!", "19 20"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_example_runs() {
    let config = Config { bind: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let gateway = Gateway::start(config).await.unwrap();

    // Cargo builds them beside the programs of this crate.
    let folder = Path::new(env!("CARGO_BIN_EXE_practice-gateway")).with_file_name("examples");
    for (name, expected) in EXAMPLES {
        let home = tempfile::tempdir().unwrap();
        let run = Command::new(program(&folder, name))
            .env("BLOCKRUN_API_URL", format!("http://{}/api", gateway.address()))
            .env("BLOCKRUN_WALLET_KEY", KEY)
            .env("BLOCKRUN_HOME", home.path())
            .env("TMPDIR", home.path())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        for text in expected {
            assert!(said.contains(text), "{name} does not say {text:?}:\n{said}");
        }
    }
    println!("ran {} of {}", EXAMPLES.len(), EXAMPLES.len());
}

fn program(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    assert!(path.exists(), "{name} is not built: cargo build -p blockrun-llm --examples");
    path
}
