//! Pictures, sums, limits, advice and endings, as a person meets them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{BLOCKRUN, Gateway, KEY, blockrun, run};
use serde_json::Value;

/// In a folder, with a wallet home of its own there.
fn within(folder: &Path, api_url: &str, arguments: &[&str]) -> Command {
    let mut command = blockrun(api_url, arguments);
    command.current_dir(folder).env("HOME", folder).env("BLOCKRUN_HOME", folder.join(".blockrun"));
    command
}

#[test]
fn a_picture_is_written_to_a_file_and_never_over_another() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let draw = |arguments: &[&str]| {
        let all = [&["image", "--model", "openai/dall-e-3"], arguments, &["A lighthouse"]].concat();
        let (output, out, err) = run(within(folder.path(), &gateway.api_url, &all));
        (output.status.code(), out, err)
    };
    let is_png = |name: &str| fs::read(folder.path().join(name)).unwrap().starts_with(b"\x89PNG");
    let (code, out, err) = draw(&["-o", "sea.png", "--size", "1792x1024", "--quality", "hd"]);
    assert_eq!((code, out.as_str()), (Some(0), "sea.png\n"), "{err}");
    assert!(is_png("sea.png") && err.contains("price        0.12 USDC"), "{err}");

    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let (code, _, err) = draw(&["-o", "mine.txt"]);
    assert!(code == Some(2) && err.contains("mine.txt is there already; --force"), "{err}");
    assert_eq!(fs::read(folder.path().join("mine.txt")).unwrap(), b"mine");
    assert!(!err.contains("price"), "nothing was paid: {err}");
    let (code, _, err) = draw(&["-o", "none/sea.png"]);
    assert!(code == Some(2) && err.contains("none cannot be written to"), "{err}");
    assert_eq!(draw(&["-o", "mine.txt", "--force"]).0, Some(0));
    assert!(is_png("mine.txt"));

    assert_eq!(draw(&[]).1, "image.png\n");
    assert_eq!(draw(&[]).1, "image-2.png\n");
    assert!(is_png("image.png") && is_png("image-2.png"));
    let json: Value = serde_json::from_str(&draw(&["--json"]).1).unwrap();
    assert_eq!(json["cost_micro"], 40_000);
    let names = fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains(".part")));
}

