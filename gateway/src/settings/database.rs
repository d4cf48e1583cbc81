//! The database of a settings file.

use toml::Spanned;

use super::Fault;
use crate::store::Database;

/// The table as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    url_env: Spanned<String>,
    connections: Option<Spanned<u32>>,
}

impl Row {
    /// The URL comes from the environment: it holds a password.
    pub(super) fn check(
        self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Database, Fault> {
        let name = self.url_env.get_ref();
        let url = variable(name).map(|url| url.trim().to_owned());
        let Some(url) = url.filter(|url| is_postgres(url)) else {
            let problem = format!("{name} must be set to the URL of a database: postgres://...");
            return Err(Fault::new(&self.url_env, "url_env", problem));
        };
        let mut database = Database::new(url);
        if let Some(connections) = self.connections {
            database.connections = *connections.get_ref();
            if !(1..=100).contains(&database.connections) {
                return Err(Fault::new(&connections, "connections", "must be from 1 to 100"));
            }
        }
        Ok(database)
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
