//! What has to be done although nobody comes for it.

use std::sync::{Arc, Weak};

use tokio::time::sleep;

use super::reconcile::reconcile;
use crate::{
    app::{App, now},
    claim::{self, prune},
    store::{StoreError, process},
};

/// Beats in a row after which others that are silent are taken for dead: when the database was away,
/// all of them were.
const SURE: u32 = 3;

/// Does it now, in the background, and again for as long as the gateway runs: looks settlements up
/// that are unknown, lets go of what a failed write left, forgets what is over.
pub(crate) fn keep_up(app: &Arc<App>) {
    let (own, weak, pause) = (Arc::clone(app), Arc::downgrade(app), app.config.upkeep);
    app.tasks.spawn(async move { told(sweep(&own).await) });
    tokio::spawn(async move {
        loop {
            sleep(pause).await;
            let Some(app) = weak.upgrade() else { return };
            told(sweep(&app).await);
        }
    });
    if app.config.database.is_some() {
        tokio::spawn(live(Arc::downgrade(app)));
    }
}

fn told(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the upkeep of the store has to wait");
    }
}

async fn sweep(app: &Arc<App>) -> Result<(), StoreError> {
    while app.store.run(|db| prune(db, now())).await? {}
    app.gallery.clear(&app.store).await?;
    for key in app.store.run(claim::unfinished).await? {
        // Whoever has the turn is at it. A stream goes on after its turn, and may have begun since it
        // was listed as a call whose provider works.
        let Some(_turn) = app.turns.take(&key) else { continue };
        if app.recordings.get(&key).is_some() {
            continue;
        }
        app.store.run(move |db| claim::abandon(db, &key)).await?;
    }
    for pending in app.store.run(claim::pending).await? {
        if let Some(_turn) = app.turns.take(&pending.key) {
            reconcile(app, pending).await;
        }
    }
    Ok(())
}

/// Says that this process lives, and lets go of what dead ones were working on.
async fn live(app: Weak<App>) {
    let mut beats = 0;
    while let Some(app) = app.upgrade() {
        let sure = beats >= SURE;
        let beat = app.store.run_at_once(move |db| {
            process::beat(db)?;
            let dead = if sure { process::bury(db)? } else { 0 };
            Ok((dead, claim::release_orphans(db)?))
        });
        beats = match beat.await {
            Ok((dead, released)) => {
                if dead + released > 0 {
                    tracing::warn!(dead, released, "gateway processes died; claims are released");
                }
                beats.saturating_add(1)
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can be told that this process lives");
                0
            }
        };
        drop(app);
        sleep(process::BEAT).await;
    }
}
