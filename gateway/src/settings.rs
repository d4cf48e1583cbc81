//! The settings file of a gateway: who answers, what is charged, and who sells.

mod fault;
mod file;
mod price;
mod service;
mod upstream;

use fault::Fault;
pub use fault::SettingsError;
pub(crate) use file::Settings;
