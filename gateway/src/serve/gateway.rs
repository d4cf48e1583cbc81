//! Putting a gateway together.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
};

use tokio::{net::TcpListener, sync::oneshot};

use super::{Running, connection::Server, listener::listen, tls};
#[cfg(feature = "onchain")]
use crate::settlement::Chain;
use crate::{
    app::{App, Tasks, now},
    claim::{Limits, Turns, release_orphans},
    config::Config,
    error::Error,
    gallery::Gallery,
    ledger::Ledger,
    observe::Metrics,
    offer::Terms,
    provider::Provider,
    recording::Recordings,
    routes::router,
    sale::keep_up,
    settings::configured,
    settlement::{Practice, Remote, Settlement},
    stock::Shelf,
    store::{self, Store, process},
    traffic::Gate,
};

/// Starts gateways.
#[derive(Debug)]
pub struct Gateway;

impl Gateway {
    /// Starts a gateway with the upstreams of [`Config::settings`] behind it, or with the practice
    /// provider; it listens when this returns. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error`], naming the field or file and the way out.
    pub async fn start(config: Config) -> Result<Running, Error> {
        Self::launch(config, None).await
    }

    /// The same with another provider behind it; [`Config::settings`] is not looked at.
    ///
    /// # Errors
    /// [`Error`], naming the field or file and the way out.
    pub async fn start_with(config: Config, provider: Arc<dyn Provider>) -> Result<Running, Error> {
        Self::launch(config, Some(provider)).await
    }

    /// Brings the tables of the database of a configuration to this program's version, as a start does
    /// too, and returns the version that they had; 0 is an empty database.
    ///
    /// # Errors
    /// [`Error::Store`] when the database cannot be opened, is in use (SQLite) or of a newer version,
    /// and those of a start for the configuration.
    pub async fn migrate(config: Config) -> Result<i64, Error> {
        let config = configured(config)?;
        config.check()?;
        let migrated = tokio::task::spawn_blocking(move || store::migrate(&config)).await;
        migrated
            .map_err(|error| Error::Store(error.to_string()))?
            .map_err(|error| Error::Store(error.to_string()))
    }

    async fn launch(config: Config, given: Option<Arc<dyn Provider>>) -> Result<Running, Error> {
        let config = if given.is_none() { configured(config)? } else { config };
        config.check()?;
        let shelf = Shelf::load(&config, given)?;
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let (tasks, tasks_ended) = Tasks::new();
        let practice = config.is_practice().then(|| Ledger::of(&config));
        let store = prepare(&config, practice, &tasks).await?;
        let settlement = settlement(&config, practice, &store).await?;
        let (listener, address) = bind(config.bind).await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base_url = format!("{scheme}://{address}");
        let (delay, deadline) = (config.drain_delay, config.shutdown_deadline);
        let metrics = Arc::new(Metrics::new());
        let app = Arc::new(App {
            terms: Terms::of(&config),
            shelf,
            practice,
            settlement,
            store,
            limits: Limits::of(&config),
            turns: Turns::default(),
            recordings: Recordings::default(),
            gallery: Gallery::of(&config),
            gate: Gate::of(&config.traffic, &metrics),
            metrics,
            draining: AtomicBool::new(false),
            tasks,
            started: now(),
            address,
            base_url: base_url.clone(),
            config,
        });
        keep_up(&app);
        let server = Arc::new(Server::new(&app.config, router(Arc::clone(&app)), tls));
        let stocked = Arc::downgrade(&app);
        drop(app);
        let (stop, stopped) = oneshot::channel();
        let listening = tokio::spawn(listen(listener, server, stopped));
        let app = stocked;
        Ok(Running { address, base_url, app, stop, listening, tasks_ended, delay, deadline })
    }
}

/// What settles: the practice ledger, or the chain or facilitator that the configuration names.
async fn settlement(
    config: &Config,
    practice: Option<Ledger>,
    store: &Store,
) -> Result<Arc<dyn Settlement>, Error> {
    if let Some(through) = &config.settle_through {
        return Ok(Arc::new(Remote::connect(config, through, store.clone()).await?));
    }
    match (practice, &config.onchain) {
        (Some(ledger), _) => Ok(Arc::new(Practice::new(store.clone(), ledger))),
        #[cfg(feature = "onchain")]
        (None, Some(onchain)) => {
            let chain: Arc<dyn Settlement> = Chain::connect(config, onchain, store.clone()).await?;
            Ok(chain)
        }
        _ => {
            let problem = "this build cannot settle on a chain".to_owned();
            Err(Error::Config { field: "onchain", problem })
        }
    }
}

/// Opens the store, founds the ledger, and lets go of what a dead gateway was working on and had
/// sent nothing for.
async fn prepare(config: &Config, practice: Option<Ledger>, tasks: &Tasks) -> Result<Store, Error> {
    let (own, guard) = (config.clone(), tasks.guard());
    let opened = tokio::task::spawn_blocking(move || store::open(&own, guard)).await;
    let store = opened
        .map_err(|error| Error::Store(error.to_string()))?
        .map_err(|error| Error::Store(error.to_string()))?;
    let kind = config.mode();
    let released = store.run(move |db| {
        store::dedicate(db, kind)?;
        if let Some(ledger) = practice {
            ledger.found(db, now())?;
        }
        process::arrive(db)?;
        release_orphans(db)
    });
    match released.await {
        Ok(0) => (),
        Ok(count) => tracing::info!(count, "claims of an interrupted gateway were released"),
        Err(error) => return Err(Error::Store(error.to_string())),
    }
    Ok(store)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| Error::Bind { address, source })
}
