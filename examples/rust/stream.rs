//! A streamed answer, word by word, with what it cost. The key is read from `BLOCKRUN_WALLET_KEY`.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ChatRequest, ClientOptions, LLMClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let request = ChatRequest::new("Count to 5").system("Be brief.");
    let mut stream = client.chat_completion_stream(&request)?;
    while let Some(chunk) = stream.next().await? {
        print!("{}", chunk.text());
    }
    println!("\n{} USDC", stream.cost());
    Ok(())
}
