//! `blockrun models`.

use std::cmp::Ordering;

use blockrun_llm::Model;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    client::ClientArguments,
    output::{Failure, print, remark},
    table::{Align, lines},
    terminal::{plain, width},
};

/// List the models and their prices.
#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// Only models in whose id, name or categories these words are, all of them.
    #[arg(short, long, value_name = "WORDS")]
    filter: Option<String>,
    /// In this order [default: the server's].
    #[arg(short, long, value_enum)]
    sort: Option<Order>,
    /// Print JSON, as the server publishes it.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    /// Cheapest first: chats by a million tokens in and out, then pictures.
    Price,
    /// By their ids.
    Name,
    /// Longest context first.
    Context,
}

/// Lists what the endpoint offers.
pub(crate) async fn run(
    arguments: ModelsArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let mut models = client.looking()?.list_models().await?;
    if let Some(words) = &arguments.filter {
        models.retain(|model| has(model, words));
    }
    if let Some(order) = arguments.sort {
        models.sort_by(|one, other| compared(order, one, other));
    }
    if arguments.json {
        return print(&json!(models).to_string());
    }
    if models.is_empty() {
        return remark("no model fits; `blockrun models` lists all");
    }
    let heads = ["MODEL", "CONTEXT", "IN", "OUT", "KIND"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(models.iter().map(row)).collect();
    let columns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    for line in lines(&columns, &rows, width()) {
        print(&line)?;
    }
    remark("Dollars per million tokens in and out, or for each picture.")
}

/// What the server may have called otherwise is left empty.
fn row(model: &Model) -> Vec<String> {
    let (input, output) = match (rate(model, "flat"), rate(model, "input"), rate(model, "output")) {
        (Some(flat), ..) => (String::new(), format!("{flat} each")),
        (None, Some(input), Some(output)) if input + output == 0.0 => {
            (String::new(), "free".to_owned())
        }
        (None, input, output) => (dollars(input), dollars(output)),
    };
    let context = match context(model) {
        0 => String::new(),
        tokens if tokens.is_multiple_of(1_000) => format!("{}k", tokens / 1_000),
        tokens => tokens.to_string(),
    };
    let row = [model.id.clone(), context, input, output, words(model, "categories").join(" ")];
    row.map(|cell| plain(&cell).into_owned()).to_vec()
}

fn dollars(rate: Option<f64>) -> String {
    rate.map(|rate| rate.to_string()).unwrap_or_default()
}

fn rate(model: &Model, name: &str) -> Option<f64> {
    model.fields.get("pricing")?.get(name)?.as_f64()
}

fn context(model: &Model) -> u64 {
    model.fields.get("context_window").and_then(Value::as_u64).unwrap_or_default()
}

fn words<'a>(model: &'a Model, field: &str) -> Vec<&'a str> {
    let list = model.fields.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn has(model: &Model, wanted: &str) -> bool {
    let name = model.fields.get("name").and_then(Value::as_str).unwrap_or_default();
    let text = format!("{} {name} {}", model.id, words(model, "categories").join(" "));
    let text = text.to_lowercase();
    wanted.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn compared(order: Order, one: &Model, other: &Model) -> Ordering {
    let by_id = || one.id.cmp(&other.id);
    match order {
        Order::Name => by_id(),
        Order::Context => context(other).cmp(&context(one)).then_with(by_id),
        Order::Price => {
            let ((kind, price), (other_kind, other_price)) = (price(one), price(other));
            kind.cmp(&other_kind).then(price.total_cmp(&other_price)).then_with(by_id)
        }
    }
}

/// Chats, then pictures, then what has no price that is understood; each by its own measure.
fn price(model: &Model) -> (u8, f64) {
    match (rate(model, "flat"), rate(model, "input"), rate(model, "output")) {
        (Some(flat), ..) => (1, flat),
        (None, Some(input), Some(output)) => (0, input + output),
        _ => (2, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(json: Value) -> Model {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn models_are_sorted_and_found() {
        let small = model(json!({"id": "a/small", "pricing": {"input": 0.1, "output": 0.2},
            "context_window": 8192, "categories": ["chat"]}));
        let free = model(json!({"id": "b/free", "pricing": {"input": 0, "output": 0},
            "context_window": 128_000, "categories": ["chat", "coding"], "name": "Free Coder"}));
        let picture = model(json!({"id": "c/draw", "pricing": {"flat": 0.01}}));
        let odd = model(json!({"id": "0/odd", "pricing": "ask"}));
        let sorted = |order| {
            let mut all = [&odd, &picture, &free, &small];
            all.sort_by(|one, other| compared(order, one, other));
            all.map(|model| model.id.as_str())
        };
        assert_eq!(sorted(Order::Price), ["b/free", "a/small", "c/draw", "0/odd"]);
        assert_eq!(sorted(Order::Name), ["0/odd", "a/small", "b/free", "c/draw"]);
        assert_eq!(sorted(Order::Context), ["b/free", "a/small", "0/odd", "c/draw"]);
        assert!(has(&free, "CODING free") && has(&free, "coder") && !has(&free, "free small"));
        assert_eq!(row(&free), ["b/free", "128k", "", "free", "chat coding"]);
        assert_eq!(row(&picture)[3], "0.01 each");
        assert_eq!(row(&small), ["a/small", "8192", "0.1", "0.2", "chat"]);
        assert_eq!(row(&odd), ["0/odd", "", "", "", ""]);
    }
}
