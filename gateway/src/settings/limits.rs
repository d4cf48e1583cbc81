//! The limits of a settings file: what one client, one payer and one answer may take, and how long.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use toml::Spanned;

use super::Fault;
use crate::{config::Config, traffic::Allowance};

/// Longest time that can be set: a day.
const LONGEST: f64 = 86_400.0;
/// Highest rate that can be set.
const MOST_PER_SECOND: f64 = 1e6;

/// The limits as they are written; what is left out stays as the configuration has it.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    client_per_second: Option<Spanned<f64>>,
    client_burst: Option<Spanned<u32>>,
    client_in_flight: Option<Spanned<u32>>,
    payer_per_second: Option<Spanned<f64>>,
    payer_burst: Option<Spanned<u32>>,
    payer_in_flight: Option<Spanned<u32>>,
    #[serde(default)]
    trusted_proxies: Vec<Spanned<String>>,
    body_limit: Option<Spanned<u64>>,
    body_timeout: Option<Spanned<f64>>,
    provider_timeout: Option<Spanned<f64>>,
    replay_wait: Option<Spanned<f64>>,
    keep_alive: Option<Spanned<f64>>,
    answer_limit: Option<Spanned<u64>>,
    answers_limit: Option<Spanned<u64>>,
    answer_retention: Option<Spanned<f64>>,
    picture_time: Option<Spanned<f64>>,
    pictures_limit: Option<Spanned<u64>>,
    drain_delay: Option<Spanned<f64>>,
    shutdown_deadline: Option<Spanned<f64>>,
}

impl Row {
    /// Puts what is written into a configuration.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), Fault> {
        self.apply_traffic(config)?;
        let body_limit = self.body_limit.as_ref();
        if let Some(limit) = positive(body_limit, "body_limit")? {
            config.body_limit = usize::try_from(limit).unwrap_or(usize::MAX);
        }
        for (row, key, field) in [
            (&self.answer_limit, "answer_limit", &mut config.answer_limit),
            (&self.answers_limit, "answers_limit", &mut config.answers_limit),
            (&self.pictures_limit, "pictures_limit", &mut config.pictures_limit),
        ] {
            *field = positive(row.as_ref(), key)?.unwrap_or(*field);
        }
        for (row, key, field) in [
            (&self.body_timeout, "body_timeout", &mut config.body_timeout),
            (&self.provider_timeout, "provider_timeout", &mut config.provider_timeout),
            (&self.replay_wait, "replay_wait", &mut config.replay_wait),
            (&self.keep_alive, "keep_alive", &mut config.keep_alive),
            (&self.answer_retention, "answer_retention", &mut config.answer_retention),
            (&self.picture_time, "picture_time", &mut config.picture_time),
            (&self.drain_delay, "drain_delay", &mut config.drain_delay),
            (&self.shutdown_deadline, "shutdown_deadline", &mut config.shutdown_deadline),
        ] {
            *field = time(row.as_ref(), key)?.unwrap_or(*field);
        }
        Ok(())
    }

    fn apply_traffic(&self, config: &mut Config) -> Result<(), Fault> {
        let traffic = &mut config.traffic;
        allowance(
            &mut traffic.client,
            rate(self.client_per_second.as_ref(), "client_per_second")?,
            positive(self.client_burst.as_ref(), "client_burst")?,
            positive(self.client_in_flight.as_ref(), "client_in_flight")?,
        );
        allowance(
            &mut traffic.payer,
            rate(self.payer_per_second.as_ref(), "payer_per_second")?,
            positive(self.payer_burst.as_ref(), "payer_burst")?,
            positive(self.payer_in_flight.as_ref(), "payer_in_flight")?,
        );
        if !self.trusted_proxies.is_empty() {
            let proxies = self.trusted_proxies.iter().map(network);
            traffic.trusted_proxies = proxies.collect::<Result<_, _>>()?;
        }
        Ok(())
    }
}

fn allowance(of: &mut Allowance, rate: Option<f64>, burst: Option<u32>, in_flight: Option<u32>) {
    of.per_second = rate.or(of.per_second);
    of.burst = burst.or(of.burst);
    of.in_flight = in_flight.or(of.in_flight);
}

fn positive<N>(value: Option<&Spanned<N>>, key: &'static str) -> Result<Option<N>, Fault>
where
    N: Copy + Default + PartialEq,
{
    match value {
        Some(value) if *value.get_ref() == N::default() => {
            Err(Fault::new(value, key, "must be at least 1; leave it out for the default"))
        }
        value => Ok(value.map(|value| *value.get_ref())),
    }
}

fn rate(value: Option<&Spanned<f64>>, key: &'static str) -> Result<Option<f64>, Fault> {
    match value {
        Some(value) if !(1e-6..=MOST_PER_SECOND).contains(value.get_ref()) => {
            Err(Fault::new(value, key, "must be requests a second, above 0 and at most 1000000"))
        }
        value => Ok(value.map(|value| *value.get_ref())),
    }
}

fn time(value: Option<&Spanned<f64>>, key: &'static str) -> Result<Option<Duration>, Fault> {
    match value {
        Some(value) if !(0.0..=LONGEST).contains(value.get_ref()) => {
            Err(Fault::new(value, key, "must be seconds, from 0 to a day (86400)"))
        }
        value => Ok(value.map(|value| Duration::from_secs_f64(*value.get_ref()))),
    }
}

/// An address alone is a network of one.
fn network(text: &Spanned<String>) -> Result<IpNet, Fault> {
    let parsed = text.get_ref().parse();
    let parsed = parsed.or_else(|_| text.get_ref().parse::<IpAddr>().map(IpNet::from));
    let problem = "must be addresses or networks as 10.0.0.0/8";
    parsed.map_err(|_| Fault::new(text, "trusted_proxies", problem))
}
