//! A picture, inline, written to a file.

#![allow(clippy::print_stdout, reason = "an example talks")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use blockrun_llm::{ClientOptions, ImageRequest, LLMClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = LLMClient::with_options(ClientOptions::default())?;
    let answer = client
        .image(&ImageRequest {
            model: Some("openai/dall-e-3".into()),
            response_format: Some("b64_json".into()),
            ..ImageRequest::new("A lighthouse at dusk")
        })
        .await?;
    let inline = answer.data.first().and_then(|image| image.b64_json.as_ref());
    let file = STANDARD.decode(inline.ok_or("no picture came")?)?;
    let path = std::env::temp_dir().join("lighthouse.png");
    std::fs::write(&path, &file)?;
    println!("{} bytes in {}\n{} USDC", file.len(), path.display(), answer.cost());
    Ok(())
}
