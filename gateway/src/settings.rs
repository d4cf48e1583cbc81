//! The settings file of a gateway: who answers, what is charged, how it is paid, who sells, and where
//! it is kept.

mod admin;
mod configured;
mod database;
mod fault;
mod file;
mod limits;
mod price;
mod service;
mod settlement;
mod upstream;

pub(crate) use configured::configured;
use fault::Fault;
pub use fault::SettingsError;
pub(crate) use file::Settings;
pub(crate) use settlement::Settling;
