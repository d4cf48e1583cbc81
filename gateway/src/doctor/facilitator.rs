//! The facilitator that settles: a real question, with what shows it who asks.

use std::time::Duration;

use super::Finding;
use crate::{config::Config, settlement, settlement::SettleThrough};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn look(config: &Config, through: &SettleThrough) -> Finding {
    let subject = format!("facilitator {}", through.origin());
    let timeout = through.timeout.min(PATIENCE);
    let through = SettleThrough { timeout, ..through.clone() };
    match settlement::look(config, &through).await {
        Ok(says) => Finding::good(subject, says),
        Err(says) => Finding::bad(subject, says),
    }
}
