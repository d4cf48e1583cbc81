//! The settings file of a gateway: who answers, what is charged, who sells, and where
//! it is kept.

mod admin;
mod configured;
mod database;
mod fault;
mod file;
mod limits;
mod price;
mod service;
mod upstream;

pub(crate) use configured::configured;
use fault::Fault;
pub use fault::SettingsError;
pub(crate) use file::Settings;
