//! Settlements whose outcome was not known.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    app::App,
    claim, sales,
    settlement::{Outcome, Pending},
    store::StoreError,
};

/// Asks what became of a settlement. When that cannot be asked either, it stays unknown.
pub(crate) async fn reconcile(app: &App, pending: Pending) -> Outcome {
    let Pending { key, value, txid } = pending.clone();
    let began = Instant::now();
    let outcome = app.settlement.reconcile(pending).await;
    app.metrics.settled(began, &outcome);
    if let Ok(Outcome::Settled(_)) = outcome {
        let model = app.store.run(move |db| sales::model(db, &key)).await;
        if let Ok(Some(model)) = model {
            app.metrics.earned(&model, value);
        }
    }
    outcome.unwrap_or_else(|error| {
        tracing::warn!(%error, ?txid, "a settlement is still unknown");
        Outcome::Unknown(txid)
    })
}

/// Asks for all of them, in the background: a gateway that was stopped in the middle left them.
/// Buyers who come for one before it is through find it by themselves.
pub(crate) async fn reconcile_all(app: &Arc<App>) -> Result<(), StoreError> {
    let left = app.store.run(claim::pending).await?;
    if left.is_empty() {
        return Ok(());
    }
    tracing::info!(count = left.len(), "settlements of an interrupted gateway are looked up");
    let tasks = app.tasks.clone();
    let app = Arc::clone(app);
    tasks.spawn(async move {
        for pending in left {
            if let Some(_turn) = app.turns.wait(&pending.key, Duration::ZERO).await {
                reconcile(&app, pending).await;
            }
        }
    });
    Ok(())
}
