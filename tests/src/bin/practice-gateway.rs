//! `practice-gateway FOLDER DELAY_MS`: a gateway in a process of its own, to be killed. Prints its
//! address. In the place of the folder there may be the URL of a PostgreSQL database.

use std::{
    io::{Error, Write},
    time::Duration,
};

use blockrun_gateway::{Config, Database, Gateway};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(delay)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: practice-gateway FOLDER|URL DELAY_MS"));
    };
    let database = data.starts_with("postgres").then(|| Database::new(&data));
    let config = Config {
        bind: ([127, 0, 0, 1], 0).into(),
        data: database.is_none().then(|| data.into()),
        database,
        provider_delay: Duration::from_millis(delay.parse().map_err(Error::other)?),
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = Gateway::start(config).await.map_err(Error::other)?;
        writeln!(std::io::stdout(), "{}", running.address())?;
        running.until_signal().await.map(drop)
    })
}
