//! What the guide says in Rust, in the order of its pages; the tests compare the two.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ChatRequest, ClientOptions, DiscoverOptions, LLMClient};
use serde_json::json;

/// The key of the first account of every test chain.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    readme().await?;
    let client = first_call().await?;
    streaming(&client).await?;
    what_others_sell(&client).await
}

async fn readme() -> Result<(), Box<dyn std::error::Error>> {
    let client = blockrun_llm::LLMClient::new(KEY)?;
    let response = client.chat("Hello!").await?;
    println!("{response}");
    Ok(())
}

async fn first_call() -> Result<LLMClient, Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    println!("{}", client.chat("Hello!").await?);
    Ok(client)
}

async fn streaming(client: &LLMClient) -> Result<(), Box<dyn std::error::Error>> {
    let mut stream = client.chat_completion_stream(&ChatRequest::new("Count to 20"))?;
    while let Some(chunk) = stream.next().await? {
        print!("{}", chunk.text());
    }
    println!();
    Ok(())
}

async fn what_others_sell(client: &LLMClient) -> Result<(), Box<dyn std::error::Error>> {
    let options = DiscoverOptions { query: Some("weather".into()), ..DiscoverOptions::default() };
    for found in client.discover(&options).await? {
        let request = found.request(Some(&json!({"city": "Oslo"})))?;
        let answer = client.at(&found.url)?.request(&request).await?;
        println!("{}", answer.status);
    }
    Ok(())
}
