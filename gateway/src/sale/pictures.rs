//! The answer to a request for pictures.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    app::{App, now},
    images::Delivery,
    provider::{DrawCall, Picture, Provider, ProviderError},
};

/// Has the pictures drawn and packs them as OpenAI does.
pub(super) async fn answer(
    app: &App,
    provider: &dyn Provider,
    call: &DrawCall,
    delivery: Delivery,
    origin: &str,
) -> Result<Bytes, ProviderError> {
    let pictures = provider.draw(call).await?;
    let mut data = match delivery {
        Delivery::Base64 => in_base64(&pictures),
        Delivery::Url => as_links(app, &pictures, origin).await?,
    };
    for (row, picture) in data.iter_mut().zip(&pictures) {
        if let Some(prompt) = &picture.revised_prompt {
            row["revised_prompt"] = prompt.as_str().into();
        }
    }
    let body = json!({
        "created": now(),
        "data": data,
        "model": call.request.model,
        "output_format": "png",
        "quality": call.quality,
        "size": call.size.to_string(),
    });
    Ok(Bytes::from(body.to_string()))
}

fn in_base64(pictures: &[Picture]) -> Vec<Value> {
    pictures.iter().map(|picture| json!({ "b64_json": STANDARD.encode(&picture.png) })).collect()
}

async fn as_links(
    app: &App,
    pictures: &[Picture],
    origin: &str,
) -> Result<Vec<Value>, ProviderError> {
    let pngs: Vec<_> = pictures.iter().map(|picture| picture.png.clone()).collect();
    let shown = app.gallery.show(&app.store, &pngs).await;
    let shown = shown.map_err(|error| {
        tracing::error!(%error, "pictures could not be kept");
        ProviderError::failed("the pictures could not be kept")
    })?;
    let Some(names) = shown else {
        let message = "there is no room to serve more pictures by URL; ask again later, or for \
                       response_format b64_json";
        return Err(ProviderError::failed(message));
    };
    let link = |name| json!({ "url": format!("{origin}/api/v1/images/{name}.png") });
    Ok(names.into_iter().map(link).collect())
}
