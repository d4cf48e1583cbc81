//! Answers of the core as Python takes them: the body as text, and beside it as JSON what the
//! client knows about it.

use blockrun_llm::{
    ChatResponse, ImageResponse, ToolResult,
    chat::ServerFallback,
    http::{PaidResponse, Receipt},
};
use pyo3::prelude::*;
use serde::Serialize;

use crate::convert::to_json;

/// What is known beside the body; `_types.Paid` reads it.
#[derive(Serialize)]
pub(crate) struct About<'a> {
    pub(crate) receipt: Option<&'a Receipt>,
    pub(crate) fallback: Option<&'a ServerFallback>,
    pub(crate) billed_to_account: bool,
}

impl About<'_> {
    /// As JSON; `None` when there is nothing to tell.
    pub(crate) fn text(&self) -> PyResult<Option<String>> {
        let silent = self.receipt.is_none() && self.fallback.is_none() && !self.billed_to_account;
        (!silent).then(|| to_json(self)).transpose()
    }
}

/// Body, and what is known about it.
pub(crate) type Told = (String, Option<String>);

pub(crate) fn chat_answer(response: &ChatResponse) -> PyResult<Told> {
    let ChatResponse { raw, receipt, fallback, billed_to_account, .. } = response;
    let (receipt, fallback) = (receipt.as_ref(), fallback.as_ref());
    let about = About { receipt, fallback, billed_to_account: *billed_to_account };
    Ok((raw.clone(), about.text()?))
}

pub(crate) fn image_answer(response: &ImageResponse) -> PyResult<Told> {
    let ImageResponse { raw, receipt, billed_to_account, .. } = response;
    let about =
        About { receipt: receipt.as_ref(), fallback: None, billed_to_account: *billed_to_account };
    Ok((raw.clone(), about.text()?))
}

pub(crate) fn tool_answer(result: &ToolResult) -> PyResult<Told> {
    let about =
        About { receipt: result.receipt.as_ref(), fallback: None, billed_to_account: false };
    Ok((result.json.clone(), about.text()?))
}

/// Names and values of headers.
pub(crate) type Headers = Vec<(String, String)>;

pub(crate) fn headers<'a>(
    map: impl IntoIterator<Item = (impl AsRef<str>, &'a (impl AsRef<[u8]> + 'a))>,
) -> Headers {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    map.into_iter().map(|(name, value)| (name.as_ref().to_owned(), text(value.as_ref()))).collect()
}

/// Status, headers and body, and what is known about them.
pub(crate) fn whole_answer(
    response: &PaidResponse,
    account: bool,
) -> PyResult<(u16, Headers, Vec<u8>, Option<String>)> {
    let PaidResponse { status, headers: map, body, receipt } = response;
    let fallback = ServerFallback::from_headers(map);
    let about = About {
        receipt: receipt.as_ref(),
        fallback: fallback.as_ref(),
        billed_to_account: account,
    };
    Ok((*status, headers(map), body.to_vec(), about.text()?))
}