#[test]
fn models_are_a_table_and_need_no_wallet() {
    let gateway = Gateway::start();
    let models = |arguments: &[&str]| {
        let mut command = Command::new(BLOCKRUN);
        let api_url = ["--api-url", &gateway.api_url];
        command.args([&["models"], arguments, &api_url].concat()).env_remove("BLOCKRUN_WALLET_KEY");
        command.env("BLOCKRUN_HOME", "/dev/null/none").env("HOME", "/dev/null/none");
        run(command)
    };
    let (_, out, err) = models(&["--sort", "price"]);
    let ids: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids[0], "MODEL");
    let place = |id: &str| ids.iter().position(|one| *one == id).unwrap();
    assert!(place("openai/gpt-4o-mini") < place("openai/gpt-4o"), "{out}");
    assert!(place("openai/gpt-4o") < place("openai/dall-e-3"), "chats before pictures: {out}");
    assert!(err.contains("per million tokens"), "{err}");
    let (_, out, _) = models(&["--filter", "openai image", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert!(found.as_array().unwrap().iter().any(|one| one["id"] == "openai/dall-e-3"), "{out}");
    assert!(!out.contains("gpt-4o"), "{out}");
    let (output, out, err) = models(&["--filter", "no-such-thing"]);
    assert!(output.status.success() && out.is_empty() && err.contains("no model fits"), "{err}");
}

#[test]
fn what_was_spent_adds_up() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let ours = |arguments: &[&str]| run(within(folder.path(), &gateway.api_url, arguments)).1;
    assert_eq!(run(within(folder.path(), &gateway.api_url, &["spend"])).2, "nothing was spent\n");
    for model in ["gpt-4o-mini", "gpt-4o-mini", "gpt-4o"] {
        ours(&["chat", "-m", model, "--max-tokens", "2000", "Hello!"]);
    }
    let json: Value = serde_json::from_str(&ours(&["spend", "--by", "model", "--json"])).unwrap();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!((rows[0]["model"].as_str(), &rows[0]["payments"]), (Some("gpt-4o"), &1.into()));
    assert_eq!((rows[1]["model"].as_str(), &rows[1]["payments"]), (Some("gpt-4o-mini"), &2.into()));
    let sum = |rows: &[Value]| -> u64 {
        rows.iter().map(|row| row["spent_micro"].as_u64().unwrap()).sum()
    };
    assert_eq!(json["total"]["spent_micro"], sum(rows));
    let csv = ours(&["spend", "--csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("day,payments,spent_micro,open_micro", 2), "{csv}");
    let table = ours(&["spend", "--by", "origin"]);
    assert!(table.contains(gateway.api_url.trim_end_matches("/api")), "{table}");
    assert!(table.lines().last().unwrap().starts_with("total") && !table.contains('█'), "{table}");
    assert_eq!(ours(&["spend", "--since", "2100-01-01", "--csv"]).lines().count(), 1);
    let (output, _, err) =
        run(within(folder.path(), &gateway.api_url, &["spend", "--since", "soon"]));
    assert!(output.status.code() == Some(2) && err.contains("write a day"), "{err}");
}

#[test]
fn a_policy_is_written_shown_and_never_loosened_by_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |arguments: &[&str]| {
        let all = [&["policy"], arguments].concat();
        let (output, out, err) = run(within(folder.path(), "http://127.0.0.1:1/api", &all));
        (output.status.code().unwrap(), out, err)
    };
    let (_, out, err) = policy(&["show"]);
    assert!(out.contains("max_cost_per_call") && out.contains("default"), "{out}");
    assert!(err.contains("no policy file"), "{err}");
    let (code, out, err) = policy(&["set", "max_cost_per_day=5", "model:gpt-4o=1"]);
    assert_eq!(code, 0, "{err}");
    let file = folder.path().join(".blockrun/policy.toml");
    assert_eq!(out.trim(), file.to_str().unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    let text = fs::read_to_string(&file).unwrap();
    let (code, _, err) = policy(&["set", "max_cost_per_day=6"]);
    assert_eq!(code, 2);
    assert!(err.contains("--yes") && err.contains("max_cost_per_day: 5 becomes 6 USDC"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "nothing was written");
    assert_eq!(policy(&["set", "--yes", "max_cost_per_day=6", "payees=pin"]).0, 0);
    let (code, _, err) = policy(&["set", "payees=nobody"]);
    assert!(code == 2 && err.contains("nobody"), "{err}");

    let (_, out, _) = policy(&["show", "--json", "--max-cost", "0.5"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    let rule = |name: &str| {
        let all = json["rules"].as_array().unwrap();
        let found = all.iter().find(|one| one["rule"] == name).unwrap();
        (found["value"].as_str().unwrap(), found["from"].as_str().unwrap())
    };
    let file = file.to_str().unwrap();
    assert_eq!(rule("max_cost_per_call"), ("0.5 USDC", "--max-cost"));
    assert_eq!(rule("max_cost_per_day"), ("6 USDC", file));
    assert_eq!(rule("model:gpt-4o"), ("1 USDC", file));
    assert_eq!(rule("payees"), ("pin", file));
    assert_eq!(rule("networks").1, "default");
}

#[test]
fn the_doctor_says_what_is_missing() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let doctor = |api_url: &str, key: &str| {
        let mut command = within(folder.path(), api_url, &["doctor"]);
        let rpc = api_url.replace("/api", "/practice/rpc");
        command.env("BLOCKRUN_WALLET_KEY", key).env("BLOCKRUN_RPC_URL", rpc);
        let (output, out, err) = run(command);
        (output.status.code(), out, err)
    };
    let (code, out, err) = doctor(&gateway.api_url, KEY);
    assert_eq!(code, Some(0), "{out}{err}");
    for subject in ["home folder", "wallet", "policy", "journal", "server", "clock", "prices"] {
        let good = out.lines().find(|line| line.contains(subject));
        assert!(good.is_some_and(|line| line.starts_with("ok  ")), "{subject}: {out}");
    }
    assert!(out.contains("balance Base Sepolia") && out.contains("10 USDC"), "{out}");
    assert!(!out.contains('\x1b'), "{out}");

    let (code, out, err) = doctor("http://127.0.0.1:1/api", "");
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("fail  wallet") && out.contains("blockrun wallet create"), "{out}");
    assert!(out.contains("fail  server"), "{out}");
    assert!(err.contains("2 things have to be mended"), "{err}");
}

#[test]
fn every_ending_that_can_be_brought_about_has_its_code() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let cases: [(i32, &[&str]); 9] = [
        (0, &["chat", "--key", "one", "Hello!"]),
        (1, &["man", "--to", "/dev/null/none"]),
        (2, &["chat", "--temperature", "3", "Hello!"]),
        (3, &["chat", "-m", "practice/failing", "Hello!"]),
        (4, &["chat", "-m", "practice/slow", "--timeout", "0.5", "Hello!"]),
        (5, &["chat", "--max-cost", "0.0001", "Hello!"]),
        (6, &["chat", "-m", "practice/unsettled", "Hello!"]),
        (8, &["chat", "--key", "one", "Something else"]),
        (9, &["chat", "--max-cost-per-day", "1", "Hello!"]),
    ];
    for (code, arguments) in cases {
        let mut command = within(folder.path(), &gateway.api_url, arguments);
        if code == 9 {
            command.env("BLOCKRUN_HOME", "/dev/null/none");
        }
        let (output, _, err) = run(command);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_stream_and_what_was_paid_is_on_record() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let slow = ["chat", "--stream", "Count slowly to 100"];
    let mut command = within(folder.path(), &gateway.api_url, &slow);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 2];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut begun).unwrap();
    let process = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
    let ended = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(ended.elapsed() < Duration::from_secs(30));
    assert!(String::from_utf8(output.stderr).unwrap().contains("payments list"));
    let (_, out, _) = run(within(folder.path(), &gateway.api_url, &["payments", "list"]));
    assert!(out.lines().count() == 1 && out.contains("settled"), "{out}");
    let id = out.split_whitespace().next().unwrap();
    let (_, out, err) = run(within(folder.path(), &gateway.api_url, &["payments", "recover", id]));
    assert!(out.starts_with("[practice] 1 2 3") && out.ends_with(" 99 100\n"), "{out}{err}");
}

#[test]
fn it_works_without_a_home_folder() {
    let gateway = Gateway::start();
    let mut command = blockrun(&gateway.api_url, &["chat", "Hello!"]);
    command.env("HOME", "/dev/null/none").env_remove("BLOCKRUN_HOME");
    let (output, out, err) = run(command);
    assert!(output.status.success() && out.starts_with("Hello!"), "{err}");
    assert!(err.contains("not on record") && err.contains("BLOCKRUN_HOME"), "{err}");
    let mut command = blockrun(&gateway.api_url, &["chat", "Hello!"]);
    command.env_remove("HOME");
    let (output, _, err) = run(command);
    assert!(output.status.success() && !err.contains("not on record"), "{err}");
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let output = |arguments: &[&str]| {
        let (output, out, err) = run(blockrun("http://127.0.0.1:1/api", arguments));
        assert!(output.status.success(), "{err}");
        out
    };
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = output(&["completions", shell]);
        assert!(script.contains("doctor") && script.contains("max-session-cost"), "{shell}");
    }
    let page = output(&["man"]);
    assert!(page.contains(".TH blockrun 1") && page.contains("Exit codes"), "{page}");
    assert!(output(&["man", "wallet", "fund"]).contains("QR code"));
    let folder = tempfile::tempdir().unwrap();
    output(&["man", "--to", folder.path().to_str().unwrap()]);
    for page in ["blockrun.1", "blockrun-chat.1", "blockrun-wallet-fund.1"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
}

#[cfg(all(unix, feature = "gateway"))]
#[test]
fn what_a_practice_gateway_proposes_works_as_pasted() {
    use std::io::{BufRead, BufReader};

    let (home, folder) = (tempfile::tempdir().unwrap(), Path::new(BLOCKRUN).parent().unwrap());
    let mut gateway = Command::new(BLOCKRUN);
    gateway.args(["gateway", "--practice", "--ephemeral", "--port", "0"]);
    let mut gateway = gateway.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(gateway.stderr.take().unwrap()).lines().map(Result::unwrap);
    let proposed = lines.skip_while(|line| !line.starts_with("try, ")).skip(1).take(4);
    let pasted = proposed.collect::<Vec<_>>().join("\n");
    let mut shell = Command::new("sh");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    shell.args(["-ec", &pasted]).env("PATH", path).env("HOME", home.path());
    shell.env_remove("BLOCKRUN_HOME").env_remove("BLOCKRUN_WALLET_KEY");
    let (output, out, err) = run(shell);
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    assert!(output.status.success(), "{pasted}\n{err}");
    assert!(out.contains("Hello! ") && out.contains("9.999 USDC"), "{out}{err}");
}
