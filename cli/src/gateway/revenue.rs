//! `blockrun gateway revenue`.

use std::path::PathBuf;

use blockrun_gateway::{AdminToken, RevenueQuery, RevenueReport};
use clap::{Args, ValueEnum};

use super::{database::shared, serve::admin_token};
use crate::output::{Failure, print};

/// What was earned. A gateway that runs is asked; the folder of one that is stopped, or a database that
/// several share, is read.
#[derive(Debug, Args)]
pub(crate) struct RevenueArguments {
    /// The gateway to ask. A token that it wants is read from BLOCKRUN_GATEWAY_ADMIN_TOKEN.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8402")]
    url: String,
    /// Folder of the database of a gateway that is stopped, instead of asking one.
    #[arg(long, value_name = "FOLDER", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// Database that gateways share (postgres://...), which is read whether they run or not. Without a
    /// URL it is that of DATABASE_URL, which keeps the password out of the list of processes.
    #[arg(long, value_name = "URL", num_args = 0..=1, conflicts_with_all = ["url", "data"])]
    database: Option<Option<String>>,
    /// First day, as 2026-01-31 (UTC).
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Last day.
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// What there is a row for each of; several with commas, `total` for one row.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "day,model")]
    by: Vec<By>,
    /// Form of the result. Amounts are whole micro-USDC.
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Day,
    Model,
    Payer,
    Total,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Csv,
    Json,
}

/// Prints what was earned.
pub(crate) async fn run(arguments: RevenueArguments) -> Result<(), Failure> {
    let by = |one| arguments.by.contains(&one);
    let (from, to) = (arguments.from.as_deref(), arguments.to.as_deref());
    let mut query = RevenueQuery::default().between(from, to).map_err(Failure::other)?;
    (query.day, query.model, query.payer) = (by(By::Day), by(By::Model), by(By::Payer));
    let report = match (&arguments.data, &arguments.database) {
        (Some(folder), _) => RevenueReport::read(folder, query).await,
        (None, Some(url)) => RevenueReport::read_shared(shared(url.as_deref())?, query).await,
        (None, None) => {
            let token: Option<AdminToken> = admin_token()?;
            RevenueReport::fetch(&arguments.url, token.as_ref(), query).await
        }
    };
    let report = report.map_err(Failure::other)?;
    match arguments.format {
        Form::Csv => print(report.to_csv().trim_end()),
        Form::Json => print(&format!("{:#}", report.to_json())),
    }
}
