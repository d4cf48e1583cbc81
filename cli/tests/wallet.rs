//! `blockrun wallet` in processes of its own: raced, killed, watched.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use blockrun_llm::wallet::{SecretKey, WalletHome};
use serde_json::Value;

const BLOCKRUN: &str = env!("CARGO_BIN_EXE_blockrun");
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const PHRASE: &str = "test test test test test test test test test test test junk";

fn wallet(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BLOCKRUN);
    command
        .arg("wallet")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("BLOCKRUN_HOME", home)
        .env("HOME", home.parent().unwrap());
    for variable in [
        "BLOCKRUN_WALLET_KEY",
        "BASE_CHAIN_WALLET_KEY",
        "BLOCKRUN_API_KEY",
        "BLOCKRUN_WALLET_PASSPHRASE",
        "BLOCKRUN_WALLET_PASSPHRASE_COMMAND",
        "BLOCKRUN_RPC_URL",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Output and error of a command that ended, in which no key may be.
fn told(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8(both).unwrap();
    assert!(!text.to_lowercase().contains(&KEY[2..]) && !text.contains("test junk"), "a key");
    text
}

fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = wallet(home, arguments).output().unwrap();
    (output.status.code(), told(&output))
}

/// Runs a command that reads this from its standard input.
fn feed(mut command: Command, input: &str) -> (Option<i32>, String) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), told(&output))
}

fn address(home: &Path) -> String {
    let found = WalletHome::new(home).file().unwrap().unwrap();
    found.address.unwrap().to_string()
}

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    (folder, home)
}

#[test]
fn of_processes_that_create_at_once_one_does() {
    for count in [2, 20] {
        let (_folder, home) = fresh();
        let started: Vec<Child> =
            (0..count).map(|_| wallet(&home, &["create"]).spawn().unwrap()).collect();
        let ended: Vec<Output> =
            started.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        let (made, refused): (Vec<_>, Vec<_>) =
            ended.iter().partition(|output| output.status.success());
        assert_eq!((made.len(), refused.len()), (1, count - 1));
        assert!(told(made[0]).contains(&address(&home)), "the one that is told is the one kept");
        for output in refused {
            assert_eq!(output.status.code(), Some(2));
            assert!(told(output).contains("never overwritten"));
        }
    }
}

