//! `blockrun models`.

use blockrun_llm::Model;
use serde_json::{Value, json};

use crate::{
    args::ModelsArguments,
    client::ClientArguments,
    output::{Failure, print},
};

/// Lists what the endpoint offers.
pub(crate) async fn run(
    arguments: ModelsArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let models = client.client()?.list_models().await?;
    if arguments.json {
        return print(&json!(models).to_string());
    }
    let width = models.iter().map(|model| model.id.len()).max().unwrap_or_default();
    for model in &models {
        print(&format!("{:width$}  {}", model.id, price(model)))?;
    }
    Ok(())
}

/// The published price in words; nothing when the server publishes it in another form.
fn price(model: &Model) -> String {
    let rate = |name: &str| {
        model.fields.get("pricing").and_then(|pricing| pricing.get(name)).and_then(Value::as_f64)
    };
    match (rate("input"), rate("output"), rate("flat")) {
        (_, _, Some(flat)) => format!("${flat} each"),
        (Some(input), Some(output), _) if input + output == 0.0 => "free".to_owned(),
        (Some(input), Some(output), _) => {
            format!("${input} in, ${output} out per million tokens")
        }
        _ => String::new(),
    }
}
