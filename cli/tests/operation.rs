//! What whoever runs a gateway does beside it.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant, SystemTime},
};

use blockrun_llm::{
    offline::sign_payment,
    policy::Policy,
    wallet::{B256, LocalKey},
    x402::Challenge,
};
use serde_json::{Value, json};

const BLOCKRUN: &str = env!("CARGO_BIN_EXE_blockrun");
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const TOKEN: &str = "an-admin-token-of-tests";

/// Stopped when dropped.
struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    fn start(data: &Path) -> Self {
        Self::start_with(data, &[], Stdio::null())
    }

    fn start_with(data: &Path, arguments: &[&str], log: Stdio) -> Self {
        let mut command = Command::new(BLOCKRUN);
        command.args(["gateway", "--practice", "--port", "0"]).args(arguments);
        command.arg("--data").arg(data).stderr(log);
        command.env("BLOCKRUN_GATEWAY_ADMIN_TOKEN", TOKEN).env("BLOCKRUN_LOG", "trace");
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().strip_suffix("/api").unwrap();
        Self { url: url.to_owned(), process }
    }

    /// One paid call, by a wallet of this folder.
    fn buy(&self, root: &Path) {
        let mut chat = blockrun(&["chat", "Hello!"]);
        chat.env("BLOCKRUN_WALLET_KEY", KEY).env("BLOCKRUN_HOME", root.join("home"));
        let bought = chat.env("BLOCKRUN_API_URL", format!("{}/api", self.url)).output().unwrap();
        assert!(bought.status.success(), "{:?}", said(&bought));
    }
}

impl Gateway {
    /// Sends a chat with more headers; the whole answer, head and body.
    fn chat(&self, body: &Value, headers: &str) -> String {
        let address = self.url.trim_start_matches("http://");
        let body = body.to_string();
        let mut socket = TcpStream::connect(address).unwrap();
        let request = format!(
            "POST /api/v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn blockrun(arguments: &[&str]) -> Command {
    let mut command = Command::new(BLOCKRUN);
    command.args(arguments).env_remove("BLOCKRUN_GATEWAY_ADMIN_TOKEN");
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn revenue_is_exported_from_a_gateway_that_runs_and_from_one_that_does_not() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let gateway = Gateway::start(&data);
    gateway.buy(root.path());
    gateway.buy(root.path());
    let ask = ["gateway", "revenue", "--url", &gateway.url, "--by", "model"];
    let closed = blockrun(&ask).output().unwrap();
    assert!(!closed.status.success() && said(&closed).1.contains("answers 401"));
    let open = blockrun(&ask).env("BLOCKRUN_GATEWAY_ADMIN_TOKEN", TOKEN).output().unwrap();
    let csv = "day,model,payer,calls,micro_usdc\n,openai/gpt-4o-mini,,2,2000\n";
    assert_eq!(said(&open), (csv.to_owned(), String::new()));
    drop(gateway);

    let read = ["gateway", "revenue", "--by", "total", "--format", "json", "--data"];
    let total = blockrun(&read).arg(&data).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&total.stdout).unwrap();
    assert_eq!((&json["calls"], &json["micro_usdc"]), (&2.into(), &"2000".into()));
    let wrong = blockrun(&["gateway", "revenue", "--from", "May"]).output().unwrap();
    assert!(!wrong.status.success() && said(&wrong).1.contains("from: \"May\""));
}

/// The value of a header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("{name} is missing in {answer}"))
}

