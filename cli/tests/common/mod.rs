//! What the tests of the command share: a practice gateway, a wallet, a way to run it.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "each test file uses its part of it"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

/// The command under test.
pub const BLOCKRUN: &str = env!("CARGO_BIN_EXE_blockrun");
/// The key of the wallet that pays here.
pub const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A practice gateway in a process of its own, stopped when dropped.
pub struct Gateway {
    /// The process.
    pub process: Child,
    /// Its base address.
    pub api_url: String,
}

impl Gateway {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(arguments: &[&str]) -> Self {
        let mut process = Command::new(BLOCKRUN)
            .args(["gateway", "--practice", "--ephemeral", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let api_url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, api_url }
    }

    pub fn address(&self) -> std::net::SocketAddr {
        let host = self.api_url.trim_start_matches("http://").trim_end_matches("/api");
        host.parse().unwrap()
    }

    /// Waits until a figure of its `/metrics` is there.
    pub fn until(&self, figure: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut text = String::new();
        while !text.lines().any(|line| line == figure) {
            assert!(Instant::now() < deadline, "{figure} is not in {text}");
            std::thread::sleep(Duration::from_millis(10));
            text.clear();
            let mut socket = TcpStream::connect(self.address()).unwrap();
            let host = self.address();
            let request =
                format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            socket.write_all(request.as_bytes()).unwrap();
            socket.read_to_string(&mut text).unwrap();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A wallet home of these tests' own.
pub static HOME: LazyLock<PathBuf> = LazyLock::new(|| tempfile::tempdir().unwrap().keep());

/// The command at a server, paying from the wallet of these tests.
pub fn blockrun(api_url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(BLOCKRUN);
    command
        .args(arguments)
        .env("BLOCKRUN_WALLET_KEY", KEY)
        .env("BLOCKRUN_API_URL", api_url)
        .env("BLOCKRUN_HOME", &*HOME);
    for variable in ["BLOCKRUN_MAX_COST_PER_CALL", "BLOCKRUN_MAX_SESSION_COST", "SSL_CERT_FILE"] {
        command.env_remove(variable);
    }
    command
}

/// Runs a command and checks that the key is nowhere in what it prints.
pub fn run(mut command: Command) -> (Output, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!format!("{out}{err}").contains(&KEY[2..]));
    (output, out, err)
}
