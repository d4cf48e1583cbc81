//! `blockrun payments`: what the journal of the wallet home knows.

use blockrun_llm::{
    LLMClient, Usdc,
    journal::{PaymentFilter, PaymentRecord, RecordState},
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::{
    client::ClientArguments,
    output::{Failure, print, quoted, remark},
    table::{Align, lines},
    terminal::{plain, width},
    when,
};

/// What was paid from this wallet home, by whatever program.
#[derive(Debug, Args)]
pub(crate) struct PaymentsArguments {
    #[command(subcommand)]
    command: PaymentsCommand,
}

#[derive(Debug, Subcommand)]
enum PaymentsCommand {
    /// List payments, oldest first.
    List(Filter),
    /// Show one payment.
    Show {
        /// Its public id (pay_…) or the key that was made up for it.
        id: String,
    },
    /// Ask the chain what became of payments whose answer was lost.
    Reconcile,
    /// Fetch the answer of a paid call again. Pays nothing.
    Recover {
        /// Its idempotency key, or its public id (pay_…).
        key: String,
    },
    /// Write payments to standard output for another program.
    Export {
        /// Form of the output.
        #[arg(value_enum)]
        format: Format,
        #[command(flatten)]
        filter: Filter,
    },
}

#[derive(Debug, Args)]
struct Filter {
    /// In this state only: reserved, signed, settled, refused, unknown, presumed_charged, released
    /// or cancelled.
    #[arg(long, value_parser = state)]
    state: Option<RecordState>,
    /// For this model only.
    #[arg(long)]
    model: Option<String>,
    /// From then on: a day (2026-01-31), a while (7d, 24h) or Unix seconds.
    #[arg(long, value_name = "TIME", value_parser = when::since)]
    since: Option<u64>,
    /// At most so many, the newest ones.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Comma-separated values with a line of names.
    Csv,
    /// One JSON array.
    Json,
}

/// Runs one of the subcommands.
pub(crate) async fn run(
    arguments: PaymentsArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    // The token of a stored answer is found by the wallet's own name for the call.
    let client = match arguments.command {
        PaymentsCommand::Recover { .. } => client.client()?,
        _ => client.looking()?,
    };
    match arguments.command {
        PaymentsCommand::List(filter) => list(&found(&client, filter).await?),
        PaymentsCommand::Show { id } => show(&client, &id).await,
        PaymentsCommand::Reconcile => reconcile(&client).await,
        PaymentsCommand::Recover { key } => print(&client.recover(&key).await?.text()),
        PaymentsCommand::Export { format, filter } => {
            let payments = found(&client, filter).await?;
            match format {
                Format::Json => print(&json!(payments).to_string()),
                Format::Csv => csv(&payments),
            }
        }
    }
}

async fn found(client: &LLMClient, filter: Filter) -> Result<Vec<PaymentRecord>, Failure> {
    let Filter { state, model, since, limit } = filter;
    let filter =
        PaymentFilter { state, model, since, limit: Some(limit), ..PaymentFilter::default() };
    Ok(client.payments(filter).await?)
}

fn list(payments: &[PaymentRecord]) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = payments.iter().map(row).collect();
    let columns = [Align::Left, Align::Left, Align::Right, Align::Left, Align::Left];
    for line in lines(&columns, &rows, width()) {
        print(&line)?;
    }
    let counted = payments.iter().filter(|one| one.state.counts());
    let total = counted.fold(Usdc::ZERO, |sum, one| sum.saturating_add(one.amount));
    let noun = if payments.len() == 1 { "payment" } else { "payments" };
    remark(&format!("{} {noun}, {total} USDC counted", payments.len()))
}

fn row(one: &PaymentRecord) -> Vec<String> {
    vec![
        one.payment_id.clone(),
        one.state.name().to_owned(),
        format!("{} USDC", one.amount),
        when::second(one.created_at),
        plain(one.model.as_deref().unwrap_or("-")).into_owned(),
    ]
}

async fn show(client: &LLMClient, id: &str) -> Result<(), Failure> {
    let everything = PaymentFilter { limit: Some(usize::MAX), ..PaymentFilter::default() };
    let payments = client.payments(everything).await?;
    let named = |one: &&PaymentRecord| one.payment_id == id || one.key.as_deref() == Some(id);
    match payments.iter().find(named) {
        Some(one) => print(&format!("{:#}", json!(one))),
        None => Err(Failure::other(format!(
            "{id:?} is not in the journal of this wallet home; `blockrun payments list` shows what is"
        ))),
    }
}

async fn reconcile(client: &LLMClient) -> Result<(), Failure> {
    let found = client.reconcile().await?;
    print(&format!(
        "{} open: {} paid, {} freed, {} still unknown",
        found.open, found.paid, found.freed, found.unknown
    ))
}

fn csv(payments: &[PaymentRecord]) -> Result<(), Failure> {
    print(
        "payment_id,state,created_at,method,url,model,network,amount_usdc,payee,nonce,valid_before,\
         transaction",
    )?;
    for one in payments {
        let valid_before = one.valid_before.map(|at| at.to_string()).unwrap_or_default();
        let fields = [
            one.payment_id.as_str(),
            one.state.name(),
            &one.created_at.to_string(),
            &one.method,
            &one.url,
            one.model.as_deref().unwrap_or_default(),
            &one.network,
            &one.amount.to_string(),
            &one.payee,
            &one.nonce,
            &valid_before,
            one.transaction.as_deref().unwrap_or_default(),
        ];
        print(&fields.map(quoted).join(","))?;
    }
    Ok(())
}

fn state(text: &str) -> Result<RecordState, String> {
    RecordState::from_name(text).ok_or_else(|| {
        let known = RecordState::ALL.map(RecordState::name).join(", ");
        format!("{text:?} is not one of {known}")
    })
}
