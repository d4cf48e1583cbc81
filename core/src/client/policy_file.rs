//! Rules that stand outside the program: the machine's `/etc/blockrun/policy.toml` and the account's
//! own `~/.blockrun/policy.toml`, whatever `BLOCKRUN_HOME` says. The strictest wins.
//!
//! ```toml
//! max_cost_per_call = "0.25"            # dollars, as text or number
//! max_session_cost  = "2"
//! max_cost_per_hour = "5"
//! max_cost_per_day  = "20"
//! networks = ["eip155:8453"]            # no other network may be paid on
//! payees   = ["0x…"]                    # nobody else may be paid; or "pin": at each server
//!                                       # whoever was paid there first
//!
//! [models]                              # a day's limit for one model
//! "openai/gpt-5" = "3"
//!
//! [origins]                             # a day's limit for one server
//! "https://blockrun.ai:443" = "10"
//! ```
//!
//! A file binds well-behaved programs, not whoever holds the key.

use std::{
    collections::BTreeMap,
    io::ErrorKind as IoKind,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    error::{Error, Result},
    money::Usdc,
    networks::Network,
    policy::{Budgets, PayeeRule, Policy},
    wallet::Address,
};

/// The rules of policy files, one or several together; all empty when there is no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// Most that one call may cost.
    pub max_cost_per_call: Option<Usdc>,
    /// Limits over many calls.
    pub budgets: Budgets,
    /// The only networks that may be paid on.
    pub networks: Option<Vec<&'static Network>>,
    /// The only accounts that may be paid.
    pub payees: Option<Vec<Address>>,
    /// Whether at each server only whoever was paid there first may be paid.
    pub pin_payees: bool,
    /// Whether there is a file at all: then payments must be recorded on disk.
    pub in_force: bool,
}

