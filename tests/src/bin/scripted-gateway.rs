//! Plays the scenarios of the given files for a test in any language: prints its address, serves
//! until its standard input ends.

use std::io::{Read, Write};

use conformance::{Scenario, ScriptedServer};

fn main() -> std::io::Result<()> {
    let scenarios = std::env::args().skip(1).flat_map(|file| Scenario::load(&file)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (_server, address) = runtime.block_on(ScriptedServer::start(scenarios))?;
    writeln!(std::io::stdout(), "listening on http://{address}")?;
    std::thread::spawn(|| {
        // The parent's end of the pipe closes with the parent, however it ends.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    runtime.block_on(std::future::pending())
}
