//! A PostgreSQL server for tests, from the programs of Debian's package `postgresql`.

use std::{
    fs::{self, Permissions},
    io::{self, BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The account that the server runs under when the tests run as root, which it refuses.
const ACCOUNT: &str = "nobody";

/// Starts the server, stops it and removes its folder when the standard input ends: whatever becomes
/// of the tests, nothing is left. `restart` and `stop` on a line are for tests of what happens then.
const KEEPER: &str = r#"
run() { $AS "$BIN/pg_ctl" -D "$FOLDER/data" -l "$FOLDER/log" -w -t 60 -o "$OPTIONS" "$@" > "$FOLDER/said" 2>&1; }
trap '' INT HUP TERM
cd /
run start || { cat "$FOLDER/said" "$FOLDER/log"; rm -rf "$FOLDER"; exit 1; }
echo ready
while read -r order; do
    case "$order" in
        stop) run -m immediate stop ;;
        start) run start ;;
    esac
    echo done
done
run -m immediate stop
rm -rf "$FOLDER"
"#;

/// A running server with databases of its own on loopback. It ends with the process of the tests.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    keeper: Mutex<(ChildStdin, BufReader<std::process::ChildStdout>)>,
    _child: Child,
    next: AtomicU64,
}

impl Postgres {
    /// A server, unless its programs are not installed and not to be had: then it has been said, and
    /// the test has nothing to test. With `CI=true`, root and apt they are installed.
    ///
    /// # Panics
    /// When the server does not start, or CI has no server: then nothing was tested.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let text = "SKIPPED: PostgreSQL. Install it (apt-get install postgresql) for the tests of \
                        gateways that share a database.";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            say(text);
            return None;
        };
        Some(Self::run(&programs).expect("a PostgreSQL server for the tests"))
    }

    /// The server that all tests of this process share.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn run(programs: &Path) -> io::Result<Self> {
        let folder = folder()?;
        let port = free_port()?;
        let data = folder.join("data");
        let account = account();
        let made = Command::new(account.first().map_or("env", String::as_str))
            .args(account.get(1..).unwrap_or_default())
            .arg(programs.join("initdb"))
            .current_dir("/")
            .args(["--username", "test", "--auth", "trust", "--encoding", "UTF8", "--no-sync"])
            .args(["--locale", "C", "-D"])
            .arg(&data)
            .output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
             -c max_connections=400 -c shared_buffers=32MB -c deadlock_timeout=100ms"
        );
        let mut child = Command::new("sh")
            .args(["-c", KEEPER])
            .current_dir("/")
            .env("AS", account.join(" "))
            .envs([("BIN", programs), ("FOLDER", &folder)])
            .env("OPTIONS", options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).expect("they are pipes");
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        if line != "ready\n" {
            io::Read::read_to_string(&mut output, &mut line)?;
            return Err(io::Error::other(line));
        }
        let keeper = Mutex::new((input, output));
        Ok(Self { port, keeper, _child: child, next: AtomicU64::new(1) })
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs SQL and returns the rows, their columns between bars.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let database = database.rsplit('/').next().and_then(|name| name.split('?').next());
        let run = Command::new("psql")
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url(database.unwrap_or_default()))
            .args(["-c", sql])
            .output()
            .expect("psql");
        assert!(run.status.success(), "{sql}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).trim_end().to_owned()
    }

    /// Stops the server as a crash does.
    ///
    /// # Panics
    /// When nobody does it.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When nobody does it.
    pub fn start_again(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut keeper = self.keeper.lock().expect("no test fails here");
        io::Write::write_all(&mut keeper.0, format!("{order}\n").as_bytes()).expect("a keeper");
        let mut line = String::new();
        keeper.1.read_line(&mut line).expect("a keeper");
        assert_eq!(line, "done\n");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://test@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

#[allow(clippy::print_stderr, reason = "whoever runs the tests has to see it")]
fn say(text: &str) {
    eprintln!("\n*** {text}\n");
}

/// Where the server's programs are.
fn programs() -> Option<PathBuf> {
    find().or_else(|| {
        let wanted = std::env::var_os("CI").is_some() && is_root();
        let script =
            "apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql";
        let fetch = || Command::new("sh").args(["-c", script]).stdout(Stdio::null()).status();
        if wanted && fetch().is_ok_and(|status| status.success()) { find() } else { None }
    })
}

fn find() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let whole =
        |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|one| folder.join(one).is_file());
    folders.into_iter().find(whole)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout == b"0\n")
}

/// A port that stays free while the server is being made, or is stopped: below those that systems give
/// to connections and to whoever asks for any, so that it is taken by nobody by chance.
fn free_port() -> io::Result<u16> {
    const PORTS: std::ops::Range<u32> = 20_000..32_000;
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let start = std::process::id() ^ nanos.map_or(0, |time| time.subsec_nanos());
    let ports = (0..100).map(|n| PORTS.start + start.wrapping_add(n) % (PORTS.end - PORTS.start));
    ports
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| io::Error::other("no port is free"))
}

/// A folder that the server's account may write to.
fn folder() -> io::Result<PathBuf> {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let unique = format!("{}-{}", std::process::id(), nanos.map_or(0, |time| time.as_nanos()));
    let folder = std::env::temp_dir().join(format!("blockrun-postgres-{unique}"));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, Permissions::from_mode(0o777))?;
    Ok(folder)
}

/// What makes a program run under an account that the server accepts: before its name.
fn account() -> Vec<String> {
    let words: &[&str] =
        if is_root() { &["setpriv", "--reuid", ACCOUNT, "--clear-groups"] } else { &[] };
    words.iter().map(|word| (*word).to_owned()).collect()
}