/// A file as written. An unknown key is an error: a rule with a typing error must not be no rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    max_cost_per_call: Option<Dollars>,
    max_session_cost: Option<Dollars>,
    max_cost_per_hour: Option<Dollars>,
    max_cost_per_day: Option<Dollars>,
    networks: Option<Vec<String>>,
    payees: Option<Payees>,
    #[serde(default)]
    models: BTreeMap<String, Dollars>,
    #[serde(default)]
    origins: BTreeMap<String, Dollars>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Payees {
    Pin(Pin),
    Only(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pin {
    Pin,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Dollars {
    Text(String),
    Whole(u32),
    Number(f64),
}

impl PolicyRules {
    /// The file of the machine.
    pub const OF_MACHINE: &str = "/etc/blockrun/policy.toml";

    /// The file of the account, whatever `BLOCKRUN_HOME` says; `None` where there is no home folder.
    pub fn of_account() -> Option<PathBuf> {
        Some(std::env::home_dir()?.join(".blockrun/policy.toml"))
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// `InvalidArgument` that names the file and the rule, for one that cannot be read or
    /// understood: a rule that is not understood is not skipped.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::text(&text).map(Some).map_err(|problem| unusable(path, &problem)),
            Err(cause) if matches!(cause.kind(), IoKind::NotFound | IoKind::NotADirectory) => {
                Ok(None)
            }
            Err(cause) => Err(unusable(path, &format!("could not be read: {cause}"))),
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not understood.
    pub fn parse(text: &str) -> Result<Self> {
        Self::text(text).map_err(|problem| Error::argument("policy", &problem))
    }

    fn text(text: &str) -> Result<Self, String> {
        let written = toml::from_str(text).map_err(|cause| cause.to_string())?;
        Self::understand(written).map_err(|cause| cause.message().to_owned())
    }

    /// Reads the files that exist.
    ///
    /// # Errors
    /// As [`PolicyRules::read`].
    pub(super) fn load() -> Result<Self> {
        let places = [Some(PathBuf::from(Self::OF_MACHINE)), Self::of_account()];
        places.into_iter().flatten().try_fold(Self::default(), |rules, path| {
            Ok(match Self::read(&path)? {
                Some(other) => rules.and(other),
                None => rules,
            })
        })
    }

    /// Makes a policy as strict as the files.
    pub(super) fn restrict(self, policy: &mut Policy) {
        if let Some(allowed) = self.networks {
            policy.networks.retain(|network| allowed.contains(network));
        }
        if let Some(allowed) = self.payees {
            policy.payees = match std::mem::take(&mut policy.payees) {
                PayeeRule::Only(given) => {
                    PayeeRule::Only(given.into_iter().filter(|one| allowed.contains(one)).collect())
                }
                // A list is stricter than whoever comes first.
                PayeeRule::Any | PayeeRule::PinOnFirstUse => PayeeRule::Only(allowed),
            };
        }
        if self.pin_payees && policy.payees == PayeeRule::Any {
            policy.payees = PayeeRule::PinOnFirstUse;
        }
        policy.budgets = std::mem::take(&mut policy.budgets).strictest(self.budgets);
    }

    /// As strict as both.
    fn and(self, other: Self) -> Self {
        Self {
            max_cost_per_call: match (self.max_cost_per_call, other.max_cost_per_call) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
            budgets: self.budgets.strictest(other.budgets),
            networks: both(self.networks, other.networks),
            payees: both(self.payees, other.payees),
            pin_payees: self.pin_payees || other.pin_payees,
            in_force: self.in_force || other.in_force,
        }
    }

    fn understand(written: Written) -> Result<Self> {
        let dollars = |value: Option<Dollars>| value.map(amount).transpose();
        let table = |table: BTreeMap<String, Dollars>| -> Result<BTreeMap<String, Usdc>> {
            table.into_iter().map(|(name, value)| Ok((name, amount(value)?))).collect()
        };
        Ok(Self {
            max_cost_per_call: dollars(written.max_cost_per_call)?,
            budgets: Budgets {
                session: dollars(written.max_session_cost)?,
                hour: dollars(written.max_cost_per_hour)?,
                day: dollars(written.max_cost_per_day)?,
                models: table(written.models)?,
                origins: table(written.origins)?,
            },
            networks: list(written.networks, "networks", Network::by_id)?,
            pin_payees: matches!(written.payees, Some(Payees::Pin(Pin::Pin))),
            payees: match written.payees {
                Some(Payees::Only(texts)) => list(Some(texts), "payees", |text| text.parse().ok())?,
                _ => None,
            },
            in_force: true,
        })
    }
}

fn amount(value: Dollars) -> Result<Usdc> {
    match value {
        Dollars::Text(text) => text.trim_start_matches('$').parse(),
        Dollars::Whole(dollars) => dollars.to_string().parse(),
        Dollars::Number(dollars) => Usdc::from_dollars(dollars),
    }
}

fn list<T>(
    written: Option<Vec<String>>,
    field: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>> {
    let understood = |text: String| {
        read(&text).ok_or_else(|| Error::argument(field, &format!("{text:?} is not one we know")))
    };
    written.map(|texts| texts.into_iter().map(understood).collect()).transpose()
}

/// What both lists allow.
fn both<T: PartialEq>(one: Option<Vec<T>>, two: Option<Vec<T>>) -> Option<Vec<T>> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.into_iter().filter(|item| two.contains(item)).collect()),
        (one, two) => one.or(two),
    }
}

fn unusable(path: &Path, problem: &str) -> Error {
    let problem = format!("{problem}. Nothing is paid until it is mended");
    Error::argument(&path.display().to_string(), &problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::{BASE, BASE_SEPOLIA};

    fn rules(texts: &[&str]) -> Result<PolicyRules> {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(PolicyRules::read(&folder.path().join("0.toml")).unwrap(), None);
        texts.iter().enumerate().try_fold(PolicyRules::default(), |rules, (index, text)| {
            let path = folder.path().join(format!("{index}.toml"));
            std::fs::write(&path, text).unwrap();
            Ok(rules.and(PolicyRules::read(&path)?.unwrap()))
        })
    }

    #[test]
    fn the_strictest_file_wins_rule_by_rule() {
        let rules = rules(&[
            "max_cost_per_call = \"0.5\"\nmax_cost_per_day = 3\nnetworks = [\"base\", \"base-sepolia\"]",
            "max_cost_per_call = 0.25\nnetworks = [\"eip155:8453\"]\n[models]\n\"m\" = \"1\"",
        ])
        .unwrap();
        assert!(rules.in_force);
        assert_eq!(rules.max_cost_per_call, Some(Usdc::from_micro(250_000)));
        let mut policy = Policy::default();
        policy.budgets.day = Some(Usdc::from_micro(4_000_000));
        rules.restrict(&mut policy);
        assert_eq!(policy.networks, [&BASE]);
        assert_eq!(policy.budgets.day, Some(Usdc::from_micro(3_000_000)));
        assert_eq!(policy.budgets.models["m"], Usdc::from_micro(1_000_000));
        assert!(!policy.networks.contains(&&BASE_SEPOLIA));
    }

    #[test]
    fn a_payee_must_be_allowed_by_all() {
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let file = format!("payees = [\"{one}\"]");
        let mut policy = Policy { payees: PayeeRule::Only(vec![two, one]), ..Policy::default() };
        rules(&[&file]).unwrap().restrict(&mut policy);
        assert_eq!(policy.payees, PayeeRule::Only(vec![one]));
        let mut policy = Policy::default();
        rules(&[&file]).unwrap().restrict(&mut policy);
        assert_eq!(policy.payees, PayeeRule::Only(vec![one]));
    }

    #[test]
    fn payees_may_be_pinned_and_a_list_is_stricter() {
        let mut policy = Policy::default();
        rules(&["payees = \"pin\""]).unwrap().restrict(&mut policy);
        assert_eq!(policy.payees, PayeeRule::PinOnFirstUse);
        assert!(policy.needs_a_file());
        let (mut policy, one) = (Policy::default(), Address::repeat_byte(1));
        let list = format!("payees = [\"{one}\"]");
        rules(&["payees = \"pin\"", &list]).unwrap().restrict(&mut policy);
        assert_eq!(policy.payees, PayeeRule::Only(vec![one]));
    }

    #[test]
    fn a_rule_that_is_not_understood_is_not_skipped() {
        for text in [
            "max_cost_per_cal = \"1\"",
            "max_cost_per_day = \"a dollar\"",
            "max_cost_per_day = 0.0000001",
            "networks = [\"solana\"]",
            "payees = [\"0x12\"]",
            "payees = \"pinned\"",
            "not toml",
        ] {
            let error = rules(&[text]).unwrap_err();
            assert!(error.message().contains("0.toml"), "{error}");
        }
        assert!(!rules(&[]).unwrap().in_force);
    }
}
