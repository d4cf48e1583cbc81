//! Cases and their results.

use std::{collections::BTreeMap, time::Duration};

use conformance::Report;

/// One row: a case, run once or at many places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) runs: usize,
    pub(crate) transfers: usize,
    /// What callers were told, in order within a run, and in how many runs.
    pub(crate) outcomes: BTreeMap<String, usize>,
    pub(crate) problems: Vec<String>,
    pub(crate) took: Duration,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, place: &str, reports: &[Report], audit: Audit) {
        self.runs += 1;
        self.transfers += audit.transfers;
        let told: Vec<_> = reports.iter().map(Report::outcome).collect();
        let told = match told.len() {
            0..5 => told.join("; then "),
            _ => counted(told),
        };
        let found = audit.problems.into_iter();
        self.problems.extend(found.map(|problem| format!("{place}: {problem} [{told}]")));
        *self.outcomes.entry(told).or_default() += 1;
    }
}

/// What the ledger and the journal say after a run.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) transfers: usize,
    pub(crate) problems: Vec<String>,
}

fn counted(told: Vec<String>) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    for one in told {
        *counts.entry(one).or_default() += 1;
    }
    let lines: Vec<_> = counts.iter().map(|(what, count)| format!("{count} x {what}")).collect();
    lines.join(", ")
}

/// Prints all rows.
pub(crate) fn print(cases: &[Case]) {
    println!("{:<58} {:>6} {:>9} {:>6}  result", "case", "runs", "transfers", "secs");
    for case in cases {
        let Case { name, runs, transfers, problems, took, .. } = case;
        let result = if problems.is_empty() { "ok" } else { "FAILED" };
        let seconds = took.as_secs_f64();
        println!("{name:<58} {runs:>6} {transfers:>9} {seconds:>6.1}  {result}");
        for (told, times) in &case.outcomes {
            println!("    {times:>6} x {told}");
        }
        for problem in problems.iter().take(5) {
            println!("    !! {problem}");
        }
    }
    let sum = |of: fn(&Case) -> usize| cases.iter().map(of).sum::<usize>();
    let failed = cases.iter().filter(|case| !case.problems.is_empty()).count();
    println!(
        "{} cases, {} runs, {} transfers, {failed} failed",
        cases.len(),
        sum(|case| case.runs),
        sum(|case| case.transfers)
    );
}
