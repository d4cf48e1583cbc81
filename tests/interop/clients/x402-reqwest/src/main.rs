//! One purchase with x402-reqwest, as its documentation uses it; it speaks both versions of x402.

use std::{env::var, error::Error, sync::Arc};

use alloy_signer_local::PrivateKeySigner;
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Client;
use serde_json::{Value, json};
use x402_chain_eip155::{V1Eip155ExactClient, V2Eip155ExactClient};
use x402_reqwest::{ReqwestWithPayments, ReqwestWithPaymentsBuild, X402Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let signer: Arc<PrivateKeySigner> = Arc::new(var("BLOCKRUN_WALLET_KEY")?.parse()?);
    let x402_client = X402Client::new()
        .register(V1Eip155ExactClient::new(signer.clone()))
        .register(V2Eip155ExactClient::new(signer));
    let http_client = Client::new().with_payments(x402_client).build();
    let url = var("BLOCKRUN_API_URL")? + "/v1/chat/completions";
    let body = json!({
        "model": "openai/gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hello!"}],
    });
    let response = http_client.post(url).json(&body).send().await?.error_for_status()?;
    let receipt = ["payment-response", "x-payment-response"]
        .iter()
        .find_map(|name| response.headers().get(*name))
        .ok_or("no receipt")?;
    let receipt: Value = serde_json::from_slice(&BASE64_STANDARD.decode(receipt)?)?;
    let answer: Value = response.json().await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    println!("reply       {}", text(&answer["choices"][0]["message"]["content"]));
    println!("transaction {}", text(&receipt["transaction"]));
    Ok(())
}
