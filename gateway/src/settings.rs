//! The settings file of a gateway: who answers, what is charged, how it is paid, who sells, and where
//! it is kept.

mod admin;
mod configured;
mod database;
mod facilitator;
mod fault;
mod file;
mod fixed;
mod limits;
mod price;
mod secret;
mod service;
mod settle_through;
mod settlement;
mod upstream;

pub(crate) use configured::configured;
use fault::Fault;
pub use fault::SettingsError;
pub(crate) use file::Settings;
pub(crate) use fixed::Fixed;
pub use fixed::Reloaded;
pub(crate) use settlement::Settling;
