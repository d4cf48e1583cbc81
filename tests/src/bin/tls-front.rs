//! `tls-front ADDRESS CA_FILE`: TLS in front of a plain server, for a test in any language. Prints
//! the listeners as one line of JSON and serves until its standard input ends.

use std::{
    io::{Error, Read, Write},
    path::PathBuf,
};

use conformance::{Front, TlsFronts};
use serde_json::{Map, Value};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(upstream), Some(ca_file)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: tls-front ADDRESS CA_FILE"));
    };
    let upstream = upstream.parse().map_err(Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fronts = runtime.block_on(TlsFronts::start(upstream, &PathBuf::from(ca_file)))?;
    let urls: Map<String, Value> = Front::ALL
        .iter()
        .map(|front| (front.name().to_owned(), fronts.url(*front).into()))
        .collect();
    writeln!(std::io::stdout(), "{}", Value::Object(urls))?;
    std::thread::spawn(|| {
        // The parent's end of the pipe closes with the parent, however it ends.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    runtime.block_on(std::future::pending())
}
