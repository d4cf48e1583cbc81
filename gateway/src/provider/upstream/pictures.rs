//! Pictures that an upstream drew, in base64 or behind a link.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use super::{failure::Failure, reading, server::Server};
use crate::{outgoing::is_loopback, provider::Picture};

/// How every PNG file begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Largest picture that is fetched.
const LARGEST: usize = 32 << 20;

/// The pictures of an answer; all of the `count` that were asked for.
pub(super) async fn unpack(
    server: &Server,
    answer: &Map<String, Value>,
    count: u64,
) -> Result<Vec<Picture>, Failure> {
    let rows = answer.get("data").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if u64::try_from(rows.len()) != Ok(count) {
        return Err(Failure::useless("the upstream drew another number of pictures"));
    }
    let mut pictures = Vec::with_capacity(rows.len());
    for row in rows {
        let png = file(server, row).await?;
        if !png.starts_with(PNG) {
            return Err(Failure::useless("the upstream's picture is no PNG file"));
        }
        let revised_prompt = row["revised_prompt"].as_str().map(str::to_owned);
        pictures.push(Picture { png, revised_prompt });
    }
    Ok(pictures)
}

async fn file(server: &Server, row: &Value) -> Result<Bytes, Failure> {
    if let Some(text) = row["b64_json"].as_str() {
        let decoded = STANDARD.decode(text).map(Bytes::from);
        return decoded.map_err(|_| Failure::useless("the upstream's picture is not base64"));
    }
    let url = row["url"].as_str().and_then(|url| url.parse().ok()).filter(may_be_fetched);
    let url = url.ok_or_else(|| Failure::useless("the upstream's picture has no usable link"))?;
    reading::body(server.fetch(url).await?, LARGEST).await
}

/// https; http only from this machine, where an upstream of this machine puts its pictures.
fn may_be_fetched(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}
