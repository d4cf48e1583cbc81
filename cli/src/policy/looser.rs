//! What a change of a policy file allows that was not allowed before.

use std::collections::BTreeMap;

use blockrun_llm::{Usdc, client::PolicyRules};

/// Each rule that is looser now, in words; empty when nothing is.
pub(super) fn looser(old: &PolicyRules, new: &PolicyRules) -> Vec<String> {
    let (was, is) = (&old.budgets, &new.budgets);
    let limits = [
        ("max_cost_per_call", old.max_cost_per_call, new.max_cost_per_call),
        ("max_session_cost", was.session, is.session),
        ("max_cost_per_hour", was.hour, is.hour),
        ("max_cost_per_day", was.day, is.day),
    ];
    let mut found: Vec<String> =
        limits.into_iter().filter_map(|(rule, was, is)| raised(rule, was, is)).collect();
    found.extend(raised_in("model", &was.models, &is.models));
    found.extend(raised_in("origin", &was.origins, &is.origins));
    if more(old.networks.as_deref(), new.networks.as_deref()) {
        found.push("networks: more may be paid on".to_owned());
    }
    if more(old.payees.as_deref(), new.payees.as_deref()) {
        found.push("payees: more may be paid".to_owned());
    } else if old.pin_payees && !new.pin_payees && new.payees.is_none() {
        found.push("payees: anybody may be paid".to_owned());
    }
    found
}

fn raised(rule: &str, was: Option<Usdc>, is: Option<Usdc>) -> Option<String> {
    match (was, is) {
        (Some(was), Some(is)) if is > was => Some(format!("{rule}: {was} becomes {is} USDC")),
        (Some(was), None) => Some(format!("{rule}: {was} USDC becomes no limit")),
        _ => None,
    }
}

fn raised_in<'a>(
    rule: &'a str,
    was: &'a BTreeMap<String, Usdc>,
    is: &'a BTreeMap<String, Usdc>,
) -> impl Iterator<Item = String> + 'a {
    was.iter().filter_map(move |(name, limit)| {
        raised(&format!("{rule}:{name}"), Some(*limit), is.get(name).copied())
    })
}

/// Whether a list, where there was one, has let somebody in.
fn more<T: PartialEq>(was: Option<&[T]>, is: Option<&[T]>) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => is.iter().any(|one| !was.contains(one)),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "payees = [\"0x4020000000000000000000000000000000000402\"]";

    fn change(old: &str, new: &str) -> String {
        let rules = |text| PolicyRules::parse(text).unwrap();
        looser(&rules(old), &rules(new)).join("; ")
    }

    #[test]
    fn only_what_allows_more_is_looser() {
        for (old, new) in [
            ("", "max_cost_per_call = 1\npayees = \"pin\""),
            ("max_cost_per_day = 5", "max_cost_per_day = 4"),
            ("networks = [\"base\", \"base-sepolia\"]", "networks = [\"base\"]"),
            ("payees = \"pin\"", ONE),
            ("[models]\na = 1", "[models]\na = 1\nb = 9"),
        ] {
            assert_eq!(change(old, new), "", "{old:?} to {new:?}");
        }
        for (old, new, words) in [
            ("max_cost_per_day = 4", "max_cost_per_day = 5", "max_cost_per_day: 4 becomes 5 USDC"),
            ("max_cost_per_call = 1", "", "max_cost_per_call: 1 USDC becomes no limit"),
            (
                "[origins]\n\"https://a:443\" = 1",
                "",
                "origin:https://a:443: 1 USDC becomes no limit",
            ),
            (
                "networks = [\"base\"]",
                "networks = [\"base-sepolia\"]",
                "networks: more may be paid on",
            ),
            (ONE, "payees = \"pin\"", "payees: more may be paid"),
            ("payees = \"pin\"", "", "payees: anybody may be paid"),
        ] {
            assert_eq!(change(old, new), words);
        }
    }
}
