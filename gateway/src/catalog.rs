//! The catalog: which models are sold, at what rates, within what limits.
//!
//! One data file, `catalog.toml`, is the only source. It is checked completely when it is loaded:
//! a gateway that starts can price every model it lists.

mod load;
mod lookup;
mod model;
mod picture;

pub use load::CatalogError;
pub use lookup::Catalog;
pub use model::{Model, Price};
pub use picture::{PictureKind, PictureSize};
