//! Images: what is asked and what is answered.

use std::time::{Duration, SystemTime};

use blockrun_llm::{ImageRequest, error::Result, images};

use crate::{
    answer::{Settlement, settlement},
    convert::{Count, members, time},
    money::Usdc,
};

/// Options of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ImageOptions {
    /// Model. Default `google/nano-banana`.
    #[uniffi(default)]
    pub model: Option<String>,
    /// Width and height in pixels, `1024x1024` by default, or a word that the model knows.
    #[uniffi(default)]
    pub size: Option<String>,
    /// Number of images, 1 to 10. Default 1. The price is per image.
    #[uniffi(default)]
    pub n: Option<Count>,
    /// Quality that the model knows: `standard`, `hd`, …
    #[uniffi(default)]
    pub quality: Option<String>,
    /// `url` or `b64_json`. Default: the server's choice.
    #[uniffi(default)]
    pub response_format: Option<String>,
    /// Further fields of the body: a JSON object. Those above go before them.
    #[uniffi(default)]
    pub extra: Option<String>,
    /// Total time of this call. Default: the client's.
    #[uniffi(default)]
    pub timeout: Option<Duration>,
    /// Names the call, as that of a chat does.
    #[uniffi(default)]
    pub idempotency_key: Option<String>,
}

impl ImageOptions {
    pub(crate) fn into_request(self, prompt: String) -> Result<ImageRequest> {
        let extra = self.extra.map(|text| members("extra", &text)).transpose()?;
        Ok(ImageRequest {
            model: self.model,
            size: self.size,
            n: self.n.map(|count| count.whole("n")).transpose()?,
            quality: self.quality,
            response_format: self.response_format,
            extra: extra.unwrap_or_default(),
            idempotency_key: self.idempotency_key,
            timeout: self.timeout,
            ..ImageRequest::new(prompt)
        })
    }
}

/// Images that were made, with what they cost.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImageResponse {
    /// When they were made.
    pub created: SystemTime,
    /// The images.
    pub data: Vec<ImageData>,
    /// What was paid; zero when nothing was asked.
    pub cost: Usdc,
    /// The transaction, where the server told it.
    pub transaction: Option<String>,
    /// What the server reported of the settlement.
    pub settlement: Option<Settlement>,
    /// Whether an account was billed, so that the cost is not known here.
    pub billed_to_account: bool,
    /// The body exactly as received.
    pub raw: String,
}

/// One image: an address, or the file itself.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImageData {
    /// Where it is; may be a `data:` URL, and may expire.
    pub url: Option<String>,
    /// The file in base64.
    pub b64_json: Option<String>,
    /// The prompt that the model made of the one given.
    pub revised_prompt: Option<String>,
}

impl From<images::ImageResponse> for ImageResponse {
    fn from(response: images::ImageResponse) -> Self {
        Self {
            created: time(response.created),
            cost: response.cost().into(),
            transaction: response.transaction().map(str::to_owned),
            data: response.data.into_iter().map(ImageData::from).collect(),
            settlement: response.receipt.and_then(settlement),
            billed_to_account: response.billed_to_account,
            raw: response.raw,
        }
    }
}

impl From<images::ImageData> for ImageData {
    fn from(image: images::ImageData) -> Self {
        Self { url: image.url, b64_json: image.b64_json, revised_prompt: image.revised_prompt }
    }
}
