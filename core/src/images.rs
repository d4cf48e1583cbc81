//! Images in OpenAI's form: the request with its checks, the response without loss.

mod request;
mod response;

pub use request::{DEFAULT_IMAGE_MODEL, DEFAULT_IMAGE_SIZE, ImageRequest};
pub use response::{ImageData, ImageResponse};
