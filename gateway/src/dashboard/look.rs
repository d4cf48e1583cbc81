//! Looking: at the database for what has to outlive a restart, at the figures for the rest.

use super::page::{DAYS, Page, Seen};
use crate::{
    app::{App, now},
    sales::{self, DAY},
    store::StoreError,
};

/// Unknown settlements that are listed.
const LISTED: u32 = 20;

/// The page as it is now.
pub(crate) async fn look(app: &App) -> Result<Page, StoreError> {
    let now = now();
    let today = now / DAY;
    let from = (today + 1).saturating_sub(DAYS) * DAY;
    let read = app.store.run(move |db| {
        let sold = sales::sold(db, (from, u64::MAX), false)?;
        Ok((sold, sales::unknown(db, LISTED)?, sales::unknown_count(db)?))
    });
    let (sold, unknown, unknown_count) = read.await?;
    Ok(Page::of(Seen {
        practice: app.practice.is_some(),
        network: app.terms.network,
        draining: app.is_draining(),
        up: now.saturating_sub(app.started),
        now,
        sold,
        unknown,
        unknown_count,
        calls: app.metrics.calls(),
        upstreams: app.shelf.stock().provider.upstreams(),
    }))
}
