//! `blockrun spend`: what the journal of the wallet home adds up to.

use std::{
    cmp::Reverse,
    io::{IsTerminal, stdout},
};

use blockrun_llm::{
    Usdc,
    journal::{PaymentFilter, PaymentSum, SumBy, SumOf},
    money::MICRO_PER_USDC,
};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::{
    client::ClientArguments,
    output::{Failure, print, quoted, remark},
    table::{Align, lines},
    terminal::{plain, width},
    when,
};

/// The widest and the narrowest that a bar gets.
const BAR: std::ops::RangeInclusive<usize> = 8..=40;

/// Add up what was spent from this wallet home, by whatever program. Days are those of UTC.
#[derive(Debug, Args)]
pub(crate) struct SpendArguments {
    /// What there is a line for each of.
    #[arg(long, value_enum, default_value_t = By::Day)]
    by: By,
    /// From then on: a day (2026-01-31), a while (7d, 24h) or Unix seconds [default: everything].
    #[arg(long, value_name = "TIME", value_parser = when::since)]
    since: Option<u64>,
    /// For this model only.
    #[arg(long)]
    model: Option<String>,
    /// Paid at this server only.
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// Comma-separated values with a line of names. Amounts are whole micro-USDC.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// One JSON object. Amounts are whole micro-USDC.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Day,
    Model,
    Origin,
}

impl From<By> for SumBy {
    fn from(by: By) -> Self {
        match by {
            By::Day => Self::Day,
            By::Model => Self::Model,
            By::Origin => Self::Origin,
        }
    }
}

/// What was spent on one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Sum {
    /// Payments that count.
    payments: u64,
    /// Settled.
    #[serde(rename = "spent_micro")]
    spent: Usdc,
    /// Sent, and not known to be settled: it counts in the limits too.
    #[serde(rename = "open_micro")]
    open: Usdc,
}

impl Sum {
    fn add(&mut self, other: &PaymentSum) {
        self.payments += other.payments;
        self.spent = self.spent.saturating_add(other.settled);
        self.open = self.open.saturating_add(other.open);
    }

    const fn all(&self) -> Usdc {
        self.spent.saturating_add(self.open)
    }
}

/// Prints the sums.
pub(crate) async fn run(arguments: SpendArguments, client: ClientArguments) -> Result<(), Failure> {
    let filter = PaymentFilter {
        since: arguments.since,
        model: arguments.model,
        origin: arguments.origin,
        ..PaymentFilter::default()
    };
    let found = client.looking()?.payment_sums(arguments.by.into(), filter).await?;
    let (sums, total) = added(arguments.by, &found);
    let by = format!("{:?}", arguments.by).to_lowercase();
    match (arguments.json, arguments.csv) {
        (true, _) => {
            let rows = sums.iter().map(|(name, sum)| json!({"name": name, "sum": sum}));
            let rows = rows.map(|mut row| {
                let mut sum = row["sum"].take();
                sum[&by] = row["name"].take();
                sum
            });
            print(&json!({"by": by, "rows": rows.collect::<Vec<_>>(), "total": total}).to_string())
        }
        (false, true) => csv(&by, &sums),
        (false, false) => table(&sums, &total),
    }
}

/// The sums, days in their order and everything else by its weight; and all of them together.
fn added(by: By, found: &[PaymentSum]) -> (Vec<(String, Sum)>, Sum) {
    let (mut sums, mut total) = (Vec::new(), Sum::default());
    for one in found {
        let mut sum = Sum::default();
        sum.add(one);
        total.add(one);
        sums.push((name(&one.of), sum));
    }
    if by != By::Day {
        sums.sort_by_key(|(_, sum)| Reverse(sum.all()));
    }
    (sums, total)
}

fn name(of: &SumOf) -> String {
    match of {
        SumOf::Day(begins) => when::day(*begins),
        SumOf::Model(model) => model.clone().unwrap_or_else(|| "-".to_owned()),
        SumOf::Origin(origin) => server(origin),
    }
}

/// An origin as people write it: without the port that goes without saying. A server of tools may have
/// a name instead of an address, and no port.
fn server(origin: &str) -> String {
    match Url::parse(origin).map(|url| url.origin()) {
        Ok(origin) if origin.is_tuple() => origin.ascii_serialization(),
        _ => origin.trim_end_matches(":0").to_owned(),
    }
}

