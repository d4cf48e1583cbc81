//! `blockrun chat` and `blockrun quote`.

use std::io::Read;

use blockrun_llm::{ChatRequest, ChatResponse};
use serde_json::{Value, json};

use crate::{
    args::ChatArguments,
    client::ClientArguments,
    output::{Failure, print, remark},
};

/// Asks, pays and prints: the answer to standard output, the payment to standard error.
pub(crate) async fn run(arguments: ChatArguments, client: ClientArguments) -> Result<(), Failure> {
    let client = client.client()?;
    let json = arguments.json;
    let response = client.chat_completion(&request(arguments)?).await?;
    if json {
        return print(&whole(&response).to_string());
    }
    print(&response.text())?;
    remark(&format!("model        {}", response.model))?;
    remark(&format!("price        {} USDC", response.cost()))?;
    remark(&format!("transaction  {}", response.transaction().unwrap_or("none")))
}

/// Prints the price of a call.
pub(crate) async fn quote(
    arguments: ChatArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let client = client.client()?;
    let json = arguments.json;
    let quote = client.quote(&request(arguments)?).await?;
    if json {
        return print(&json!(quote).to_string());
    }
    print(&format!("{} USDC", quote.amount))
}

fn request(arguments: ChatArguments) -> Result<ChatRequest, Failure> {
    let prompt = match arguments.prompt.as_str() {
        "-" => read_prompt()?,
        _ => arguments.prompt,
    };
    let mut request = ChatRequest::new(prompt);
    if let Some(system) = arguments.system {
        request = request.system(system);
    }
    request.model = arguments.model;
    request.max_tokens = arguments.max_tokens;
    request.idempotency_key = arguments.key;
    request.temperature = arguments.temperature;
    Ok(request)
}

fn read_prompt() -> Result<String, Failure> {
    let mut prompt = String::new();
    std::io::stdin()
        .read_to_string(&mut prompt)
        .map_err(|cause| Failure::other(format!("standard input could not be read: {cause}")))?;
    Ok(prompt.trim_end().to_owned())
}

/// The response as received, with the payment beside it.
fn whole(response: &ChatResponse) -> Value {
    let body: Value =
        serde_json::from_str(&response.raw).unwrap_or_else(|_| response.raw.clone().into());
    json!({
        "response": body,
        "cost_micro": response.cost(),
        "transaction": response.transaction(),
    })
}
