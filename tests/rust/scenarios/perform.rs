//! Makes a call of a file through the public API.

use blockrun_llm::{ChatRequest, LLMClient, Result};
use conformance::Call;
use serde_json::{Value, json};

use crate::{arguments, outcome};

/// Makes a call and says what its caller saw.
pub(crate) async fn perform(client: &LLMClient, call: &Call) -> Value {
    if call.method == "chat_completion_stream" {
        return read(client, &arguments::chat(&call.arguments), call.read).await;
    }
    assert_eq!(call.read, None, "only a stream can be left early");
    answered(client, call).await.unwrap_or_else(|error| outcome::failure(&error))
}

async fn answered(client: &LLMClient, call: &Call) -> Result<Value> {
    let arguments = &call.arguments;
    Ok(match call.method.as_str() {
        "chat" => {
            // Options go with the form that has room for them.
            let request = arguments::chat(arguments);
            let text = match arguments.len() {
                1 => client.chat(arguments::text(&arguments["prompt"])).await?,
                _ => client.chat_completion(&request).await?.text(),
            };
            json!({"text": text})
        }
        "chat_completion" => {
            outcome::chat(&client.chat_completion(&arguments::chat(arguments)).await?)
        }
        "image" => outcome::image(&client.image(&arguments::image(arguments)).await?),
        "request" => outcome::whole(&client.request(&arguments::api(arguments)).await?),
        "request_at" => {
            let url = arguments::address(&arguments["url"], client.api_url());
            outcome::whole(&client.request_at(&url, arguments::api(arguments)).await?)
        }
        "discover" => {
            let options = arguments::discover(arguments, client.api_url());
            outcome::found(&client.discover(&options).await?, options.network.as_deref())
        }
        "poll" => {
            let (request, options) = (arguments::api(arguments), arguments::poll(arguments));
            outcome::whole(&client.poll(&request, options).await?)
        }
        "quote" => {
            let quote = client.quote(&arguments::chat(arguments)).await?;
            json!({"amount_micro": outcome::micro(quote.amount)})
        }
        "balance" => json!({"amount_micro": outcome::micro(client.balance(None).await?)}),
        "list_models" => json!({"json": client.list_models().await?}),
        "list_image_models" => json!({"json": client.list_image_models().await?}),
        "spending" => {
            let spending = client.spending().await?;
            json!({"amount_micro": outcome::micro(spending.total), "json": {"calls": spending.calls}})
        }
        other => panic!("no method {other:?}"),
    })
}

/// Reads a stream, to its end or so many chunks of it.
async fn read(client: &LLMClient, request: &ChatRequest, most: Option<usize>) -> Value {
    let mut stream = match client.chat_completion_stream(request) {
        Ok(stream) => stream,
        Err(error) => return outcome::failure(&error),
    };
    let (mut chunks, mut ended) = (Vec::new(), Ok(()));
    while most.is_none_or(|most| chunks.len() < most) {
        match stream.next().await {
            Ok(Some(chunk)) => chunks.push(chunk),
            Ok(None) => break,
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    outcome::stream(&stream, &chunks, ended)
}
