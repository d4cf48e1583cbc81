//! The native half of the Python package `blockrun_llm`.
//!
//! Only translation: Python values in, one call into the core, Python values out. Free-form JSON
//! crosses as text. What users see (signatures, types, exception classes) is written in Python,
//! in `python/blockrun_llm`; nothing here is meant to be imported by them.

mod answer_stream;
mod answers;
mod call;
mod chat_stream;
mod checks;
mod client;
mod command;
mod convert;
mod errors;
mod mail;
mod offline;
mod owned;
mod questions;
mod ready;
mod requests;
mod runtime;
mod wallet;

#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::offline::{
        canonical_json, nonce, payment_id, quote_chat, recover_signer, sign_authorization,
        sign_payment, verify_payment,
    };
    #[pymodule_export]
    use super::{
        answer_stream::AnswerStream,
        call::Call,
        chat_stream::ChatStream,
        checks::{accumulate, address_of, check_chat, check_url},
        client::Client,
        command::command,
        questions::Question,
        wallet::{Home, discovered, ensure_wallet, funding_on_base},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let leave = wrap_pyfunction!(super::runtime::leave_interpreter, module)?;
        module.py().import("atexit")?.call_method1("register", (leave,))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
