//! Limits: what a call may cost at most, and what to do when one refuses.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ChatRequest, ClientOptions, ErrorKind, LLMClient, Usdc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions {
        max_cost_per_call: Some("0.002".parse()?),
        max_session_cost: Some("0.05".parse()?),
        ..ClientOptions::default()
    })?;
    let long = ChatRequest { max_tokens: Some(100_000), ..ChatRequest::new("Write a novel.") };
    println!("a novel would cost {} USDC", client.quote(&long).await?.amount);
    match client.chat_completion(&long).await {
        Err(error) if error.kind() == ErrorKind::SpendLimit => println!("{error}"),
        other => println!("{}", other?.text()),
    }
    println!("{}", client.chat("Write one sentence.").await?);
    let spending = client.spending().await?;
    println!("{} calls, {} USDC", spending.calls, spending.total);
    assert!(spending.total < Usdc::from_micro(50_000));
    Ok(())
}
