//! Who answers: the [`Provider`] trait and the built-in practice provider.

mod api;
mod practice;

pub use api::{Completion, DrawCall, Frames, Picture, Provider, ProviderCall, ProviderError};
pub use practice::PracticeProvider;
