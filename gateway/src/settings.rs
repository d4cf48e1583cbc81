//! The settings file of a gateway: who answers, and what is charged.

mod fault;
mod file;
mod price;
mod upstream;

use fault::Fault;
pub use fault::SettingsError;
pub(crate) use file::Settings;
