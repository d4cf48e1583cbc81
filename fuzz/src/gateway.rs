//! What buyers ask a gateway. Only the gateway's targets and its tests have this file.

use blockrun_gateway::{ChatRequest, ImageRequest};
use blockrun_llm::quote::{PriceRule, Rates};
use serde_json::{Map, Value};

/// What must hold of any bytes.
pub type Check = fn(&[u8]);

/// Every check with the name of its target and of its folder in the corpus.
pub const CHECKS: [(&str, Check); 2] =
    [("gateway_chat_request", chat_request), ("gateway_image_request", image_request)];

/// A body that passes for a chat is within all bounds, has a price, and means the same once more.
pub fn chat_request(input: &[u8]) {
    let chat = match ChatRequest::parse(input) {
        Ok(chat) => chat,
        Err(invalid) => return assert!(!invalid.param.is_empty() && !invalid.message.is_empty()),
    };
    assert!((1..=8).contains(&chat.choices) && chat.stop.len() <= 4 && !chat.model.is_empty());
    assert!(chat.max_tokens != Some(0) && !chat.messages().is_empty());
    for role in ["user", "assistant", "tool"] {
        let _ = (chat.last_text(role), chat.last_images(role));
    }
    let text = std::str::from_utf8(input).expect("what was read is UTF-8");
    let (free, rates) = (Rates { input: 0, output: 0 }, Rates { input: 150_000, output: 600_000 });
    let rule = PriceRule::default();
    if let Ok(price) = rule.chat(text, rates, 16_384) {
        assert!(price.amount >= rule.floor && price.output_tokens <= 8 * 16_384);
        assert_eq!(rule.chat(text, free, 16_384).expect("a price").amount, rule.floor);
    }
    let again = ChatRequest::parse(&written(&chat.json)).expect("what was read can be read again");
    assert_eq!(
        (again.max_tokens, again.tools, again.format),
        (chat.max_tokens, chat.tools, chat.format)
    );
}

/// The same of pictures.
pub fn image_request(input: &[u8]) {
    let image = match ImageRequest::parse(input) {
        Ok(image) => image,
        Err(invalid) => return assert!(!invalid.param.is_empty() && !invalid.message.is_empty()),
    };
    assert!((1..=10).contains(&image.count) && image.prompt.chars().count() <= 4_000);
    let again =
        ImageRequest::parse(&written(&image.json)).expect("what was read can be read again");
    assert_eq!((again.prompt, again.size, again.count), (image.prompt, image.size, image.count));
}

fn written(json: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(json).expect("what was read can be written")
}
