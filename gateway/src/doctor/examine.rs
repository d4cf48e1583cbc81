//! Looking at everything that a configuration names.

use super::{
    Finding,
    chain::chain,
    clock::{Skew, clock},
    facilitator, machine, upstreams,
};
use crate::{catalog::Catalog, config::Config, settings};

/// Looks at what a gateway of this configuration would need: settings, upstreams (each is asked for its
/// list of models, with its key), chain, gas, facilitator (it is asked to verify what is no payment),
/// database, clock, TLS files, open files, and who may see
/// its pages. Nothing is paid or sold; the database of a gateway that is stopped is opened as a start
/// would, its tables brought up to date.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = match settings::configured(config.clone()) {
        Ok(config) => config,
        Err(error) => return vec![Finding::bad("settings", error.to_string())],
    };
    if let Err(error) = config.check() {
        findings.push(Finding::bad("configuration", error.to_string()));
    }
    let mut skews = Vec::<Skew>::new();
    findings.extend(served(&config, &mut skews).await);
    if let Some(onchain) = &config.onchain {
        findings.extend(chain(config.network, onchain, &mut skews).await);
    }
    if let Some(through) = &config.settle_through {
        findings.push(facilitator::look(&config, through).await);
    }
    findings.push(clock(&skews));
    findings.extend(machine::look(&config).await);
    findings
}

/// The catalog, and whoever answers for it.
async fn served(config: &Config, skews: &mut Vec<Skew>) -> Vec<Finding> {
    let catalog = match &config.catalog {
        Some(path) => Catalog::from_file(path),
        None => Catalog::built_in(),
    };
    let catalog = match catalog {
        Ok(catalog) => catalog,
        Err(error) => return vec![Finding::bad("catalog", error.to_string())],
    };
    let Some(path) = &config.settings else {
        let says = "none: the built-in practice model answers, which knows nothing; --config names \
                    real ones";
        return vec![Finding::doubtful("upstreams", says)];
    };
    match settings::Settings::from_file(path, &catalog) {
        Ok(settings) => upstreams::look(&settings.upstreams, skews).await,
        Err(error) => vec![Finding::bad("settings", error.to_string())],
    }
}
