//! Where a report comes from: a gateway that runs, or the database of one that does not.

use std::{path::Path, time::Duration};

use url::Url;

use super::{RevenueQuery, RevenueReport};
use crate::{
    admin::AdminToken,
    config::Config,
    outgoing, sales,
    store::{self, Database, Store, StoreError},
};

/// How long a gateway may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A report that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevenueError {
    /// The query makes no sense.
    #[error("{0}")]
    Query(String),
    /// The gateway does not answer, or not with a report.
    #[error("the gateway at {url} {problem}")]
    Gateway {
        /// Where it was asked.
        url: String,
        /// What is wrong and what helps.
        problem: String,
    },
    /// The database cannot be read.
    #[error("{0}")]
    Store(String),
}

impl RevenueReport {
    /// Asks the gateway at a URL, as `http://127.0.0.1:8402`, at `/admin/revenue`.
    ///
    /// # Errors
    /// When it cannot be reached, wants another token, or does not answer with a report.
    pub async fn fetch(
        url: &str,
        token: Option<&AdminToken>,
        query: RevenueQuery,
    ) -> Result<Self, RevenueError> {
        let wrong = |problem: String| RevenueError::Gateway { url: url.to_owned(), problem };
        let target = Url::parse(url).and_then(|base| base.join("/admin/revenue"));
        let mut target = target.map_err(|error| wrong(format!("has no good address: {error}")))?;
        target.query_pairs_mut().extend_pairs(query.pairs());
        let client = outgoing::client().map_err(|error| wrong(error.to_string()))?;
        let client = client.timeout(TIMEOUT).build().map_err(|error| wrong(error.to_string()))?;
        let mut request = client.get(target);
        if let Some(bearer) = token.and_then(AdminToken::bearer) {
            request = request.header(http::header::AUTHORIZATION, bearer);
        }
        let answer = request.send().await;
        let answer = answer.map_err(|_| {
            wrong(
                "does not answer; name another address, or the data folder of a stopped one".into(),
            )
        })?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|_| wrong("broke off".into()))?;
        if !status.is_success() {
            let said = serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default();
            let said = said["error"]["message"].as_str().unwrap_or_default();
            return Err(wrong(format!("answers {}: {said}", status.as_u16())));
        }
        let report = serde_json::from_slice(&body);
        report.map_err(|_| wrong("answers something else; is it a gateway of this version?".into()))
    }

    /// Reads the data folder of a gateway that is stopped; one that runs keeps it locked.
    ///
    /// # Errors
    /// When there is no database, it is in use, or it cannot be read.
    pub async fn read(folder: &Path, query: RevenueQuery) -> Result<Self, RevenueError> {
        let config = Config { data: Some(folder.to_owned()), ..Config::default() };
        if !store::exists(&config) {
            let folder = folder.display();
            return Err(RevenueError::Store(format!("there is no gateway's database in {folder}")));
        }
        let opened = tokio::task::spawn_blocking(move || store::open(&config, ())).await;
        let store = opened
            .map_err(|error| RevenueError::Store(error.to_string()))?
            .map_err(|error| RevenueError::Store(error.to_string()))?;
        let report = Self::from_store(&store, query).await;
        report.map_err(|error| RevenueError::Store(error.to_string()))
    }

    /// Reads a database that gateways share, whether they run or not, and changes nothing in it.
    ///
    /// # Errors
    /// When it cannot be reached or its tables are of another version; the text holds no password.
    pub async fn read_shared(
        database: Database,
        query: RevenueQuery,
    ) -> Result<Self, RevenueError> {
        let (seconds, by_payer) = (query.seconds(), query.payer);
        let sold = tokio::task::spawn_blocking(move || {
            let db = store::look(&database).map_err(|error| error.to_string())?;
            sales::sold(&db, seconds, by_payer).map_err(|error| error.to_string())
        });
        let sold = sold.await.map_err(|error| error.to_string()).flatten();
        Ok(Self::of(&query, sold.map_err(RevenueError::Store)?))
    }

    /// What the store of a running gateway knows.
    pub(crate) async fn from_store(store: &Store, query: RevenueQuery) -> Result<Self, StoreError> {
        let (seconds, by_payer) = (query.seconds(), query.payer);
        let sold = store.run(move |db| sales::sold(db, seconds, by_payer)).await?;
        Ok(Self::of(&query, sold))
    }
}
