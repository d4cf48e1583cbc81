//! The checks and helpers that are useful without a call: `blockrun_llm.validation` and
//! `blockrun_llm.types` stand on them.

use blockrun_llm::{ChatAccumulator, ChatChunk, policy, sse::ServerEvent, wallet::LocalKey};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    convert::{Arguments, to_json},
    errors::exception,
    requests::chat_request,
};

/// The account of a private key.
#[pyfunction]
pub(crate) fn address_of(py: Python<'_>, private_key: &str) -> PyResult<String> {
    let key = LocalKey::from_hex(private_key).map_err(|error| exception(py, &error))?;
    Ok(key.address().to_string())
}

/// Checks the address of a server.
#[pyfunction]
pub(crate) fn check_url(py: Python<'_>, field: &str, text: &str) -> PyResult<()> {
    policy::check_url(field, text).map(drop).map_err(|error| exception(py, &error))
}

/// Checks the arguments of a chat that names its model.
#[pyfunction]
pub(crate) fn check_chat(py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<()> {
    let request = chat_request(&Arguments(arguments))?;
    let model = request.model.clone().unwrap_or_default();
    request.to_body(&model).map(drop).map_err(|error| exception(py, &error))
}

/// Puts chunks together, in the form of a whole answer.
#[pyfunction]
pub(crate) fn accumulate(py: Python<'_>, chunks: Vec<String>) -> PyResult<String> {
    let mut whole = ChatAccumulator::default();
    for data in chunks {
        let event =
            ServerEvent { id: None, event: "message".to_owned(), data, raw: Default::default() };
        let chunk = ChatChunk::from_event(&event).map_err(|error| exception(py, &error))?;
        if let Some(chunk) = chunk {
            whole.push(&chunk);
        }
    }
    to_json(&whole.json())
}