#[test]
fn the_log_says_what_happened_and_nothing_that_is_nobodys_business() {
    const PROMPT: &str = "a-prompt-that-is-nobodys-business";
    let root = tempfile::tempdir().unwrap();
    let log = root.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let data = root.path().join("data");
    let gateway = Gateway::start_with(&data, &["--log", "json"], file.into());
    let message = json!({"role": "user", "content": PROMPT});
    let token = "5e".repeat(32);
    let mut secrets = vec![PROMPT.to_owned(), token.clone(), TOKEN.into(), KEY[2..].into()];
    let key = LocalKey::from_hex(KEY).unwrap();
    let url = format!("{}/api/v1/chat/completions", gateway.url).parse().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (nonce, stream) in [(1, false), (2, true)] {
        let body = json!({"model": "gpt-4o-mini", "messages": [&message], "stream": stream});
        let told = gateway.chat(&body, "");
        let challenge = Challenge::from_text(header(&told, "payment-required")).unwrap();
        let nonce = B256::repeat_byte(nonce);
        let signed = sign_payment(&key, &challenge, &Policy::default(), &url, now, nonce).unwrap();
        let payment = signed.header_value;
        let headers = format!(
            "payment-signature: {payment}\r\nblockrun-recovery: {token}\r\n\
             authorization: Bearer {TOKEN}\r\nx-request-id: call-{stream}\r\n"
        );
        let answer = gateway.chat(&body, &headers);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(PROMPT), "{answer}");
        assert_eq!(header(&answer, "x-request-id"), format!("call-{stream}"));
        secrets.push(payment);
    }
    // A line comes behind the last byte that it is about: of two requests and two payments.
    let deadline = Instant::now() + Duration::from_secs(60);
    let ended = |text: String| text.matches("\"message\":\"request\"").count();
    while ended(std::fs::read_to_string(&log).unwrap()) < 4 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(gateway);
    let text = std::fs::read_to_string(&log).unwrap();
    for secret in &secrets {
        assert!(!text.contains(secret), "{secret} is in the log");
        assert!(!text.contains(&secret[..30.min(secret.len())]), "some of {secret} is in the log");
    }
    let lines: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |id: &str| lines.iter().find(|l| l["message"] == "request" && l["request_id"] == id);
    for id in ["call-false", "call-true"] {
        let line = of(id).unwrap_or_else(|| panic!("{id} is not in {text}"));
        let payer = key.address().to_string();
        let expected = json!({
            "level": "INFO", "method": "POST", "route": "/api/v1/chat/completions", "status": 200,
            "model": "openai/gpt-4o-mini", "micro_usdc": 1_000, "payer": payer,
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} of {line}");
        }
        assert!(line["ms"].is_u64() && line["reason"].is_null());
    }
    let told = lines.iter().filter(|line| line["reason"] == "payment_required").count();
    assert_eq!(told, 2);
}

#[test]
fn a_level_that_there_is_not_is_named() {
    let mut wrong = blockrun(&["gateway", "--practice", "--ephemeral", "--port", "0"]);
    let output = wrong.env("BLOCKRUN_LOG", "loud").output().unwrap();
    assert!(!output.status.success() && said(&output).1.contains("BLOCKRUN_LOG: \"loud\""));
}

fn migrate(arguments: &[&str], database: &str) -> (bool, String) {
    let mut command = Command::new(BLOCKRUN);
    command.args(["gateway", "migrate"]).args(arguments).env("DATABASE_URL", database);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.success(), text.trim().to_owned())
}

#[test]
fn the_tables_are_made_by_command() {
    let root = tempfile::tempdir().unwrap();
    let folder = ["--data", root.path().to_str().unwrap()];
    let made = (true, "the tables were made".to_owned());
    // A folder that is named is meant, whatever the environment says.
    assert_eq!(migrate(&folder, "mysql://me:secret@db/x"), made);
    let (good, text) = migrate(&folder, "");
    assert!(good && text.contains("are up to date"), "{text}");
    let (good, text) = migrate(&[], "mysql://me:secret@db/x");
    assert!(!good && text.contains("only postgres://") && !text.contains("secret"), "{text}");
    #[cfg(all(unix, feature = "postgres"))]
    if let Some(server) = conformance::Postgres::shared() {
        let url = server.database();
        assert_eq!(migrate(&[], &url), made);
        let (good, text) = migrate(&[], &url);
        assert!(good && text.contains("are up to date"), "{text}");
    }
}

#[test]
fn a_settings_file_is_written_once_and_works() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let init = |more: &[&str]| {
        let mut command = blockrun(&["gateway", "init", "--file", file.to_str().unwrap()]);
        command.args(more).stdin(Stdio::null()).output().unwrap()
    };
    let strange = init(&["--name", "a\"b"]);
    assert!(!strange.status.success() && said(&strange).1.contains("holds a quote"));
    let written = init(&["--name", "mine", "--key-env", "MY_KEY", "--margin-bps", "250"]);
    assert!(written.status.success(), "{:?}", said(&written));
    assert!(said(&written).1.contains("next: blockrun gateway doctor"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("margin_bps = 250") && text.contains("key_env = \"MY_KEY\""), "{text}");
    let again = init(&[]);
    assert!(!again.status.success() && said(&again).1.contains("is there already"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);

    let serve = ["gateway", "--practice", "--ephemeral", "--port", "0", "--config"];
    let unset = blockrun(&serve).arg(&file).env_remove("MY_KEY").output().unwrap();
    assert!(said(&unset).1.contains("MY_KEY is not set"), "{:?}", said(&unset));
    let mut running = blockrun(&serve);
    running.arg(&file).env("MY_KEY", "sk-1").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = running.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.starts_with("listening on "), "{line}");
}

