//! `blockrun gateway doctor`.

use blockrun_gateway::{Health, examine};
use clap::Args;

use super::serve::ServeArguments;
use crate::output::{Failure, print};

/// Looks at what a gateway with these options would need, and says what to fix. Sells nothing; opens the
/// database of a stopped gateway as a start would. Ends with 1 when it would not work.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    serve: ServeArguments,
}

/// Prints a line for each finding.
pub(crate) async fn run(arguments: DoctorArguments) -> Result<(), Failure> {
    let findings = examine(&arguments.serve.config()?).await;
    for finding in &findings {
        let mark = match finding.health {
            Health::Good => "ok  ",
            Health::Doubtful => "look",
            Health::Bad => "FIX ",
        };
        print(&format!("{mark}  {}: {}", finding.subject, finding.says))?;
    }
    let bad = findings.iter().filter(|finding| finding.health == Health::Bad).count();
    match bad {
        0 => Ok(()),
        1 => Err(Failure::other("1 thing has to be fixed")),
        bad => Err(Failure::other(format!("{bad} things have to be fixed"))),
    }
}