fn csv(by: &str, sums: &[(String, Sum)]) -> Result<(), Failure> {
    print(&format!("{by},payments,spent_micro,open_micro"))?;
    for (name, Sum { payments, spent, open }) in sums {
        print(&format!("{},{payments},{},{}", quoted(name), spent.micro(), open.micro()))?;
    }
    Ok(())
}

fn table(sums: &[(String, Sum)], total: &Sum) -> Result<(), Failure> {
    if sums.is_empty() {
        return remark("nothing was spent");
    }
    let cells = |(name, sum): &(String, Sum)| {
        vec![plain(name).into_owned(), sum.payments.to_string(), to_the_micro(sum.all())]
    };
    let mut rows: Vec<_> = sums.iter().map(cells).collect();
    rows.push(cells(&("total".to_owned(), total.clone())));
    let columns = [Align::Left, Align::Right, Align::Right];
    let most = sums.iter().map(|(_, sum)| sum.all()).max().unwrap_or_default();
    let printed = lines(&columns, &rows, None);
    let longest = printed.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let room =
        width().filter(|_| stdout().is_terminal()).map(|width| width.saturating_sub(longest + 8));
    for (index, line) in printed.iter().enumerate() {
        let bar = match (room, sums.get(index)) {
            (Some(room), Some((_, sum))) if room >= *BAR.start() => {
                bar(sum.all(), most, room.min(*BAR.end()))
            }
            _ => String::new(),
        };
        print(format!("{line} USDC  {bar}").trim_end())?;
    }
    match total.open {
        Usdc::ZERO => Ok(()),
        open => remark(&format!(
            "{open} USDC of it is not known to be settled; `blockrun payments reconcile` asks the chain"
        )),
    }
}

/// All six decimals, so that amounts below each other can be compared.
fn to_the_micro(amount: Usdc) -> String {
    let micro = amount.micro();
    format!("{}.{:06}", micro / MICRO_PER_USDC, micro % MICRO_PER_USDC)
}

/// As long as the amount is large, in eighths of a sign.
fn bar(amount: Usdc, most: Usdc, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = u128::try_from(width * 8).unwrap_or_default();
    let length = amount.micro().saturating_mul(eighths).div_ceil(most.micro().max(1)).min(eighths);
    let length = usize::try_from(length).unwrap_or_default();
    format!("{}{}", "█".repeat(length / 8), EIGHTHS[length % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(of: SumOf, payments: u64, settled: u128, open: u128) -> PaymentSum {
        let (settled, open) = (Usdc::from_micro(settled), Usdc::from_micro(open));
        PaymentSum { of, payments, unresolved: 0, settled, open }
    }

    #[test]
    fn days_keep_their_order_and_the_rest_goes_by_its_weight() {
        let micro = Usdc::from_micro;
        let small = Sum { payments: 1, spent: micro(10), open: micro(0) };
        let large = Sum { payments: 2, spent: micro(40), open: micro(5) };
        let all = Sum { payments: 3, spent: micro(50), open: micro(5) };
        let days = [sum(SumOf::Day(0), 1, 10, 0), sum(SumOf::Day(86_400), 2, 40, 5)];
        let told = vec![("1970-01-01".into(), small.clone()), ("1970-01-02".into(), large.clone())];
        assert_eq!(added(By::Day, &days), (told, all.clone()));
        let model = |name: Option<&str>| SumOf::Model(name.map(Into::into));
        let models = [sum(model(None), 1, 10, 0), sum(model(Some("b")), 2, 40, 5)];
        assert_eq!(
            added(By::Model, &models),
            (vec![("b".into(), large), ("-".into(), small)], all)
        );
    }

    #[test]
    fn servers_have_the_names_that_people_write() {
        for (origin, shown) in [
            ("https://a.test:443", "https://a.test"),
            ("http://127.0.0.1:8402", "http://127.0.0.1:8402"),
            ("mcp://weather:0", "mcp://weather"),
        ] {
            assert_eq!(name(&SumOf::Origin(origin.into())), shown);
        }
    }

    #[test]
    fn bars_are_as_long_as_amounts_are_large() {
        let bar = |amount, most| bar(Usdc::from_micro(amount), Usdc::from_micro(most), 4);
        assert_eq!(bar(8, 8), "████");
        assert_eq!(bar(4, 8), "██");
        assert_eq!(bar(1, 16), "▎");
        assert_eq!(bar(1, 1_000_000), "▏", "what was spent is seen");
        assert_eq!(bar(0, 8), "");
    }
}
