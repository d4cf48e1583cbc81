//! A picture as a PNG file.

use alloy::primitives::{B256, keccak256};
use bytes::Bytes;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use serde_json::json;

use super::pattern::Pattern;
use crate::provider::{DrawCall, Picture, ProviderError};

/// Who drew it, for whoever looks into the file.
const SOFTWARE: &str = "BlockRun practice provider";
const COMMENT: &str = "Practice: drawn by fixed rules from a hash of the request, not by a model.";

/// Draws the pictures of a call. The same request gets the same ones, byte for byte; each further
/// one is another.
pub(in crate::provider::practice) fn draw(call: &DrawCall) -> Result<Vec<Picture>, ProviderError> {
    let pictures = (0..call.request.count).map(|index| {
        let pattern = Pattern::new(seed(call, index), call.size, call.quality == "hd");
        let png = encode(&pattern).map_err(|error| ProviderError::failed(error.to_string()))?;
        Ok(Picture { png, revised_prompt: Some(call.request.prompt.clone()) })
    });
    pictures.collect()
}

/// What a picture follows from.
fn seed(call: &DrawCall, index: u64) -> B256 {
    let request = json!({
        "index": index,
        "model": call.model.id,
        "prompt": call.request.prompt,
        "quality": call.quality,
        "size": call.size.to_string(),
    });
    keccak256(request.to_string())
}

fn encode(pattern: &Pattern) -> Result<Bytes, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pattern.size.width, pattern.size.height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_palette(pattern.palette());
    encoder.add_text_chunk("Software".into(), SOFTWARE.into())?;
    encoder.add_text_chunk("Comment".into(), COMMENT.into())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pattern.pixels())?;
    writer.finish()?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, sync::Arc};

    use super::*;
    use crate::{catalog::Catalog, images::ImageRequest};

    fn drawn(prompt: &str, count: u64, quality: &str) -> Vec<Picture> {
        let body = json!({"model": "dall-e-3", "prompt": prompt, "n": count}).to_string();
        let request = ImageRequest::parse(body.as_bytes()).unwrap();
        let model = Arc::clone(Catalog::built_in().unwrap().get("dall-e-3").unwrap());
        let size = "200x100".parse().unwrap();
        let call = DrawCall { model, request: Arc::new(request), size, quality: quality.into() };
        draw(&call).unwrap()
    }

    #[test]
    fn the_file_is_a_png_of_that_size_that_says_what_it_is() {
        let picture = drawn("a red fox", 1, "standard").remove(0);
        let mut reader = png::Decoder::new(Cursor::new(picture.png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        reader.finish().unwrap();
        let info = reader.info();
        assert_eq!((info.width, info.height), (200, 100));
        let texts: Vec<_> = info.uncompressed_latin1_text.iter().map(|text| &text.text).collect();
        assert_eq!(texts, [SOFTWARE, COMMENT]);
    }

    #[test]
    fn it_follows_from_the_request() {
        let png = |prompt, quality| drawn(prompt, 1, quality).remove(0).png;
        assert_eq!(png("a", "hd"), png("a", "hd"));
        assert_ne!(png("a", "hd"), png("b", "hd"));
        assert_ne!(png("a", "hd"), png("a", "standard"));
        let two = drawn("a", 2, "hd");
        assert_ne!(two[0].png, two[1].png);
        assert_eq!(two[0].png, png("a", "hd"));
    }
}
