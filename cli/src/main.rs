//! The `blockrun` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    blockrun_cli::run(std::env::args_os().collect()).into()
}
