//! Signing, verifying and pricing without a network: `blockrun_llm.offline` stands on it.

use std::str::FromStr;

use blockrun_llm::{
    Error, Usdc,
    offline::{self, InvalidReason, Verified},
    policy::Policy,
    quote::{PriceRule, Rates},
    wallet::{Address, B256, LocalKey},
    x402::{Challenge, Requirement, Version},
};
use pyo3::{prelude::*, types::PyDict};
use serde::Serialize;
use url::Url;

use crate::{
    convert::{Arguments, from_json, invalid, to_json},
    errors::exception,
};

/// A signed authorization with every intermediate value, as JSON.
#[pyfunction]
pub(crate) fn sign_authorization(
    py: Python<'_>,
    private_key: &str,
    network: &str,
    authorization: &str,
) -> PyResult<String> {
    let authorization = from_json("authorization", authorization)?;
    let signed = LocalKey::from_hex(private_key)
        .and_then(|key| offline::sign_authorization(&key, network, &authorization));
    to_json(&raised(py, signed)?)
}

/// The account that signed an authorization.
#[pyfunction]
pub(crate) fn recover_signer(
    py: Python<'_>,
    network: &str,
    authorization: &str,
    signature: &str,
) -> PyResult<String> {
    let authorization = from_json("authorization", authorization)?;
    let signer = offline::recover_signer(network, &authorization, signature);
    Ok(raised(py, signer)?.to_string())
}

/// The nonce of a call.
#[pyfunction]
pub(crate) fn nonce(
    py: Python<'_>,
    wallet: &str,
    key: &str,
    method: &str,
    url: &str,
) -> PyResult<String> {
    let wallet = hex::<Address>("wallet", wallet, "an address of 20 bytes in hex")?;
    Ok(raised(py, offline::call_nonce(wallet, key, method, url))?.to_string())
}

/// The public id of the call with a nonce.
#[pyfunction]
pub(crate) fn payment_id(nonce: &str) -> PyResult<String> {
    Ok(offline::payment_id(&read_nonce(nonce)?))
}

/// The payment header that answers a 402, as JSON.
#[pyfunction]
pub(crate) fn sign_payment(
    py: Python<'_>,
    private_key: &str,
    challenge: &str,
    arguments: &Bound<'_, PyDict>,
) -> PyResult<String> {
    let arguments = Arguments(arguments);
    let url = arguments.required("url", Arguments::text)?;
    let url = Url::parse(&url).map_err(|cause| invalid("url", &format!("{url:?}: {cause}")))?;
    let now = arguments.required("now", Arguments::count)?;
    let nonce = read_nonce(&arguments.required("nonce", Arguments::text)?)?;
    let mut policy = Policy::default();
    if let Some(limit) = arguments.dollars("max_cost_per_call")? {
        policy.max_cost_per_call = limit;
    }
    let key = raised(py, LocalKey::from_hex(private_key))?;
    let challenge = raised(py, Challenge::from_text(challenge))?;
    to_json(&raised(py, offline::sign_payment(&key, &challenge, &policy, &url, now, nonce))?)
}

/// What a payment header is worth against an offered requirement, as JSON.
#[pyfunction]
pub(crate) fn verify_payment(
    header_value: &str,
    requirement: &str,
    arguments: &Bound<'_, PyDict>,
) -> PyResult<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Verdict {
        Valid(Verified),
        Invalid(InvalidReason),
    }

    let arguments = Arguments(arguments);
    let now = arguments.required("now", Arguments::count)?;
    let version = arguments.required("version", Arguments::count)?;
    let version = Version::from_number(version)
        .ok_or_else(|| invalid("version", &format!("{version} is not 1 or 2")))?;
    let offered = Requirement::from_raw(version, from_json("requirement", requirement)?);
    let verified = offline::verify_payment(header_value, &offered, now);
    to_json(&verified.map_or_else(Verdict::Invalid, Verdict::Valid))
}

/// The price of a chat request by rule `q1`, as JSON.
#[pyfunction]
pub(crate) fn quote_chat(
    py: Python<'_>,
    body: &str,
    arguments: &Bound<'_, PyDict>,
) -> PyResult<String> {
    let count = |name| Arguments(arguments).required(name, Arguments::count);
    let small = |name| {
        let number = count(name)?;
        u32::try_from(number).map_err(|_| invalid(name, &format!("{number} is out of range")))
    };
    let rule = PriceRule {
        margin_bps: small("margin_bps")?,
        floor: Usdc::from_micro(count("floor_micro")?.into()),
        output_permille: small("output_permille")?,
        image_tokens: count("image_tokens")?,
    };
    let rates = Rates { input: count("input_rate")?, output: count("output_rate")? };
    to_json(&raised(py, rule.chat(body, rates, count("max_output")?))?)
}

/// A JSON text in its canonical form.
#[pyfunction]
pub(crate) fn canonical_json(py: Python<'_>, text: &str) -> PyResult<String> {
    raised(py, blockrun_llm::canonical_json(text))
}

fn raised<T>(py: Python<'_>, result: blockrun_llm::Result<T>) -> PyResult<T> {
    result.map_err(|error: Error| exception(py, &error))
}

fn read_nonce(text: &str) -> PyResult<B256> {
    hex("nonce", text, "32 bytes in hex")
}

fn hex<T: FromStr>(name: &str, text: &str, wanted: &str) -> PyResult<T> {
    text.parse().map_err(|_| invalid(name, &format!("{text:?} is not {wanted}")))
}
