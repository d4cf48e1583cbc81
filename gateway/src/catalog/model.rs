//! One row of the catalog.

use super::picture::PictureKind;

/// A model that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The full id, `provider/name`.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// Who serves it.
    pub provider: String,
    /// One line on what it is good at.
    pub description: String,
    /// Labels such as `chat`, `vision`, `reasoning`, `image`, `free`.
    pub categories: Vec<String>,
    /// What it costs.
    pub price: Price,
    /// Tokens that prompt and answer may have together; 0 for image models.
    pub context: u64,
    /// Tokens that one answer may have; 0 for image models.
    pub max_output: u64,
    /// The full id of the model that answers in its place, at its price; nothing is charged when that
    /// one is free. `None`: it answers itself.
    pub fallback: Option<String>,
    /// Callable, but not in the public list.
    pub hidden: bool,
}

/// What a model costs, in micro-USDC before the margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Price {
    /// Per million tokens.
    Tokens {
        /// Rate of the prompt.
        input: u64,
        /// Rate of the answer.
        output: u64,
    },
    /// Per picture, by what is drawn, and no margin is added; at least one, the default first.
    Pictures(Vec<PictureKind>),
    /// Nothing: answered without a payment.
    Free,
}

impl Model {
    /// The id without its provider: `gpt-4o-mini` of `openai/gpt-4o-mini`.
    #[must_use]
    pub fn bare_id(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(_, bare)| bare)
    }

    /// Whether it draws pictures instead of writing text.
    #[must_use]
    pub const fn is_image(&self) -> bool {
        matches!(self.price, Price::Pictures(_))
    }
}
