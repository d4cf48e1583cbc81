//! What a settings file says that is not about prices and upstreams. It is read at the start alone.

use std::{env, path::Path};

use super::{SettingsError, facilitator, file};
use crate::config::Config;

/// A configuration with what its settings file says.
pub(crate) fn configured(config: Config) -> Result<Config, SettingsError> {
    let Some(path) = config.settings.clone() else { return Ok(config) };
    let text = file::read(&path)?;
    apply(config, &path, &text, |name| env::var(name).ok())
}

/// `variable` looks into the environment.
fn apply(
    mut config: Config,
    path: &Path,
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Config, SettingsError> {
    let name = path.display().to_string();
    let parsed = file::syntax(&name, text)?;
    parsed.limits.apply(&mut config).map_err(|fault| fault.within(&name, text))?;
    parsed.admin.apply(&mut config);
    if let Some(table) = &parsed.facilitator {
        let applied = facilitator::apply(table, &mut config, &variable);
        applied.map_err(|fault| fault.within(&name, text))?;
    }
    if let Some(database) = parsed.database {
        let database = database.check(variable).map_err(|fault| fault.within(&name, text))?;
        // It takes the place of any other.
        (config.data, config.database) = (None, Some(database));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use blockrun_llm::wallet::LocalKey;

    use super::*;
    use crate::{Facilitator, Onchain, SettleThrough};

    fn variable(name: &str) -> Option<String> {
        let url = |scheme: &str| Some(format!("{scheme}://me:secret@db/x\n"));
        if name == "DATABASE_URL" { url("postgres") } else { url("mysql") }
    }

    #[test]
    fn a_database_takes_the_place_of_the_folder() {
        let named = |lines: &str| {
            let text = format!("upstream = []\n[database]\n{lines}\n");
            let config = Config { data: Some("folder".into()), ..Config::default() };
            apply(config, Path::new("gateway.toml"), &text, variable)
        };
        let config = named("url_env = \"DATABASE_URL\"\nconnections = 9").unwrap();
        let database = config.database.clone().unwrap();
        assert_eq!((&*database.url, database.connections), ("postgres://me:secret@db/x", 9));
        assert!(config.data.is_none() && !format!("{config:?}").contains("secret"));
        for (lines, said) in [
            ("url_env = \"OTHER\"", "line 3: url_env: OTHER must be set"),
            ("connections = 0\nurl_env = \"DATABASE_URL\"", "line 3: connections: "),
            ("connections = 3", "url_env"),
        ] {
            let error = named(lines).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }

    fn with(lines: &str) -> Result<Config, SettingsError> {
        let text = format!("upstream = []\n[limits]\n{lines}\n");
        apply(Config::default(), Path::new("gateway.toml"), &text, variable)
    }

    #[test]
    fn limits_are_set_and_what_is_left_out_stays() {
        let config = with(
            "client_per_second = 2.5\nclient_in_flight = 4\npayer_burst = 9\nkeep_alive = 0.5\n\
             pictures_limit = 7\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\ndrain_delay = 0",
        );
        let (config, before) = (config.unwrap(), Config::default());
        assert_eq!(config.traffic.client.per_second, Some(2.5));
        assert_eq!(config.traffic.client.in_flight, Some(4));
        assert_eq!((config.traffic.client.burst, config.traffic.payer.burst), (None, Some(9)));
        assert_eq!(config.traffic.trusted_proxies[1].to_string(), "::1/128");
        assert_eq!(config.keep_alive, Duration::from_millis(500));
        assert_eq!((config.pictures_limit, config.answer_limit), (7, before.answer_limit));
        assert_eq!(config.provider_timeout, before.provider_timeout);
        assert_eq!(with("").unwrap().traffic, before.traffic);
    }

    #[test]
    fn a_dashboard_is_switched_on_and_never_off() {
        assert!(!with("").unwrap().admin.dashboard);
        assert!(with("[admin]\ndashboard = true").unwrap().admin.dashboard);
        let mut config = Config::default();
        config.admin.dashboard = true;
        let text = "upstream = []\n[admin]\ndashboard = false\n";
        let config = apply(config, Path::new("gateway.toml"), text, variable).unwrap();
        assert!(config.admin.dashboard, "the command line asked for it");
    }

    #[test]
    fn a_facilitator_is_one_by_its_table_unless_the_command_line_says_another() {
        const TOKEN: &str = "0123456789abcdef";
        const ACCOUNT: &str = "0x7777777777777777777777777777777777777777";
        let variable = |name: &str| match name {
            "SHORT" => Some("secret".to_owned()),
            name => name.ends_with("_TOKEN").then(|| TOKEN.to_owned()),
        };
        let with = |config: Config, lines: &str| {
            let text = format!("upstream = []\n[facilitator]\n{lines}\n");
            apply(config, Path::new("gateway.toml"), &text, variable)
        };
        let config = with(Config::default(), &format!("payees = [\"{ACCOUNT}\"]")).unwrap();
        let facilitator = config.facilitator.unwrap();
        assert_eq!(facilitator.payees[0].to_string(), ACCOUNT);
        assert!(facilitator.token.unwrap().is(TOKEN), "the usual variable was set");
        assert!(
            apply(Config::default(), Path::new("f"), "upstream = []", variable)
                .unwrap()
                .facilitator
                .is_none()
        );
        let flag = Config { facilitator: Some(Facilitator::default()), ..Config::default() };
        let config = with(flag, &format!("payees = [\"{ACCOUNT}\"]")).unwrap();
        assert!(config.facilitator.unwrap().payees.is_empty());
        for (lines, said) in [
            ("payees = [\"0x12\"]", "line 3: payees: must be an address"),
            (
                "token_env = \"UNSET\"",
                "line 3: token_env: the environment variable UNSET is not set",
            ),
            ("token_env = \"SHORT\"", "line 3: token_env: SHORT: the token must have at least 16"),
            ("tokens = 1", "unknown field `tokens`"),
        ] {
            let error = with(Config::default(), lines).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_facilitator_that_cannot_be_is_refused_by_the_line_of_its_table() {
        let chain =
            Onchain::new("https://n.example", LocalKey::from_hex(&"11".repeat(32)).unwrap());
        for (config, said) in [
            (Config { onchain: Some(chain), ..Config::default() }, "name the payees"),
            (
                Config {
                    settle_through: Some(SettleThrough::new("https://f.example")),
                    ..Config::default()
                },
                "settles through another facilitator",
            ),
        ] {
            let text = "upstream = []\n\n[facilitator]\n";
            let error = apply(config, Path::new("gateway.toml"), text, |_| None).unwrap_err();
            let error = error.to_string();
            let start = "settings gateway.toml, line 3: facilitator: ";
            assert!(error.starts_with(start) && error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_mistake_names_file_line_and_key() {
        for (line, key) in [
            ("client_per_second = 0", "client_per_second"),
            ("payer_per_second = 2e6", "payer_per_second"),
            ("client_burst = 0", "client_burst"),
            ("payer_in_flight = 0", "payer_in_flight"),
            ("trusted_proxies = [\"everybody\"]", "trusted_proxies"),
            ("answer_limit = 0", "answer_limit"),
            ("keep_alive = -1", "keep_alive"),
            ("shutdown_deadline = 1e9", "shutdown_deadline"),
        ] {
            let error = with(line).unwrap_err().to_string();
            let start = format!("settings gateway.toml, line 3: {key}: ");
            assert!(error.starts_with(&start), "{line}: {error}");
        }
        assert!(with("client_rate = 1").unwrap_err().to_string().contains("line 3"));
    }
}
