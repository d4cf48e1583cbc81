//! `blockrun gateway`: the paid endpoint, and what whoever runs it needs beside it.

mod database;
mod doctor;
mod facilitator;
mod init;
mod log;
mod migrate;
mod revenue;
mod serve;

use clap::{Args, Subcommand};

use crate::output::Failure;

/// The paid endpoint. Practice mode has play money, a built-in model and needs no network.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct GatewayArguments {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    serve: serve::ServeArguments,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Look at what it needs, and say what to fix.
    Doctor(doctor::DoctorArguments),
    /// Write a settings file.
    Init(init::InitArguments),
    /// What was earned: by day, model, payer; as CSV or JSON.
    Revenue(revenue::RevenueArguments),
    /// Bring the tables of the database to this version, as a start does too.
    Migrate(migrate::MigrateArguments),
}

/// Runs the gateway, or the task that was named.
pub(crate) async fn run(arguments: GatewayArguments) -> Result<(), Failure> {
    match arguments.task {
        None => serve::run(arguments.serve).await,
        Some(Task::Doctor(doctor)) => doctor::run(doctor).await,
        Some(Task::Init(init)) => init::run(&init),
        Some(Task::Revenue(revenue)) => revenue::run(revenue).await,
        Some(Task::Migrate(migrate)) => migrate::run(migrate).await,
    }
}
