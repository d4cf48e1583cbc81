//! `blockrun gateway --config`: the key comes from the environment, SIGHUP reads the file again.

#![cfg(all(unix, feature = "gateway"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

const KEY: &str = "sk-a-key-that-nobody-may-see";

/// Stopped when dropped.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn settings(margin: u32) -> String {
    format!(
        "[price]\nmargin_bps = {margin}\n[[upstream]]\nname = \"a\"\n\
         base_url = \"https://upstream.example/v1\"\nkey_env = \"UPSTREAM_API_KEY\"\n\
         models = {{ \"*\" = \"*\" }}\n"
    )
}

fn gateway(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockrun"));
    command.args(["gateway", "--practice", "--ephemeral", "--port", "0", "--config"]).arg(file);
    command.env_remove("UPSTREAM_API_KEY").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

fn pricing(address: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request =
        format!("GET /api/pricing HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn without_a_mode_the_settings_say_how_payments_are_settled() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let gateway = |settlement: &str| {
        std::fs::write(&file, format!("{settlement}\n{}", settings(1_000))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_blockrun"));
        command.args(["gateway", "--ephemeral", "--port", "0", "--config"]).arg(&file);
        command.env("UPSTREAM_API_KEY", KEY).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut started = Stopped(gateway("[settlement]\nmode = \"practice\"").spawn().unwrap());
    let mut line = String::new();
    BufReader::new(started.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening on "), "{line}");
    for (settlement, said) in
        [("", "[settlement]"), ("[settlement]\nmode = \"onchain\"", "line 2: payee: ")]
    {
        let output = gateway(settlement).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(said), "{error}");
    }
}

/// A gateway of a settings file that begins so, and the first lines of what it says.
fn told(root: &Path, name: &str, tables: &str) -> (Stopped, String, String) {
    let file = root.join(name);
    std::fs::write(&file, format!("{tables}\n{}", settings(1_000))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockrun"));
    command.args(["gateway", "--ephemeral", "--port", "0", "--config"]).arg(file);
    command.env("UPSTREAM_API_KEY", KEY).env("RPC", "off").env("TOKEN", KEY);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Stopped(command.spawn().unwrap());
    let line = |from: &mut dyn Read| BufReader::new(from).lines().next().unwrap().unwrap();
    let listening = line(running.0.stdout.as_mut().unwrap());
    let mode = line(running.0.stderr.as_mut().unwrap());
    (running, listening, mode)
}

#[test]
fn a_facilitator_and_who_settles_through_it_are_set_up_by_their_tables() {
    let root = tempfile::tempdir().unwrap();
    let tables = "[facilitator]\ntoken_env = \"TOKEN\"\n[settlement]\nmode = \"practice\"";
    let (_facilitator, listening, mode) = told(root.path(), "a.toml", tables);
    assert!(mode.starts_with("practice mode"), "{mode}");
    let url = listening.strip_prefix("listening on ").unwrap().strip_suffix("/api").unwrap();
    let tables = format!(
        "[settlement]\nmode = \"facilitator\"\nrpc_url_env = \"RPC\"\n\
         payee = \"0x7777777777777777777777777777777777777777\"\n\
         [settle_through]\nurl = \"{url}\"\nkey_env = \"TOKEN\""
    );
    let (_seller, listening, mode) = told(root.path(), "b.toml", &tables);
    assert!(listening.starts_with("listening on "), "{listening}");
    assert!(mode.contains(&format!(", through {url}; ")) && !mode.contains(KEY), "{mode}");
}

#[test]
fn a_hangup_reads_the_settings_again() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    std::fs::write(&file, settings(1_000)).unwrap();
    let spawned = gateway(&file).env("UPSTREAM_API_KEY", KEY).spawn();
    let mut gateway = Stopped(spawned.unwrap());
    let child = &mut gateway.0;
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let listening = out.next().unwrap().unwrap();
    let address = listening.strip_prefix("listening on http://").unwrap();
    let address = address.strip_suffix("/api").unwrap();
    let mode = err.next().unwrap().unwrap();
    assert!(mode.contains("answers come from the upstreams of") && mode.contains("gateway.toml"));
    assert!(err.next().unwrap().unwrap().starts_with("try, in another terminal"));
    assert!(err.by_ref().take(4).last().unwrap().unwrap().ends_with("blockrun wallet balance"));
    assert!(pricing(address).contains("\"margin_bps\":1000"));

    let fixed = format!("{}[limits]\nkeep_alive = 5\n", settings(250));
    let partly =
        "catalog and settings were read again, but for [limits]: changes there take a restart";
    for (text, said, margin) in [
        (settings(250), "catalog and settings were read again", "\"margin_bps\":250"),
        (fixed, partly, "\"margin_bps\":250"),
        (settings(900_000), "nothing was changed: settings ", "\"margin_bps\":250"),
    ] {
        std::fs::write(&file, text).unwrap();
        signal("HUP", child);
        let line = err.next().unwrap().unwrap();
        assert!(line.starts_with(said) && !line.contains(KEY), "{line}");
        assert!(pricing(address).contains(margin));
    }
    signal("TERM", child);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_key_that_is_not_set_is_named_with_its_line() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    std::fs::write(&file, settings(0)).unwrap();
    let output = gateway(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    let expected = "line 6: key_env: the environment variable UPSTREAM_API_KEY is not set";
    assert!(said.contains("gateway.toml, ") && said.contains(expected), "{said}");
}
