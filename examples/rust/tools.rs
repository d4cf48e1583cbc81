//! A model that calls a function of yours and answers with its result. Two calls, each paid once.

#![allow(clippy::print_stdout, reason = "an example talks")]

use blockrun_llm::{ChatRequest, ClientOptions, LLMClient};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let weather = json!([{"type": "function", "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }}]);
    let mut request = ChatRequest {
        tools: Some(weather),
        tool_choice: Some("required".into()),
        ..ChatRequest::new("What is the weather in Lisbon?")
    };
    let asked = client.chat_completion(&request).await?;
    let message = serde_json::to_value(&asked.choices[0].message)?;
    let call = &message["tool_calls"][0];
    println!("the model calls {}", call["function"]);

    let result =
        json!({"role": "tool", "tool_call_id": call["id"], "content": "18 degrees, windy"});
    request.messages.extend([message.clone(), result]);
    request.tool_choice = Some(Value::from("none"));
    let answer = client.chat_completion(&request).await?;
    println!("{}\n{} USDC", answer.text(), client.spending().await?.total);
    Ok(())
}
