//! Settlements whose outcome was not known.

use std::time::Instant;

use crate::{
    app::App,
    claim, sales,
    settlement::{Outcome, Pending, Unavailable},
};

/// Asks what became of a settlement. When that cannot be asked either, or is another process's
/// business, it stays unknown. The caller has the claim's turn.
pub(crate) async fn reconcile(app: &App, pending: Pending) -> Outcome {
    let Pending { key, value, txid } = pending.clone();
    let began = Instant::now();
    let outcome = ask(app, pending).await;
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

async fn ask(app: &App, pending: Pending) -> Result<Outcome, Unavailable> {
    let key = pending.key.clone();
    if app.store.run(move |db| claim::adopt(db, &key)).await? {
        return app.settlement.reconcile(pending).await;
    }
    Ok(Outcome::Unknown(pending.txid))
}
