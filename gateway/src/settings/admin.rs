//! What a settings file says about the pages of whoever runs the gateway.

use crate::config::Config;

/// As it is written.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    #[serde(default)]
    dashboard: bool,
}

impl Row {
    /// Puts what is written into a configuration; what the command line switched on stays on.
    pub(super) const fn apply(&self, config: &mut Config) {
        config.admin.dashboard |= self.dashboard;
    }
}
