//! One question, one answer.

use blockrun_llm::{ChatRequest, ChatResponse, LLMClient};
use serde_json::{Value, json};

use super::{ChatArguments, Question, paper::Paper, talk};
use crate::{
    client::ClientArguments,
    output::{Failure, print, stoppable},
    receipt::Told,
};

/// Asks, pays and prints: the answer to standard output, the payment to standard error.
pub(crate) async fn run(arguments: ChatArguments, client: ClientArguments) -> Result<(), Failure> {
    if arguments.is_conversation() {
        return talk::run(arguments.question, client).await;
    }
    let (streams, json) = (arguments.streams(), arguments.question.json);
    let request = arguments.question.request()?;
    let client = client.client()?;
    stoppable(Box::pin(async {
        let response = match streams {
            true => streamed(&client, &request).await?,
            false => client.chat_completion(&request).await?,
        };
        match (json, streams) {
            (true, _) => return print(&whole(&response).to_string()),
            (false, true) => {}
            (false, false) => printed(&response)?,
        }
        receipt(&response).tell(&client)
    }))
    .await
}

/// Prints the price of a call.
pub(crate) async fn quote(question: Question, client: ClientArguments) -> Result<(), Failure> {
    let json = question.json;
    let request = question.request()?;
    let quote = client.looking()?.quote(&request).await?;
    if json {
        return print(&json!(quote).to_string());
    }
    print(&format!("{} USDC", quote.amount))
}

async fn streamed(client: &LLMClient, request: &ChatRequest) -> Result<ChatResponse, Failure> {
    let mut stream = client.chat_completion_stream(request)?;
    let mut paper = Paper::new();
    loop {
        match stream.next().await {
            Ok(Some(chunk)) => paper.put(&chunk.text())?,
            Ok(None) => break,
            Err(error) => {
                paper.end()?;
                return Err(error.into());
            }
        }
    }
    paper.end()?;
    Ok(stream.received())
}

fn printed(response: &ChatResponse) -> Result<(), Failure> {
    let mut paper = Paper::new();
    paper.put(&response.text())?;
    paper.end()
}

pub(super) fn receipt(response: &ChatResponse) -> Told<'_> {
    Told {
        model: Some(&response.model),
        cost: response.cost(),
        billed_to_account: response.billed_to_account,
        transaction: response.transaction(),
    }
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
