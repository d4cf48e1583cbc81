//! Reading a settings file: every mistake names the file, the line and the key.

use std::{env, path::Path};

use blockrun_llm::quote::PriceRule;
use toml::Spanned;

use super::{
    Fault, Fixed, SettingsError, admin, database, facilitator, limits, price, service,
    settle_through, settlement, settlement::Settling, upstream,
};
use crate::{catalog::Catalog, provider::Upstream, service::Service};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    upstream: Spanned<Vec<upstream::Row>>,
    #[serde(default)]
    price: price::Row,
    #[serde(default)]
    service: service::Row,
    #[serde(default)]
    pub(super) limits: limits::Row,
    #[serde(default)]
    pub(super) admin: admin::Row,
    pub(super) database: Option<database::Row>,
    pub(super) facilitator: Option<Spanned<facilitator::Row>>,
    settlement: Option<settlement::Row>,
    settle_through: Option<Spanned<settle_through::Row>>,
}

/// What a settings file says, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Who answers, the first to be asked first; at least one.
    pub(crate) upstreams: Vec<Upstream>,
    /// What is charged.
    pub(crate) rule: PriceRule,
    /// Who sells.
    pub(crate) service: Service,
    /// What only a start reads.
    pub(crate) fixed: Fixed,
}

impl Settings {
    /// Reads a file; keys come from the environment. `[settlement]` is not looked at.
    pub(crate) fn from_file(path: &Path, catalog: &Catalog) -> Result<Self, SettingsError> {
        let file = path.display().to_string();
        parse(&file, &read(path)?, catalog, variable)
    }

