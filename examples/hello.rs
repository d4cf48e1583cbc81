//! The shortest paid call in Rust. The key is read from `BLOCKRUN_WALLET_KEY`.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ClientOptions, LLMClient, journal::PaymentFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let response = client.chat("Hello!").await?;
    // Payment handled automatically via x402. What it cost:
    let own = PaymentFilter { own: true, ..PaymentFilter::default() };
    let payment = client.payments(own).await?.pop().ok_or("the call was free")?;

    println!("reply        {response}");
    println!("model        {}", payment.model.unwrap_or_default());
    println!("price        {:.6} USDC", payment.amount.dollars());
    println!("transaction  {}", payment.transaction.unwrap_or_default());
    Ok(())
}
