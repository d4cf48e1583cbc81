//! Who answers: the [`Provider`] trait, the upstreams of a settings file, and the built-in practice
//! provider.

mod api;
mod practice;
mod upstream;

pub use api::{
    Completion, DrawCall, Frames, Picture, Provider, ProviderCall, ProviderError, UpstreamState,
};
pub use practice::PracticeProvider;
pub(crate) use upstream::{Mapping, OutputLimit, PicturesAs, Upstream, Upstreams};
