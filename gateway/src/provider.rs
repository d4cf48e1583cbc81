//! Who answers: the [`Provider`] trait and the built-in practice provider.

mod api;
mod practice;

pub use api::{Completion, Frames, Provider, ProviderCall, ProviderError};
pub use practice::PracticeProvider;
