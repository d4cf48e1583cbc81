//! What the doctor says of everything but chains, every line of it. About 1 s.

use blockrun_gateway::{
    Admin, AdminToken, Config, Facilitator, Finding, SettleThrough, TlsFiles, examine,
};
use serde_json::json;

use super::{
    facilitator::{SELLER, open},
    scripted::{Act, Upstream, row},
    support::Shop,
};

const TOKEN: &str = "0123456789abcdef";

/// A line for each finding; nothing secret is in any.
async fn said(config: Config) -> String {
    let findings = examine(&config).await;
    let line = |one: &Finding| {
        assert!(!one.says.contains(TOKEN) && !one.says.contains("secret"), "{one:?}");
        format!("{:?} {}: {}\n", one.health, one.subject, one.says)
    };
    findings.iter().map(line).collect()
}

fn assert_said(said: &str, start: &str, rest: &str) {
    let found = said.lines().any(|line| line.starts_with(start) && line.contains(rest));
    assert!(found, "{start:?} ... {rest:?} is missing in\n{said}");
}

fn through(url: &str) -> Config {
    let through = SettleThrough::new(format!("{url}/secret"));
    let payee = SELLER.parse().unwrap();
    Config { settle_through: Some(through), payee, ..Config::default() }
}

#[tokio::test]
async fn a_facilitator_is_asked_with_what_shows_who_asks() {
    let token = Some(AdminToken::new(TOKEN).unwrap());
    let guarded = Facilitator { token, ..Facilitator::default() };
    let behind = Shop::with(Config { facilitator: Some(guarded), ..open() }).await;
    let url = behind.running.base_url();
    let mut config = through(url);
    config.settle_through.as_mut().unwrap().url = url.to_owned();
    let subject = format!("facilitator {url}: ");
    let refused = "refuses who asks (status 401); check BLOCKRUN_SETTLE_THROUGH_TOKEN";
    assert_said(&said(config.clone()).await, &format!("Bad {subject}{refused}"), "key_env");
    let header = ("Authorization".to_owned(), format!("Bearer {TOKEN}"));
    config.settle_through.as_mut().unwrap().headers.push(header);
    let good = "settles exact on Base Sepolia (x402 v2) and lets us ask";
    assert_said(&said(config).await, &format!("Good {subject}{good}"), "");
    let away = said(through("http://127.0.0.1:1")).await;
    let silent =
        "Bad facilitator http://127.0.0.1:1: the facilitator is not reached; check its url";
    assert_said(&away, silent, "");
}

