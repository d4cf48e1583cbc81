//! An error of the core becomes an exception of `blockrun_llm._errors`, with all it says.
//!
//! The classes are written in Python: the stable ABI of Python 3.10 cannot make a subclass of an
//! exception in Rust, and classes in Python can be pickled.

use blockrun_llm::{
    Error, ErrorKind, PaymentState,
    error::{Limit, Rejection},
};
use pyo3::{exceptions::PyValueError, prelude::*, sync::PyOnceLock};
use serde::Serialize;

use crate::convert::to_json;

/// Everything that an error says; `_errors.from_native` reads it.
#[derive(Serialize)]
struct Facts<'a> {
    code: &'static str,
    message: String,
    retryable: bool,
    payment: &'a PaymentState,
    reason: Option<&'a str>,
    key: Option<&'a str>,
    status_code: Option<u16>,
    response: Option<&'a str>,
    retry_after: Option<u64>,
    rejection: Option<&'a Rejection>,
    limit: Option<&'a Limit>,
}

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

    if error.kind() == ErrorKind::InvalidArgument {
        return PyValueError::new_err(error.to_string());
    }
    let made = to_json(&Facts::of(error))
        .and_then(|facts| MAKE.import(py, "blockrun_llm._errors", "from_native")?.call1((facts,)));
    let exception = made.map_or_else(|failure| failure, PyErr::from_value);
    if let Some(raised) = std::error::Error::source(error).and_then(|it| it.downcast_ref::<PyErr>())
    {
        // Raised by the application's own callback.
        exception.set_cause(py, Some(raised.clone_ref(py)));
    }
    exception
}

impl<'a> Facts<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            code: error.kind().code(),
            message: error.to_string(),
            retryable: error.is_retryable(),
            payment: error.payment(),
            reason: error.reason(),
            key: error.key(),
            status_code: error.status(),
            response: error.response(),
            retry_after: error.retry_after().map(|delay| delay.as_secs()),
            rejection: error.rejection(),
            limit: error.limit(),
        }
    }
}
