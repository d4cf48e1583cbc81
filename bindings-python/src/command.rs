//! The command `blockrun`.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command and returns its exit code. The first argument is the name of the program. It
/// holds this thread, without the GIL, until it is done.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| blockrun_cli::run(arguments))
}
