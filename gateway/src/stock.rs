//! What is sold at the moment: models, prices, and who answers.

use std::sync::{Arc, PoisonError, RwLock};

use blockrun_llm::quote::PriceRule;

use crate::{
    app::now,
    catalog::Catalog,
    config::Config,
    error::Error,
    provider::{PracticeProvider, Provider, Upstreams},
    service::Service,
    settings::{Fixed, Reloaded, Settings},
};

/// What one call sees from its price to its answer, whatever is loaded meanwhile.
#[derive(Debug)]
pub(crate) struct Stock {
    /// Only the models that somebody answers for.
    pub(crate) catalog: Catalog,
    pub(crate) rule: PriceRule,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) service: Service,
    /// When it was loaded, in Unix seconds.
    pub(crate) since: u64,
    /// What its settings file says that only a start reads.
    fixed: Fixed,
}

impl Stock {
    /// What the files of a configuration say now. A provider that was given answers instead of those
    /// of the settings file, which is not looked at.
    fn load(config: &Config, given: Option<&Arc<dyn Provider>>) -> Result<Self, Error> {
        let catalog = match &config.catalog {
            Some(path) => Catalog::from_file(path)?,
            None => Catalog::built_in()?,
        };
        let (mut rule, mut service, mut fixed) = Default::default();
        let provider: Arc<dyn Provider> = match (given, &config.settings) {
            (Some(given), _) => Arc::clone(given),
            (None, None) => Arc::new(PracticeProvider::new(config.provider_delay)),
            (None, Some(path)) => {
                let settings = Settings::from_file(path, &catalog)?;
                (rule, service, fixed) = (settings.rule, settings.service, settings.fixed);
                let upstreams = Upstreams::new(settings.upstreams);
                let refuse = |problem| Error::Config { field: "settings", problem };
                Arc::new(upstreams.map_err(refuse)?)
            }
        };
        let catalog = catalog.only(|model| provider.serves(model));
        Ok(Self { catalog, rule, provider, service, since: now(), fixed })
    }
}

/// Where the stock is, and by what it is replaced.
#[derive(Debug)]
pub(crate) struct Shelf {
    stock: RwLock<Arc<Stock>>,
    given: Option<Arc<dyn Provider>>,
    at_start: Fixed,
}

impl Shelf {
    /// The first stock. `given` answers whatever the settings file says.
    pub(crate) fn load(config: &Config, given: Option<Arc<dyn Provider>>) -> Result<Self, Error> {
        let stock = Stock::load(config, given.as_ref())?;
        let at_start = stock.fixed.clone();
        Ok(Self { stock: RwLock::new(Arc::new(stock)), given, at_start })
    }

    /// What is sold now.
    pub(crate) fn stock(&self) -> Arc<Stock> {
        // Nothing can panic while the lock is held, so a poisoned stock is a whole stock.
        Arc::clone(&self.stock.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again, and says what of them has no effect. When they cannot be used,
    /// everything stays as it is.
    pub(crate) fn reload(&self, config: &Config) -> Result<Reloaded, Error> {
        let stock = Arc::new(Stock::load(config, self.given.as_ref())?);
        let reloaded = self.at_start.beside(&stock.fixed);
        *self.stock.write().unwrap_or_else(PoisonError::into_inner) = stock;
        Ok(reloaded)
    }
}
