//! `blockrun discover` and `blockrun fetch`: what can be bought elsewhere, and buying it.

use std::io::Read;

use blockrun_llm::{ApiRequest, DiscoverOptions, Resource, Usdc};
use bytes::Bytes;
use clap::Args;
use http::Method;
use serde_json::json;
use url::Url;

use crate::{
    client::ClientArguments,
    output::{Failure, print, remark, stoppable, write},
    terminal::plain,
};

/// Find what can be bought: the paid resources that a server lists. Pays nothing.
#[derive(Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// Words that must all be in address, description, service name or tags.
    query: Vec<String>,
    /// Server that lists resources: a gateway, a facilitator, a catalog [default: the endpoint].
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Only what can be paid on this network, such as eip155:8453 or base.
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    /// Only what is offered for at most so many dollars.
    #[arg(long, value_name = "USDC")]
    max_price: Option<Usdc>,
    /// Most results.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print JSON: all that is known of each.
    #[arg(long)]
    json: bool,
}

/// Send a request to any address, pay when it asks and the limits allow, print the answer.
#[derive(Debug, Args)]
pub(crate) struct FetchArguments {
    /// Address: https, or http to this machine.
    url: String,
    /// JSON body; `-` reads it from standard input.
    #[arg(short, long, value_name = "JSON")]
    data: Option<String>,
    /// HTTP method [default: POST with a body, else GET].
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<Method>,
    /// Idempotency key: the same key is paid at most once, and asked again gets its answer again.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Prints a line for each resource, or JSON.
pub(crate) async fn discover(
    arguments: DiscoverArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let options = DiscoverOptions {
        url: arguments.from,
        query: Some(arguments.query.join(" ")),
        network: arguments.network.clone(),
        max_price: arguments.max_price,
        limit: Some(arguments.limit),
        ..DiscoverOptions::default()
    };
    let found = client.looking()?.discover(&options).await?;
    if arguments.json {
        return print(&json!(found).to_string());
    }
    for resource in &found {
        print(&line(resource, arguments.network.as_deref()))?;
    }
    if found.is_empty() { remark("nothing was found") } else { Ok(()) }
}

fn line(resource: &Resource, network: Option<&str>) -> String {
    let method = resource.method.as_deref().unwrap_or("-");
    let price = resource.price(network).map_or_else(|| "?".to_owned(), |usdc| format!("${usdc}"));
    let text = resource.description.as_deref().unwrap_or_default();
    plain(&format!("{method:<5} {}  from {price}  {text}", resource.url)).into_owned()
}

/// Prints the answer to standard output, the payment to standard error.
pub(crate) async fn fetch(
    arguments: FetchArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let url: Url = arguments
        .url
        .parse()
        .map_err(|cause| Failure::usage(format!("{}: {cause}", arguments.url)))?;
    let body = arguments.data.map(body).transpose()?.unwrap_or_default();
    let usual = if body.is_empty() { Method::GET } else { Method::POST };
    let request = ApiRequest {
        query: url.query_pairs().into_owned().collect(),
        body,
        idempotency_key: arguments.key,
        ..ApiRequest::new(arguments.method.unwrap_or(usual), url.path())
    };
    // Whoever names an address here names the server that may be paid.
    let mut origin = url;
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    let client = client.of_server(origin.into()).client()?;
    let answer = stoppable(Box::pin(async { Ok(client.request(&request).await?) })).await?;
    write(&answer.body)?;
    let Some(receipt) = answer.receipt else { return remark("price        free") };
    remark(&format!("price        {} USDC", receipt.amount))?;
    remark(&format!("transaction  {}", receipt.transaction.as_deref().unwrap_or("none")))
}

fn body(text: String) -> Result<Bytes, Failure> {
    if text != "-" {
        return Ok(text.into());
    }
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body);
    read.map_err(|cause| Failure::other(format!("standard input could not be read: {cause}")))?;
    Ok(body.into())
}
