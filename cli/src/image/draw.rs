//! Asks for a picture, pays, and brings it home.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use blockrun_llm::{
    ApiRequest, Error, ErrorKind, ImageRequest, ImageResponse, PaymentState, error::Proof,
    images::ImageData,
};
use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use url::Url;

use super::target::Target;
use crate::{
    client::ClientArguments,
    output::{Failure, print, stoppable},
    receipt::Told,
};

/// Have a picture made, pay for it, write it to a file.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    /// What to draw.
    prompt: String,
    /// Model to ask [default: google/nano-banana].
    #[arg(short, long)]
    model: Option<String>,
    /// Width and height in pixels, or a word that the model knows [default: 1024x1024].
    #[arg(long, value_name = "WxH")]
    size: Option<String>,
    /// Quality that the model knows, such as standard, hd, low, high.
    #[arg(long)]
    quality: Option<String>,
    /// File to write [default: image.png, or the first free image-2.png, image-3.png, ...].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "output")]
    force: bool,
    /// Idempotency key: the same key is paid at most once, and asked again gets its picture again.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON, the whole response with its payment, and write no file.
    #[arg(long, conflicts_with_all = ["output", "force"])]
    json: bool,
}

/// Prints the name of the file to standard output, the payment to standard error.
pub(crate) async fn run(arguments: ImageArguments, client: ClientArguments) -> Result<(), Failure> {
    // What would stand in the way of writing it is found before anything is paid.
    let target = match arguments.json {
        true => None,
        false => Some(Target::new(arguments.output, arguments.force)?),
    };
    let request = ImageRequest {
        model: arguments.model,
        size: arguments.size,
        quality: arguments.quality,
        idempotency_key: arguments.key,
        ..ImageRequest::new(arguments.prompt)
    };
    let payer = client.clone().client()?;
    stoppable(Box::pin(async {
        let response = payer.image(&request).await?;
        let Some(target) = target else { return print(&whole(&response).to_string()) };
        let written = match brought(&response, client).await {
            Ok(picture) => target.write(&picture),
            Err(failure) => Err(failure),
        };
        let told = Told {
            model: Some(request.model()),
            cost: response.cost(),
            billed_to_account: response.billed_to_account,
            transaction: response.transaction(),
        };
        told.tell(&payer)?;
        print(&written?.display().to_string())
    }))
    .await
}

/// The picture, from the answer itself or from where the answer says it is.
async fn brought(response: &ImageResponse, client: ClientArguments) -> Result<Bytes, Failure> {
    let first = response.data.first();
    match first {
        Some(ImageData { b64_json: Some(text), .. }) => decoded(text),
        Some(ImageData { url: Some(url), .. }) => match url.strip_prefix("data:") {
            Some(data) => decoded(data.split_once("base64,").map_or("", |(_, text)| text)),
            None => fetched(url, client).await.map_err(|failure| {
                Failure::other(format!(
                    "the picture is paid for and could not be fetched: {}\nblockrun: it is at {url}",
                    failure.message()
                ))
            }),
        },
        _ => Err(surprise(response, "the answer holds no picture")),
    }
}

fn decoded(text: &str) -> Result<Bytes, Failure> {
    let picture = STANDARD.decode(text).ok().filter(|picture| !picture.is_empty());
    picture.map(Bytes::from).ok_or_else(|| {
        Failure::other(
            "the picture is paid for and is not readable as base64; --json shows the answer",
        )
    })
}

/// Whoever keeps the picture is asked by somebody who cannot pay.
async fn fetched(url: &str, client: ClientArguments) -> Result<Bytes, Failure> {
    let mut origin: Url =
        url.parse().map_err(|cause| Failure::other(format!("{url:?}: {cause}")))?;
    let request = ApiRequest {
        query: origin.query_pairs().into_owned().collect(),
        ..ApiRequest::get(origin.path())
    };
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    let watching = client.of_server(origin.into()).watching()?;
    Ok(watching.request(&request).await?.body)
}

fn surprise(response: &ImageResponse, problem: &str) -> Failure {
    let paid = PaymentState::Charged {
        amount: response.cost(),
        transaction: response.transaction().map(str::to_owned),
        proof: Proof::Server,
    };
    Error::new(ErrorKind::Api, problem).with_payment(paid).into()
}

/// The response as received, with the payment beside it.
fn whole(response: &ImageResponse) -> Value {
    let body: Value =
        serde_json::from_str(&response.raw).unwrap_or_else(|_| response.raw.clone().into());
    json!({
        "response": body,
        "cost_micro": response.cost(),
        "transaction": response.transaction(),
    })
}
