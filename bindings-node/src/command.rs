//! The command `blockrun`.

use napi_derive::napi;

/// Runs the command and returns its exit code. The first argument is the name of the program. It
/// holds this thread until it is done.
#[napi(catch_unwind)]
pub fn command(arguments: Vec<String>) -> u8 {
    blockrun_cli::run(arguments.into_iter().map(Into::into).collect())
}