#[test]
#[cfg(all(unix, feature = "postgres"))]
fn the_revenue_of_a_shared_database_is_read_while_its_gateway_runs() {
    let Some(server) = conformance::Postgres::shared() else { return };
    let (root, url) = (tempfile::tempdir().unwrap(), server.database());
    let revenue = |arguments: &[&str], url: &str| {
        let mut command = blockrun(&["gateway", "revenue", "--by", "model"]);
        let output = command.args(arguments).env("DATABASE_URL", url).output().unwrap();
        let (out, err) = said(&output);
        assert!(!err.contains("secret"), "{err}");
        (out, err)
    };
    let (_, empty) = revenue(&["--database"], &url);
    assert!(empty.contains("of version 0") && empty.contains("gateway migrate"), "{empty}");
    let mut serve = blockrun(&["gateway", "--practice", "--port", "0"]);
    serve.env("DATABASE_URL", &url).stderr(Stdio::null());
    let gateway = Gateway::spawn(serve);
    gateway.buy(root.path());
    let csv = "day,model,payer,calls,micro_usdc\n,openai/gpt-4o-mini,,1,1000\n".to_owned();
    assert_eq!(revenue(&["--database"], &url), (csv.clone(), String::new()));
    assert_eq!(revenue(&["--database", &url], ""), (csv, String::new()));
    assert!(revenue(&["--database"], "").1.contains("DATABASE_URL is not set"));
    let (_, wrong) = revenue(&["--database", "mysql://me:secret@db/x"], "");
    assert!(wrong.contains("--database: only postgres:// is known"), "{wrong}");
    let (_, away) = revenue(&["--database", "postgres://me:secret@127.0.0.1:1/x"], "");
    assert!(away.contains("the database cannot be used"), "{away}");
}

#[test]
fn what_a_new_file_has_behind_signs_are_settings_too() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let written =
        blockrun(&["gateway", "init", "--file", file.to_str().unwrap()]).output().unwrap();
    assert!(written.status.success(), "{:?}", said(&written));
    let is_setting = |text: &&str| {
        let key = text.split_once(" = ").map(|(key, _)| key);
        let is_key = |key: &str| key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        text.starts_with('[') || key.is_some_and(is_key)
    };
    let text = std::fs::read_to_string(&file).unwrap();
    let bare = |line| str::strip_prefix(line, "# ").filter(is_setting).unwrap_or(line);
    let text: String = text.lines().map(|line| bare(line).to_owned() + "\n").collect();
    let account = "7".repeat(40);
    let text = text.replace("YOUR_ACCOUNT", &account).replace("THEIR_ACCOUNT", &account);
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = blockrun(&["gateway", "--ephemeral", "--port", "0", "--config"]);
        command
            .arg(&file)
            .env("OPENAI_API_KEY", "sk-1")
            .env("BLOCKRUN_SETTLE_THROUGH_TOKEN", TOKEN);
        let (_, error) = said(&command.output().unwrap());
        assert!(!error.contains(TOKEN), "{error}");
        error
    };
    let both = refused(&text);
    assert!(both.contains("facilitator: this gateway settles through another"), "{both}");
    let (start, rest) = text.split_once("[facilitator]").unwrap();
    let rest = rest.split_once("\n\n").unwrap().1;
    let away = start.replace("https://facilitator.example", "http://127.0.0.1:1");
    let away = refused(&format!("{away}\n{rest}"));
    assert!(away.contains("the facilitator is not reached"), "{away}");
}

/// Answers every request so, on a port of its own.
fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut request = [0; 4_096];
            let read = socket.read(&mut request).unwrap();
            let answer = answer(&String::from_utf8_lossy(&request[..read]));
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn the_doctor_asks_and_says_what_to_fix() {
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n";
    let upstream = answering(|request| {
        assert!(request.starts_with("GET /v1/models "), "{request}");
        match request.contains("Bearer sk-good") {
            true => format!("{OK}date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{{}}"),
            false => "HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".into(),
        }
    });
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let upstream = format!(
        "[[upstream]]\nname = \"a\"\nbase_url = \"http://127.0.0.1:{upstream}/v1\"\n\
         key_env = \"MY_KEY\"\nmodels = {{ \"*\" = \"*\" }}\n"
    );
    std::fs::write(&file, upstream).unwrap();
    let data = root.path().join("data");
    let _running = Gateway::start(&data);
    let doctor = |key: &str| {
        let mut command = blockrun(&["gateway", "doctor", "--practice", "--host", "0.0.0.0"]);
        command.arg("--config").arg(&file).arg("--data").arg(&data).env("MY_KEY", key);
        let output = command.output().unwrap();
        assert!(!output.status.success(), "the clock or the key has to be fixed");
        let (out, err) = said(&output);
        assert!(!format!("{out}{err}").contains("sk-"), "{out}{err}");
        out
    };
    let good = doctor("sk-good");
    for line in [
        "ok    upstream a: answers and takes the key",
        "FIX   clock: ",
        "ahead of that of upstream a; payments are valid for minutes",
        "ok    database: in use by a gateway",
        "look  pages: nobody can see /metrics: set BLOCKRUN_GATEWAY_ADMIN_TOKEN",
    ] {
        assert!(good.contains(line), "{line:?} is missing in {good}");
    }
    assert!(doctor("sk-bad").contains("FIX   upstream a: refuses the key; check the variable"));
}
