//! An endpoint that has no method of its own, paid for like any other.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ApiRequest, ClientOptions, LLMClient};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let body =
        json!({"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]});
    let answer = client.request(&ApiRequest::post("/v1/chat/completions", &body)).await?;
    let json: Value = serde_json::from_slice(&answer.body)?;
    println!("{}", json["choices"][0]["message"]["content"]);
    println!("{} USDC", answer.receipt.ok_or("the call was free")?.amount);
    Ok(())
}
