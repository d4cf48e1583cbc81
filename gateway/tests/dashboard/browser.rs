//! A Chromium without a window.

use std::{
    io::{Write, stderr},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// How it may be called.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

pub(crate) struct Browser {
    program: PathBuf,
}

impl Browser {
    /// The browser of this system. In CI one is fetched, where there is a way to it.
    pub(crate) fn find() -> Option<Self> {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        let found = installed().or_else(|| (ci && may_fetch()).then(fetched));
        if found.is_none() {
            // Past the harness, which keeps what tests print that pass.
            let skipped = "\n*** SKIPPED: the dashboard in a browser. There is no chromium.\n\n";
            stderr().write_all(skipped.as_bytes()).unwrap();
        }
        found.map(|program| Self { program })
    }

    /// The page as the browser has understood it.
    pub(crate) fn page(&self, url: &str) -> String {
        let output = self.run(&["--dump-dom", url]);
        String::from_utf8(output.stdout).unwrap()
    }

    /// A picture of the page.
    pub(crate) fn picture(&self, url: &str, file: &Path, (width, height): (u32, u32), dark: bool) {
        let (size, to) =
            (format!("--window-size={width},{height}"), format!("--screenshot={}", file.display()));
        let mut arguments = vec![size.as_str(), to.as_str(), "--hide-scrollbars"];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0");
        }
        arguments.push(url);
        self.run(&arguments);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-proxy-server", "--timeout=20000"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// Whether there is apt, and the right to use it.
fn may_fetch() -> bool {
    let root = Command::new("sh").args(["-c", "[ $(id -u) = 0 ] && command -v apt-get"]).output();
    root.is_ok_and(|output| output.status.success())
}

/// Debian's own.
fn fetched() -> PathBuf {
    let get = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
               --no-install-recommends chromium fonts-dejavu-core";
    let got = Command::new("sh").args(["-c", get]).output().unwrap();
    installed().unwrap_or_else(|| {
        panic!("chromium could not be fetched: {}", String::from_utf8_lossy(&got.stderr))
    })
}