/// Killed at any moment of a save, a process leaves the wallet before or the wallet after, and no key
/// that it was asked to replace is gone.
#[test]
fn a_killed_save_loses_and_truncates_nothing() {
    const ROUNDS: u8 = 120;
    let (_folder, home) = fresh();
    let key = |round: u8| SecretKey::from_bytes(&[round + 1; 32]).unwrap();
    let store = WalletHome::new(&home);
    store.create(&key(0), None).unwrap();
    let (mut before, mut killed, mut saved) = (0, 0, 0);
    // Finds the moment of the save, however busy the machine is, and stays around it.
    let mut patience = Duration::from_millis(8);
    for round in 1..=ROUNDS {
        let mut child =
            wallet(&home, &["import", "--replace", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(key(round).expose_hex().as_bytes()).unwrap();
        thread::sleep(patience);
        let _ = child.kill();
        let ended = child.wait_with_output().unwrap();
        let now = store.load(|| Ok(None)).unwrap().expect("there is always a wallet").address();
        if now == key(round).address() {
            (saved, before) = (saved + 1, round);
        }
        assert_eq!(now, key(before).address(), "round {round}: a key of nobody");
        assert!(!ended.status.success() || before == round, "round {round}: said and not done");
        killed += u32::from(ended.status.code().is_none());
        patience = patience.mul_f64(if before == round { 0.85 } else { 1.15 });
    }
    let whole: BTreeSet<String> = fs::read_dir(&home)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".session"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(whole.iter().all(|text| SecretKey::from_hex(text).is_ok()), "a truncated key");
    // Every key that was ever the wallet is still there, each but the last as a backup.
    assert!(whole.len() > saved as usize, "{} files, {saved} saves", whole.len());
    assert!(killed > 10 && saved > 10, "{killed} killed, {saved} saved: nothing was tried");
}

/// Looks at every file as fast as it can while wallets are made with the most careless of masks.
#[test]
fn at_every_moment_only_the_owner_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let (done, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    let bits = |path: &Path| {
        fs::symlink_metadata(path).map(|found| found.permissions().mode() & 0o777).ok()
    };
    let look = || {
        while !done.load(Ordering::Relaxed) {
            for home in fs::read_dir(folder.path()).unwrap().flatten() {
                let Ok(files) = fs::read_dir(home.path()) else { continue };
                assert!(matches!(bits(&home.path()), Some(0o700)), "{:?}", home.path());
                for file in files.flatten() {
                    let mode = bits(&file.path());
                    assert!(
                        matches!(mode, Some(0o600) | None),
                        "{:?}: {:o}",
                        file.path(),
                        mode.unwrap_or_default()
                    );
                    looks.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        let watchers = [(); 2].map(|()| scope.spawn(look));
        for count in 0..25 {
            let home = folder.path().join(count.to_string());
            let script =
                r#"umask 0; "$0" wallet create && printf %s "$1" | "$0" wallet import --replace -"#;
            let made = Command::new("sh")
                .args(["-c", script, BLOCKRUN, KEY])
                .env("BLOCKRUN_HOME", &home)
                .env_remove("BLOCKRUN_WALLET_KEY")
                .env_remove("BLOCKRUN_WALLET_PASSPHRASE")
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", told(&made));
        }
        done.store(true, Ordering::Relaxed);
        let [_, _] = watchers.map(|watcher| watcher.join().unwrap());
    });
    assert!(looks.load(Ordering::Relaxed) > 500, "nobody looked");
}

#[test]
fn a_key_comes_in_by_every_way_but_the_arguments() {
    let (folder, home) = fresh();
    let file = folder.path().join("given");
    let other = |name: &str| folder.path().join(name);
    for (name, input) in [("hex", KEY), ("digits", &KEY[2..]), ("phrase", PHRASE)] {
        let (code, text) = feed(wallet(&other(name), &["import", "-"]), &format!("{input}\n"));
        assert_eq!((code, address(&other(name)).as_str()), (Some(0), ADDRESS), "{text}");
        fs::write(&file, input).unwrap();
        let from_file = other(&format!("{name}-file"));
        let (code, text) = run(&from_file, &["import", file.to_str().unwrap()]);
        assert_eq!((code, address(&from_file).as_str()), (Some(0), ADDRESS), "{text}");
    }
    let second = ["import", "--path", "m/44'/60'/0'/0/1", "-"];
    let (code, text) = feed(wallet(&home, &second), PHRASE);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(address(&home), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

    let nowhere = other("nowhere");
    for arguments in
        [["import", "--key", KEY], ["import", "--private-key", KEY], ["import", KEY, "--replace"]]
    {
        let (code, text) = run(&nowhere, &arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("stays in the history"), "{text}");
    }
    for (input, says) in [
        ("", "66 characters"),
        (&KEY[..60], "66 characters"),
        ("test test", "has 2 words"),
        ("{}", "keystore"),
    ] {
        let mut command = wallet(&nowhere, &["import", "-"]);
        command.env("BLOCKRUN_IMPORT_PASSPHRASE", "x");
        let (code, text) = feed(command, input);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(says), "{text}");
    }
    assert!(!nowhere.exists(), "what failed left nothing");
    let (code, text) = feed(wallet(&home, &["import", "-"]), KEY);
    assert_eq!(code, Some(2), "there is one already: {text}");
}

#[test]
fn an_encrypted_wallet_goes_around_whole() {
    let (folder, home) = fresh();
    feed(wallet(&home, &["import", "-"]), KEY);
    let with = |home: &Path, arguments: &[&str], passphrase: &str| {
        let mut command = wallet(home, arguments);
        command.env("BLOCKRUN_WALLET_PASSPHRASE", passphrase);
        let output = command.output().unwrap();
        (output.status.code(), told(&output))
    };
    let backup = folder.path().join("backup.json");
    let to = backup.to_str().unwrap();
    let (code, text) = run(&home, &["backup", to]);
    assert_eq!(code, Some(2));
    assert!(text.contains("nobody to ask"), "{text}");
    let (code, text) = with(&home, &["backup", to], "one");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = with(&home, &["encrypt"], "two");
    assert_eq!(code, Some(0), "{text}");
    assert!(!home.join(".session").exists() && home.join("keystore.json").exists());
    let (_, text) = run(&home, &["show"]);
    assert!(text.contains(ADDRESS) && text.contains("encrypted"), "{text}");

    let plain = folder.path().join("plain");
    let export = ["export", "--to", plain.to_str().unwrap()];
    for (passphrase, says) in [("", "is encrypted"), ("one", "does not open")] {
        let (code, text) = with(&home, &export, passphrase);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(says) && !plain.exists(), "{text}");
    }
    let mut command = wallet(&home, &export);
    command.env("BLOCKRUN_WALLET_PASSPHRASE_COMMAND", "printf 'two\\n'");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(fs::read_to_string(&plain).unwrap(), KEY);
    assert_eq!(fs::metadata(&plain).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(with(&home, &export, "two").0, Some(2), "never over a file");

    let again = folder.path().join("again");
    let mut command = wallet(&again, &["import", to]);
    command.env("BLOCKRUN_IMPORT_PASSPHRASE", "one");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(address(&again), ADDRESS);
}

#[test]
fn a_key_is_not_shown_where_nobody_confirms_it() {
    let (_folder, home) = fresh();
    feed(wallet(&home, &["import", "-"]), KEY);
    let (code, text) = run(&home, &["export", "--show"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("on a terminal only"), "{text}");
    assert_eq!(run(&home, &["export"]).0, Some(2), "one of the two has to be said");
}

#[test]
fn words_are_not_shown_and_nothing_is_decrypted_where_nobody_is() {
    let (_folder, home) = fresh();
    let (code, text) = run(&home, &["create", "--mnemonic"]);
    assert!(code == Some(2) && text.contains("on a terminal only"), "{text}");
    assert!(!home.join(".session").exists());
    let encrypted = |arguments: &[&str]| {
        let mut command = wallet(&home, arguments);
        let output = command.env("BLOCKRUN_WALLET_PASSPHRASE", "one").output().unwrap();
        (output.status.code(), told(&output))
    };
    assert_eq!(encrypted(&["create"]).0, Some(0));
    let (code, text) = encrypted(&["decrypt"]);
    assert!(code == Some(2) && text.contains("--in-plain"), "{text}");
    let (code, text) = encrypted(&["decrypt", "--in-plain"]);
    assert!(code == Some(2) && text.contains("wallet export --to FILE"), "{text}");
    assert!(home.join("keystore.json").exists() && !home.join(".session").exists());
}

#[test]
fn what_pays_is_told_and_where_it_comes_from() {
    let (_folder, home) = fresh();
    let (code, text) = run(&home, &["show"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("blockrun wallet create"), "{text}");
    run(&home, &["create"]);
    let made = address(&home);
    let (_, text) = run(&home, &["show", "--json"]);
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["address"], made);
    assert_eq!(shown["file"]["path"], home.join(".session").to_str().unwrap());
    for variable in ["BLOCKRUN_WALLET_KEY", "BASE_CHAIN_WALLET_KEY"] {
        let output = wallet(&home, &["show"]).env(variable, KEY).output().unwrap();
        let text = told(&output);
        assert!(text.contains(ADDRESS) && text.contains(variable), "{text}");
    }
    fs::set_permissions(home.join(".session"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = run(&home, &["show"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("chmod 600"), "{text}");
}

#[test]
fn wallets_of_other_programs_are_listed_and_taken_only_by_name() {
    let (folder, home) = fresh();
    let theirs = folder.path().join(".other");
    fs::DirBuilder::new().mode(0o700).create(&theirs).unwrap();
    fs::write(theirs.join("wallet.json"), format!(r#"{{"privateKey":"{KEY}"}}"#)).unwrap();
    let (_, text) = run(&home, &["list"]);
    assert!(text.contains(ADDRESS) && text.contains(".other/wallet.json"), "{text}");
    assert_eq!(run(&home, &["show"]).0, Some(2), "it is not used");
    run(&home, &["create"]);
    assert_ne!(address(&home), ADDRESS);
    let stranger = format!("0x{}", "11".repeat(20));
    assert_eq!(run(&home, &["import", "--found", &stranger, "--replace"]).0, Some(2));
    assert_eq!(run(&home, &["import", "--found", ADDRESS]).0, Some(2), "one is here already");
    assert_eq!(run(&home, &["import", "--found", ADDRESS, "--replace"]).0, Some(0));
    assert_eq!(address(&home), ADDRESS);
}

#[test]
fn funding_is_told_in_words_json_and_pictures() {
    let (folder, home) = fresh();
    feed(wallet(&home, &["import", "-"]), KEY);
    let picture = folder.path().join("fund.png");
    let arguments = ["fund", "--amount", "2.5", "--qr", "--png", picture.to_str().unwrap()];
    let (code, text) = run(&home, &arguments);
    assert_eq!(code, Some(0), "{text}");
    let link = format!(
        "ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address={ADDRESS}&uint256=2500000"
    );
    assert!(
        text.contains(&link) && text.contains("2.5 USDC on Base") && text.contains('█'),
        "{text}"
    );
    assert!(fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(run(&home, &arguments).0, Some(2), "a file is never overwritten");
    let (_, text) = run(&home, &["fund", "--json", "--network", "base-sepolia"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["network"], "eip155:84532");
    assert_eq!(run(&home, &["fund", "--network", "solana"]).0, Some(2));
}

#[test]
fn balances_are_read_on_each_network() {
    let (_folder, home) = fresh();
    feed(wallet(&home, &["import", "-"]), KEY);
    let mut gateway = Command::new(BLOCKRUN)
        .args(["gateway", "--practice", "--ephemeral", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(gateway.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let api_url = line.trim().strip_prefix("listening on ").unwrap();
    let rpc = api_url.replace("/api", "/practice/rpc");
    let asked = |arguments: &[&str], rpc: &str| {
        let output = wallet(&home, arguments).env("BLOCKRUN_RPC_URL", rpc).output().unwrap();
        (output.status.code(), told(&output))
    };
    let all = asked(&["balance"], &rpc);
    let one = asked(&["balance", "--network", "base-sepolia"], &rpc);
    let json = asked(&["balance", "--json"], &rpc);
    let wrong = asked(&["balance", "--network", "base"], &rpc);
    let off = asked(&["balance"], "off");
    let _ = gateway.kill();
    gateway.wait().unwrap();
    assert!(all.1.contains("Base Sepolia  10 USDC") && all.1.contains("not of Base"), "{}", all.1);
    assert_eq!((all.0, one), (Some(0), (Some(0), "10 USDC\n".to_owned())));
    let json: Value = serde_json::from_str(&json.1).unwrap();
    let sepolia =
        json["balances"].as_array().unwrap().iter().find(|one| one["network"] == "eip155:84532");
    assert_eq!(sepolia.unwrap()["balance_micro"], 10_000_000);
    assert_eq!(wrong.0, Some(3), "{}", wrong.1);
    assert_eq!(off.0, Some(2), "never a zero that was not read: {}", off.1);
    let gone = asked(&["balance"], &rpc);
    assert_eq!(gone.0, Some(4), "{}", gone.1);
}