    /// Reads how a gateway is paid, if the file says it; nothing else is looked at.
    pub(crate) fn settling(path: &Path) -> Result<Option<Settling>, SettingsError> {
        let file = path.display().to_string();
        settling(&file, &read(path)?, variable)
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn settling(
    file: &str,
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Settling>, SettingsError> {
    let File { settlement, settle_through, .. } = syntax(file, text)?;
    let settling = match (settlement, &settle_through) {
        (Some(row), through) => row.check(through.as_ref(), variable).map(Some),
        (None, Some(table)) => {
            let problem = "needs a table [settlement] with mode = \"facilitator\" and the payee";
            Err(Fault::new(table, "settle_through", problem))
        }
        (None, None) => Ok(None),
    };
    settling.map_err(|fault| fault.within(file, text))
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, SettingsError> {
    let file = || path.display().to_string();
    std::fs::read_to_string(path).map_err(|source| SettingsError::Read { file: file(), source })
}

/// A text as a settings file, its values not checked yet.
pub(super) fn syntax(file: &str, text: &str) -> Result<File, SettingsError> {
    let wrong = |error| SettingsError::Syntax { file: file.into(), source: Box::new(error) };
    toml::from_str(text).map_err(wrong)
}

/// The settings of a text; `file` is only for messages, `variable` looks into the environment.
fn parse(
    file: &str,
    text: &str,
    catalog: &Catalog,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Settings, SettingsError> {
    let said = syntax(file, text)?;
    let wrong = |error| SettingsError::Syntax { file: file.into(), source: Box::new(error) };
    let fixed = Fixed::of(text).map_err(wrong)?;
    check(said, fixed, catalog, variable).map_err(|fault| fault.within(file, text))
}

fn check(
    file: File,
    fixed: Fixed,
    catalog: &Catalog,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Settings, Fault> {
    Ok(Settings {
        rule: file.price.check()?,
        service: file.service.check()?,
        upstreams: upstreams(file.upstream, catalog, variable)?,
        fixed,
    })
}

fn upstreams(
    rows: Spanned<Vec<upstream::Row>>,
    catalog: &Catalog,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Upstream>, Fault> {
    if rows.get_ref().is_empty() {
        return Err(Fault::new(&rows, "upstream", "there must be at least one"));
    }
    let mut all: Vec<Upstream> = Vec::new();
    for row in rows.into_inner() {
        if all.iter().any(|other| other.name == *row.name.get_ref()) {
            return Err(Fault::new(&row.name, "name", "another upstream has this name"));
        }
        all.push(row.check(catalog, &variable)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use blockrun_llm::wallet::LocalKey;

    use super::*;
    use crate::{provider::OutputLimit, settlement::Onchain};

    const KEY: &str = "sk-secret";

    fn settings(text: &str) -> Result<Settings, SettingsError> {
        let variable = |name: &str| match name {
            "EMPTY_KEY" => Some(" ".into()),
            "BAD_KEY" => Some("a\nb".into()),
            name => name.ends_with("_API_KEY").then(|| format!("{KEY}\n")),
        };
        parse("gateway.toml", text, &Catalog::built_in().unwrap(), variable)
    }

    fn upstreams(text: &str) -> Result<Vec<Upstream>, SettingsError> {
        settings(text).map(|settings| settings.upstreams)
    }

    #[test]
    fn prices_can_be_chosen() {
        let text = |line: &str| {
            let upstream = "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n\
                            models = { \"*\" = \"*\" }\n";
            format!("[price]\n{line}\n{upstream}")
        };
        let chosen = settings(&text("margin_bps = 0\nfloor = 7\noutput_permille = 500"));
        let rule = chosen.unwrap().rule;
        assert_eq!((rule.margin_bps, rule.floor.micro(), rule.output_permille), (0, 7, 500));
        assert_eq!(settings(&text("")).unwrap().rule, PriceRule::default());
        for (line, key) in [
            ("margin_bps = 100_001", "margin_bps"),
            ("floor = 0", "floor"),
            ("output_permille = 0", "output_permille"),
            ("output_permille = 1_001", "output_permille"),
        ] {
            let error = settings(&text(line)).unwrap_err().to_string();
            let start = format!("settings gateway.toml, line 2: {key}: ");
            assert!(error.starts_with(&start), "{error}");
        }
    }

    #[test]
    fn how_it_is_paid_can_be_chosen() {
        const ACCOUNT: &str = "0x7777777777777777777777777777777777777777";
        let gas_key = "11".repeat(32);
        let variable = |name: &str| match name {
            "BLOCKRUN_GATEWAY_RPC_URL" => Some("https://node.example/secret".to_owned()),
            "BLOCKRUN_GATEWAY_GAS_KEY" => Some(format!("{gas_key}\n")),
            "NO_KEY" => Some("secret".to_owned()),
            _ => None,
        };
        let text = |lines: &str| {
            let upstream = "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n\
                            models = { \"*\" = \"*\" }\n";
            format!("[settlement]\n{lines}\n{upstream}")
        };
        let read = |lines: &str| settling("gateway.toml", &text(lines), variable);
        let onchain = format!("mode = \"onchain\"\npayee = \"{ACCOUNT}\"\n");
        let chosen = read(&format!(
            "{onchain}network = \"base\"\nconfirmations = 3\nmax_fee_gwei = 0.25\n\
             replace_after = 12\nreceipt_wait = 20\nmax_gas = 900_000\n\
             wallet_factories = [\"{ACCOUNT}\"]"
        ));
        let chosen = chosen.unwrap().unwrap();
        let options = chosen.onchain.unwrap();
        assert_eq!((chosen.network.name, chosen.payee.to_string()), ("Base", ACCOUNT.to_owned()));
        assert_eq!((options.confirmations, options.max_fee), (3, 250_000_000));
        assert_eq!((options.replace_after.as_secs(), options.receipt_wait.as_secs()), (12, 20));
        assert_eq!((options.max_gas, options.wallet_factories), (900_000, vec![chosen.payee]));
        assert!(read("mode = \"practice\"").unwrap().unwrap().onchain.is_none());
        let none = text("").replace("[settlement]", "");
        assert!(settling("gateway.toml", &none, variable).unwrap().is_none());
        for (line, key) in [
            ("confirmations = 0", "confirmations"),
            ("max_fee_gwei = 0", "max_fee_gwei"),
            ("max_fee_gwei = nan", "max_fee_gwei"),
            ("replace_after = 0.5", "replace_after"),
            ("max_gas = 21_000", "max_gas"),
            ("network = \"mars\"", "network"),
            ("wallet_factories = [\"0x12\"]", "wallet_factories"),
        ] {
            let error = read(&format!("{onchain}{line}")).unwrap_err().to_string();
            let start = format!("settings gateway.toml, line 4: {key}: ");
            assert!(error.starts_with(&start), "{line}: {error}");
        }
        for line in
            ["gas_key_env = \"NO_KEY\"", "gas_key_env = \"UNSET\"", "rpc_url_env = \"UNSET\""]
        {
            let error = read(&format!("{onchain}{line}")).unwrap_err().to_string();
            assert!(error.contains("NO_KEY") || error.contains("UNSET"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let unset = settling("gateway.toml", &text(&onchain), |_| None).unwrap_err().to_string();
        assert!(unset.contains("line 2: rpc_url_env: ") && unset.contains("_RPC_URL is not set"));
    }

    #[test]
    fn a_facilitator_can_be_paid_through() {
        const PAID: &str = "[settlement]\nmode = \"facilitator\"\n\
                            payee = \"0x7777777777777777777777777777777777777777\"\n";
        const TABLE: &str = "[settle_through]\nurl = \"https://f.example\"\n";
        let variable = |name: &str| (name == "BLOCKRUN_GATEWAY_RPC_URL").then(|| "off".to_owned());
        let read = |text: &str| settling("f", &format!("upstream = []\n{text}"), variable);
        let chosen = read(&format!("{PAID}{TABLE}")).unwrap().unwrap();
        let through = chosen.settle_through.unwrap();
        assert_eq!((&*through.url, through.rpc_url.as_deref()), ("https://f.example", Some("off")));
        assert!(chosen.onchain.is_none());
        for (text, said) in [
            (PAID.to_owned(), "line 3: mode: needs a table [settle_through]"),
            (format!("{PAID}rpc_url_env = \"UNSET\"\n{TABLE}"), "line 5: rpc_url_env: "),
            (format!("{TABLE}[settlement]\nmode = \"practice\""), "line 2: settle_through: is for"),
            (TABLE.to_owned(), "line 2: settle_through: needs a table [settlement]"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn the_example_is_true() {
        let text = include_str!("../../gateway.example.toml");
        let Settings { upstreams: all, rule, service, .. } = settings(text).unwrap();
        assert_eq!(rule, PriceRule::default(), "the example shows the defaults");
        let key = "11".repeat(32);
        let settling = settling("gateway.toml", text, |_| Some(key.clone())).unwrap().unwrap();
        let (shown, default) =
            (settling.onchain.unwrap(), Onchain::new("", LocalKey::from_hex(&key).unwrap()));
        let options = |one: &Onchain| {
            (one.confirmations, one.max_fee, one.replace_after, one.receipt_wait, one.max_gas)
        };
        assert_eq!(options(&shown), options(&default));
        assert!(shown.wallet_factories.is_empty());
        assert_eq!(service.tags, ["ai", "chat"]);
        let catalog = Catalog::built_in().unwrap();
        let served = |id: &str| {
            let model = catalog.get(id).unwrap();
            let named = |one: &Upstream| Some((one.name.clone(), one.models.name(model)?));
            all.iter().filter_map(named).collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let both = [pair("openai", "gpt-4o-mini"), pair("openrouter", "openai/gpt-4o-mini")];
        assert_eq!(served("gpt-4o-mini"), both);
        assert_eq!(all[0].output_limit, OutputLimit::MaxCompletionTokens);
        assert!(all.iter().all(|one| !format!("{one:?}").contains(KEY)));
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let text = "[[upstream]]\nname = \"a\"\nbase_url = \"http://10.0.0.1/v1\"\n\
                    models = { \"*\" = \"*\" }\n";
        let [one] = upstreams(text).unwrap().try_into().unwrap();
        assert_eq!((one.retries, one.breaker_failures), (1, 5));
        let times = [one.connect_timeout, one.timeout, one.idle_timeout, one.breaker_pause];
        assert_eq!(times.map(|time| time.as_secs()), [10, 120, 60, 30]);
        assert_eq!((one.key, one.headers.len(), one.drop.len()), (None, 0, 0));
        assert_eq!((one.output_limit, one.pictures_as), Default::default());
    }

    #[test]
    fn a_key_is_a_bearer_unless_a_header_is_named() {
        let text = |more: &str| {
            format!(
                "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n{more}\n\
                 key_env = \"A_API_KEY\"\nmodels = {{ \"*\" = \"*\" }}\n"
            )
        };
        let sent = |more: &str, header: &str| {
            let value = upstreams(&text(more)).unwrap()[0].headers[header].clone();
            assert!(value.is_sensitive());
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(sent("", "authorization"), format!("Bearer {KEY}"));
        assert_eq!(sent("key_header = \"api-key\"", "api-key"), KEY);
    }

    #[test]
    fn a_mistake_names_file_line_and_key() {
        let cases = [
            ("base_url = \"no url\"", "base_url"),
            ("base_url = \"ftp://a.example\"", "base_url"),
            ("base_url = \"https://me:pass@a.example\"", "base_url"),
            ("base_url = \"https://a.example#x\"", "base_url"),
            ("base_url = \"http://a.example\"\nkey_env = \"A_API_KEY\"", "base_url"),
            ("key_env = \"NOT_SET\"", "key_env"),
            ("key_env = \"EMPTY_KEY\"", "key_env"),
            ("key_env = \"BAD_KEY\"", "key_env"),
            ("key_header = \"api-key\"", "key_header"),
            ("key_header = \"a b\"\nkey_env = \"A_API_KEY\"", "key_header"),
            ("headers = { \"a b\" = \"c\" }", "headers"),
            ("headers = { a = \"\\n\" }", "headers"),
            ("models = {}", "models"),
            ("models = { \"openai/gpt-4o-mni\" = \"x\" }", "models"),
            ("models = { \"gpt-4o\" = \"x\" }", "models"),
            ("models = { \"openai/gpt-4o\" = \"\" }", "models"),
            ("models = { \"openai/gpt-4o\" = \"*\" }", "models"),
            ("models = { \"opnai/*\" = \"*\" }", "models"),
            ("drop = [\"model\"]", "drop"),
            ("timeout = 0", "timeout"),
            ("connect_timeout = -1", "connect_timeout"),
            ("idle_timeout = nan", "idle_timeout"),
            ("breaker_pause = 1e9", "breaker_pause"),
            ("breaker_failures = 0", "breaker_failures"),
        ];
        for (line, key) in cases {
            let mut text = format!("[[upstream]]\nname = \"a\"\n{line}\n");
            for (key, value) in
                [("base_url", "\"https://a.example\""), ("models", "{ \"*\" = \"*\" }")]
            {
                if !line.starts_with(key) {
                    text += &format!("{key} = {value}\n");
                }
            }
            let error = upstreams(&text).unwrap_err().to_string();
            let start = format!("settings gateway.toml, line 3: {key}: ");
            assert!(error.starts_with(&start), "{line}: {error}");
            assert!(!error.contains(KEY) && !error.contains("pass@"), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_a_wrong_type_and_a_second_name_are_mistakes() {
        let row = "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n\
                   models = { \"*\" = \"*\" }\n";
        for (text, said) in [
            (format!("{row}timout = 3\n"), "line 5"),
            (format!("{row}retries = \"x\"\n"), "line 5"),
            (format!("{row}output_limit = \"x\"\n"), "line 5"),
            (format!("{row}{row}"), "line 6: name: "),
            ("upstream = []".to_owned(), "line 1: upstream: "),
            (String::new(), "upstream"),
        ] {
            let error = upstreams(&text).unwrap_err().to_string();
            assert!(error.starts_with("settings gateway.toml") && error.contains(said), "{error}");
        }
    }
}
