//! A name for what you buy: the same key gets the same answer again and never pays twice, in this
//! process or the next.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ChatRequest, ClientOptions, LLMClient, journal::PaymentFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let request = ChatRequest {
        idempotency_key: Some("invoice-17".into()),
        ..ChatRequest::new("Summarise invoice 17 in one line.")
    };
    let first = client.chat_completion(&request).await?;
    let second = client.chat_completion(&request).await?;
    assert_eq!(first.raw, second.raw);
    println!("{}", second.text());

    for payment in client.payments(PaymentFilter { own: true, ..Default::default() }).await? {
        println!("{} USDC  {}  {}", payment.amount, payment.state.name(), payment.payment_id);
    }
    Ok(())
}
