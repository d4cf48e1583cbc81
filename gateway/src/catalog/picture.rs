//! What an image model draws.

use std::{fmt, str::FromStr};

/// A kind of picture that a model draws, and its price.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureKind {
    /// Its size.
    pub size: PictureSize,
    /// Its quality, such as `standard` or `hd`.
    pub quality: String,
    /// Price of one, in micro-USDC.
    pub price: u64,
}

/// Width and height in pixels, 64 to 4,096 each; written `1024x1024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct PictureSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for PictureSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let side = |text: &str| text.parse().ok().filter(|side| (64..=4_096).contains(side));
        let sides = text
            .split_once('x')
            .and_then(|(width, height)| Some(Self { width: side(width)?, height: side(height)? }));
        sides.ok_or_else(|| format!("{text:?} must be a size such as \"1024x1024\", 64 to 4096"))
    }
}

impl TryFrom<String> for PictureSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_sides() {
        let size: PictureSize = "1792x1024".parse().unwrap();
        assert_eq!((size.width, size.height, size.to_string()), (1792, 1024, "1792x1024".into()));
        for bad in ["", "1024", "63x64", "64x4097", "axb", "64x64x64", "-64x64"] {
            assert!(bad.parse::<PictureSize>().is_err(), "{bad}");
        }
    }
}
