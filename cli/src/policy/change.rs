//! One rule, as it is said: `max_cost_per_day=5`, `model:openai/gpt-5=3`, `payees=pin`,
//! `networks=base`; nothing behind the sign takes the rule away.

use std::str::FromStr;

use blockrun_llm::Usdc;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};
use url::Url;

/// Rules that are an amount.
const AMOUNTS: [&str; 4] =
    ["max_cost_per_call", "max_session_cost", "max_cost_per_hour", "max_cost_per_day"];
/// Rules that are a list.
const LISTS: [&str; 2] = ["networks", "payees"];

/// A rule to be written, or taken away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// The table it stands in, for a limit on one model or server.
    table: Option<&'static str>,
    key: String,
    value: Option<Said>,
}

#[derive(Clone, Debug, PartialEq)]
enum Said {
    Text(String),
    List(Vec<String>),
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .rsplit_once('=')
            .ok_or_else(|| format!("{text:?}: write RULE=VALUE, such as max_cost_per_day=5"))?;
        let said = Some(value.trim()).filter(|value| !value.is_empty());
        let (table, key) = match name.split_once(':') {
            Some(("model", model)) if !model.is_empty() => (Some("models"), model.to_owned()),
            Some(("origin", url)) => (Some("origins"), origin(url)?),
            _ if AMOUNTS.contains(&name) || LISTS.contains(&name) => (None, name.to_owned()),
            _ => {
                let known = [&AMOUNTS[..], &LISTS[..]].concat().join(", ");
                let known = format!("{known}, model:NAME and origin:URL");
                return Err(format!("{name:?} is no rule; the rules are {known}"));
            }
        };
        let value = said.map(|said| value_of(table, &key, said)).transpose()?;
        Ok(Self { table, key, value })
    }
}

fn value_of(table: Option<&str>, key: &str, said: &str) -> Result<Said, String> {
    if table.is_none() && LISTS.contains(&key) {
        if key == "payees" && said == "pin" {
            return Ok(Said::Text(said.to_owned()));
        }
        return Ok(Said::List(said.split(',').map(|one| one.trim().to_owned()).collect()));
    }
    let amount: Usdc = said.trim_start_matches('$').parse().map_err(|_| {
        format!("{said:?} is not an amount of dollars such as 0.25; nothing behind the = takes the rule away")
    })?;
    Ok(Said::Text(amount.to_string()))
}

/// As payments name a server: with its port.
fn origin(text: &str) -> Result<String, String> {
    let problem = || format!("{text:?} is no server: write origin:https://host");
    let url = Url::parse(text).map_err(|_| problem())?;
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => Ok(format!("{}://{host}:{port}", url.scheme())),
        _ => Err(problem()),
    }
}

impl Change {
    /// Writes the rule into a file, whose comments stay.
    pub(super) fn write(&self, file: &mut DocumentMut) {
        let place: Option<&mut dyn TableLike> = match self.table {
            None => Some(file.as_table_mut()),
            Some(name) => {
                let item = file.entry(name).or_insert_with(|| Item::Table(Table::new()));
                // What is no table is not understood, and found to be so before anything is kept.
                item.as_table_like_mut()
            }
        };
        let Some(place) = place else { return };
        match (&self.value, place.get_mut(&self.key)) {
            (None, _) => drop(place.remove(&self.key)),
            (Some(said), Some(there)) => said.replace(there),
            (Some(said), None) => drop(place.insert(&self.key, said.value().into())),
        }
    }
}

impl Said {
    /// What stands around the old value stays: a comment behind it, say.
    fn replace(&self, there: &mut Item) {
        let mut value = self.value();
        if let Some(old) = there.as_value() {
            *value.decor_mut() = old.decor().clone();
        }
        *there = value.into();
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(String::as_str).collect::<Array>().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use blockrun_llm::client::PolicyRules;

    use super::*;

    fn changed(text: &str, changes: &[&str]) -> String {
        let mut file: DocumentMut = text.parse().unwrap();
        for change in changes {
            change.parse::<Change>().unwrap().write(&mut file);
        }
        PolicyRules::parse(&file.to_string()).unwrap();
        file.to_string()
    }

    #[test]
    fn rules_are_written_and_comments_stay() {
        let text = "# ours\nmax_cost_per_day = 9 # a day\nnetworks = [\"base\"]\n";
        let changes = ["max_cost_per_day=$5", "networks=", "model:openai/gpt-5=3", "payees=pin"];
        assert_eq!(
            changed(text, &changes),
            "# ours\nmax_cost_per_day = \"5\" # a day\npayees = \"pin\"\n\n[models]\n\"openai/gpt-5\" = \"3\"\n"
        );
        let inline = "models = { a = 1, b = 2 }\n";
        assert_eq!(changed(inline, &["model:a=", "model:b=0.5"]), "models = { b = \"0.5\" }\n");
        assert_eq!(
            changed("", &["origin:https://blockrun.ai=2", "networks=base, base-sepolia"]),
            "networks = [\"base\", \"base-sepolia\"]\n\n[origins]\n\"https://blockrun.ai:443\" = \"2\"\n"
        );
    }

    #[test]
    fn what_is_no_rule_is_refused_in_words() {
        for (text, words) in [
            ("max_cost_per_day", "write RULE=VALUE"),
            ("max_cost_per_dya=5", "is no rule"),
            ("max_cost_per_day=lots", "not an amount"),
            ("max_cost_per_day=-1", "not an amount"),
            ("origin:blockrun=2", "is no server"),
            ("model:=2", "is no rule"),
        ] {
            let problem = text.parse::<Change>().unwrap_err();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }
}
