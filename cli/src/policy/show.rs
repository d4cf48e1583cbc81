//! What is in force. The values are the core's own; only where one comes from is found out here.

use std::path::{Path, PathBuf};

use blockrun_llm::{
    Usdc,
    client::PolicyRules,
    journal::BudgetState,
    policy::{PayeeRule, Policy},
};
use serde_json::json;

use crate::{
    client::ClientArguments,
    output::{Failure, print, remark},
    table::{Align, lines},
    terminal::width,
};

/// A policy file that is there.
struct File {
    path: PathBuf,
    rules: PolicyRules,
}

/// A rule in force.
struct Rule {
    name: String,
    value: String,
    left: Option<Usdc>,
    from: String,
}

pub(super) async fn run(client: ClientArguments, json: bool) -> Result<(), Failure> {
    let files = files()?;
    let options = client.clone();
    let client = client.watching()?;
    let mut rules: Vec<Rule> =
        client.budgets().await?.iter().map(|budget| limit(budget, &options, &files)).collect();
    if let Some(policy) = client.policy() {
        rules.extend([networks(policy, &files), payees(policy, &files)]);
    }
    if json {
        return print_json(&rules, &files);
    }
    let heads = ["RULE", "VALUE", "LEFT", "FROM"].map(str::to_owned).to_vec();
    let cells = |rule: &Rule| {
        let left = rule.left.map(|left| left.to_string()).unwrap_or_default();
        vec![rule.name.clone(), rule.value.clone(), left, rule.from.clone()]
    };
    let rows: Vec<_> = std::iter::once(heads).chain(rules.iter().map(cells)).collect();
    for line in lines(&[Align::Left, Align::Right, Align::Right, Align::Left], &rows, width()) {
        print(&line)?;
    }
    match files.is_empty() {
        true => remark("There is no policy file; `blockrun policy set` writes one."),
        false => Ok(()),
    }
}

fn print_json(rules: &[Rule], files: &[File]) -> Result<(), Failure> {
    let rules = rules.iter().map(|rule| {
        json!({"rule": rule.name, "value": rule.value, "left_micro": rule.left, "from": rule.from})
    });
    let files: Vec<_> = files.iter().map(|file| shown(&file.path)).collect();
    print(&json!({"rules": rules.collect::<Vec<_>>(), "files": files}).to_string())
}

fn files() -> Result<Vec<File>, Failure> {
    let places = [Some(PathBuf::from(PolicyRules::OF_MACHINE)), PolicyRules::of_account()];
    let mut files = Vec::new();
    for path in places.into_iter().flatten() {
        if let Some(rules) = PolicyRules::read(&path)? {
            files.push(File { path, rules });
        }
    }
    Ok(files)
}

/// A limit over money. The strictest one counts, so where it comes from is who says this much.
fn limit(budget: &BudgetState, options: &ClientArguments, files: &[File]) -> Rule {
    let (rule, variable) = match budget.scope {
        "call" => ("max_cost_per_call", Some("BLOCKRUN_MAX_COST_PER_CALL")),
        "session" => ("max_session_cost", Some("BLOCKRUN_MAX_SESSION_COST")),
        "hour" => ("max_cost_per_hour", Some("BLOCKRUN_MAX_COST_PER_HOUR")),
        "day" => ("max_cost_per_day", Some("BLOCKRUN_MAX_COST_PER_DAY")),
        other => (other, None),
    };
    let name = match &budget.name {
        Some(name) => format!("{rule}:{name}"),
        None => rule.to_owned(),
    };
    let says = |file: &&File| of_file(&file.rules, budget) == Some(budget.limit);
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let from = match (files.iter().find(says), options.limit_of(budget.scope), variable) {
        (Some(file), ..) => shown(&file.path),
        (None, Some(option), _) => option.to_owned(),
        (None, None, Some(variable)) if set(&variable) => variable.to_owned(),
        _ => "default".to_owned(),
    };
    Rule { name, value: format!("{} USDC", budget.limit), left: Some(budget.left), from }
}

fn of_file(rules: &PolicyRules, budget: &BudgetState) -> Option<Usdc> {
    let named = budget.name.as_deref().unwrap_or_default();
    match budget.scope {
        "call" => rules.max_cost_per_call,
        "session" => rules.budgets.session,
        "hour" => rules.budgets.hour,
        "day" => rules.budgets.day,
        "model" => rules.budgets.models.get(named).copied(),
        _ => rules.budgets.origins.get(named).copied(),
    }
}

fn networks(policy: &Policy, files: &[File]) -> Rule {
    let names: Vec<_> = policy.networks.iter().map(|network| network.caip2).collect();
    let from = named(files, |rules| rules.networks.is_some());
    Rule { name: "networks".to_owned(), value: names.join(" "), left: None, from }
}

fn payees(policy: &Policy, files: &[File]) -> Rule {
    let value = match &policy.payees {
        PayeeRule::Only(accounts) => {
            accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        PayeeRule::PinOnFirstUse => "pin".to_owned(),
        _ => "any".to_owned(),
    };
    let from = named(files, |rules| rules.payees.is_some() || rules.pin_payees);
    Rule { name: "payees".to_owned(), value, left: None, from }
}

/// The files that say something of a rule, which hold together; else the default.
fn named(files: &[File], says: impl Fn(&PolicyRules) -> bool) -> String {
    let paths = files.iter().filter(|file| says(&file.rules)).map(|file| shown(&file.path));
    let paths: Vec<_> = paths.collect();
    if paths.is_empty() { "default".to_owned() } else { paths.join(", ") }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
