//! Claims that another process works on.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    app::{App, now},
    claim::{self, Claim, Standing},
    store::StoreError,
};

/// How soon it is looked again whether another process has ended its work on a claim, and how soon
/// when that takes long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How a claim stands once no other process works on it, or when the time is over. The caller has its
/// turn in this process.
pub(crate) async fn standing_by(
    app: &App,
    claim: &Claim,
    deadline: Instant,
) -> Result<Standing, StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let claim = claim.clone();
        let standing = app.store.run(move |db| claim::standing(db, &claim, now())).await?;
        let waits = matches!(standing, Standing::Elsewhere(_));
        if !waits || Instant::now() + pause > deadline {
            return Ok(standing);
        }
        sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}