#[tokio::test]
async fn a_facilitator_that_is_of_no_use_is_no_good() {
    let kinds = json!({"kinds": [{"x402Version": 2, "scheme": "upto", "network": "eip155:1"}]});
    for (act, start, rest) in [
        (Act::Say(200, "", kinds.to_string()), "it does not settle exact on", "; name another one"),
        (Act::Say(403, "", String::new()), "refuses who asks (status 403)", ""),
        (Act::Say(200, "", "hello".into()), "/supported answers something else", ""),
        (Act::HangUp, "the facilitator did not answer in time or broke off; check its url", ""),
    ] {
        let scripted = Upstream::run(move |_, _| act.clone()).await;
        let url = format!("http://{}", scripted.address);
        let said = said(through(&url)).await;
        assert_said(&said, &format!("Bad facilitator {url}: {start}"), rest);
        assert!(scripted.seen()[0].line.starts_with("GET /secret/supported "));
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_shared_database_is_connected_to() {
    let Some(server) = conformance::Postgres::shared() else { return };
    let url = server.database();
    let of = |url: &str| {
        let database = Some(blockrun_gateway::Database::new(url));
        said(Config { database, ..Config::default() })
    };
    assert_said(&of(&url).await, "Good database: works", "");
    assert_eq!(server.sql(&url, "SELECT to_regclass('claims')"), "", "nothing was changed");
    server.sql(&url, "CREATE TABLE gateway_schema (version BIGINT)");
    server.sql(&url, "INSERT INTO gateway_schema VALUES (99)");
    let newer = "Bad database: the database was written by a newer version (schema 99, this";
    assert_said(&of(&url).await, newer, "update blockrun");
    let fix = "see that it is there, that its URL is right";
    for bad in ["postgres://me:secret@127.0.0.1:1/x", "postgres://me:secret@/%%%", "nonsense"] {
        assert_said(&of(bad).await, "Bad database: the database cannot be used: ", fix);
    }
    let missing = url.replace("/test_", "/missing_");
    assert_said(&of(&missing).await, "Bad database: ", "does not exist");
}

#[tokio::test]
async fn this_machine_is_looked_at() {
    let root = tempfile::tempdir().unwrap();
    let plain = said(Config::default()).await;
    assert_said(
        &plain,
        "Doubtful upstreams: none: the built-in practice model answers",
        "--config",
    );
    assert_said(&plain, "Doubtful database: in memory: everything is forgotten", "--data");
    assert_said(&plain, "Good pages: ", "open to this machine alone");
    let data = Some(root.path().join("data"));
    let started = Config { data, ..Config::default() };
    assert_said(&said(started.clone()).await, "Good database: none yet; it is made", "");
    let running = Shop::with(Config { bind: ([127, 0, 0, 1], 0).into(), ..started.clone() }).await;
    assert_said(&said(started.clone()).await, "Good database: in use by a gateway", "");
    assert!(running.running.shutdown().await);
    assert_said(&said(started).await, "Good database: works", "");

    let (certificate, key) = (root.path().join("certificate"), root.path().join("key"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, "secret").unwrap();
    let tls = Some(TlsFiles { certificate, key: key.clone() });
    let bind = ([0, 0, 0, 0], 0).into();
    let open = Config { tls, bind, ..Config::default() };
    let bad = said(open.clone()).await;
    assert_said(&bad, "Bad TLS files: ", "");
    assert_said(&bad, "Doubtful pages: nobody can see /metrics", "openssl rand -hex 32");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let token = Some(AdminToken::new(TOKEN).unwrap());
    let good = said(Config { admin: Admin { token, ..Admin::default() }, ..open }).await;
    assert_said(&good, "Good TLS files: a certificate and the key that belongs to it", "");
    assert_said(&good, "Good pages: /metrics and the others open to the admin token", "");
}

#[tokio::test]
async fn an_upstream_says_what_it_thinks_of_the_key() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let of = async |text: String| {
        std::fs::write(&file, text).unwrap();
        said(Config { settings: Some(file.clone()), ..Config::default() }).await
    };
    for (act, start, rest) in [
        (Act::Say(200, "", "{}".into()), "Good upstream a: answers and takes the key", ""),
        (Act::Say(401, "", String::new()), "Bad upstream a: refuses the key; check the", "key_env"),
        (Act::Say(404, "", String::new()), "Doubtful upstream a: answers, and has no list", ""),
        (Act::Say(500, "", String::new()), "Bad upstream a: answers 500 to a request", ""),
        (Act::HangUp, "Bad upstream a: 127.0.0.1 is not reached; check base_url", ""),
    ] {
        let upstream = Upstream::run(move |_, _| act.clone()).await;
        assert_said(&of(row("a", &upstream, "")).await, start, rest);
    }
    assert_said(
        &of("upstream = []".into()).await,
        "Bad settings: ",
        "line 1: upstream: there must",
    );
    assert_said(&of("upstream = 1".into()).await, "Bad settings: ", "gateway.toml");
    let catalog = Some(root.path().join("missing"));
    assert_said(&said(Config { catalog, ..Config::default() }).await, "Bad catalog: ", "missing");
    let wrong = Config { header_limit: 1, ..Config::default() };
    assert_said(&said(wrong).await, "Bad configuration: header_limit: must be at least", "");
}
