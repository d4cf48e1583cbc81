//! What each tool does.

use blockrun_llm::{LLMClient, Model, Result, journal::PaymentFilter};
use rmcp::{
    RoleServer,
    model::{CallToolResult, ContentBlock},
    service::RequestContext,
};
use serde_json::Value;

use super::{
    input::{ChatInput, ImageInput, ModelsInput, PaymentsInput, QuoteInput},
    output::{
        ChatOutput, ImageOutput, LimitRow, ModelRow, ModelsOutput, Paid, PaymentRow,
        PaymentsOutput, QuoteOutput, SpendingOutput, WalletOutput,
    },
    progress::Progress,
    reply::answered,
};

/// Models that are listed unless more are asked for.
const MODELS: usize = 50;
/// Payments that are listed unless more are asked for.
const PAYMENTS: usize = 20;

pub(super) async fn chat(
    client: &LLMClient,
    input: ChatInput,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult> {
    let answer = Progress::new(context).chat(client, &input.request()).await?;
    let text = answer.text();
    let output = ChatOutput {
        text: text.clone(),
        model: answer.model.clone(),
        finish_reason: answer.choices.first().and_then(|choice| choice.finish_reason.clone()),
        paid: Paid::of(client, answer.receipt.as_ref()).await,
    };
    Ok(answered(vec![ContentBlock::text(text)], &output))
}

pub(super) async fn image(
    client: &LLMClient,
    input: ImageInput,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult> {
    let request = input.request();
    let work = Box::pin(client.image(&request));
    let answer = Progress::new(context).during("waiting for the pictures", work).await?;
    let paid = Paid::of(client, answer.receipt.as_ref()).await;
    let urls: Vec<String> = answer.data.iter().filter_map(|image| image.url.clone()).collect();
    let mut content: Vec<ContentBlock> = answer
        .data
        .iter()
        .filter_map(|image| image.b64_json.clone())
        .map(|data| {
            let kind = kind_of(&data);
            ContentBlock::image(data, kind)
        })
        .collect();
    content.push(ContentBlock::text(match urls.is_empty() {
        true => format!("{} pictures for {} USDC", answer.data.len(), paid.cost_usd),
        false => urls.join("\n"),
    }));
    let output = ImageOutput { images: answer.data.len(), urls, paid };
    Ok(answered(content, &output))
}

/// What kind of file it is, by how it begins in base64.
fn kind_of(data: &str) -> &'static str {
    match data {
        data if data.starts_with("/9j/") => "image/jpeg",
        data if data.starts_with("UklGR") => "image/webp",
        data if data.starts_with("R0lGOD") => "image/gif",
        _ => "image/png",
    }
}

pub(super) async fn quote(client: &LLMClient, input: QuoteInput) -> Result<CallToolResult> {
    let quote = client.quote(&input.request()).await?;
    let output = QuoteOutput::of(client, quote.model, quote.amount).await?;
    let within = if output.within_limits { "within the limits" } else { "OVER THE LIMITS" };
    let text = format!("{} USDC for {}, {within}", output.cost_usd, output.model);
    Ok(answered(vec![ContentBlock::text(text)], &output))
}

pub(super) async fn models(client: &LLMClient, input: ModelsInput) -> Result<CallToolResult> {
    let wanted = input.search.unwrap_or_default().to_lowercase();
    let fits = |row: &ModelRow| {
        let category = input.category.as_deref();
        let of_category = category.is_none_or(|one| row.categories.iter().any(|had| had == one));
        let text = format!("{} {}", row.id, row.description).to_lowercase();
        of_category && text.contains(&wanted)
    };
    let rows = client.list_models().await?.iter().map(row).filter(fits).collect::<Vec<_>>();
    let found = rows.len();
    let models: Vec<ModelRow> = rows.into_iter().take(input.limit.unwrap_or(MODELS)).collect();
    let mut lines: Vec<String> = models
        .iter()
        .map(|row| format!("{}  {}  {}", row.id, row.pricing, row.description))
        .collect();
    lines.push(format!("{} of {found}", models.len()));
    Ok(answered(vec![ContentBlock::text(lines.join("\n"))], &ModelsOutput { models, found }))
}

fn row(model: &Model) -> ModelRow {
    let text = |name: &str| model.fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let categories = model.fields.get("categories").and_then(Value::as_array);
    let words = categories.into_iter().flatten().filter_map(Value::as_str);
    ModelRow {
        id: model.id.clone(),
        description: format!("{} {}", text("name"), text("description")).trim().to_owned(),
        pricing: model.fields.get("pricing").cloned().unwrap_or_default(),
        categories: words.map(str::to_owned).collect(),
    }
}

pub(super) async fn wallet(client: &LLMClient) -> Result<CallToolResult> {
    let budgets = client.budgets().await?;
    let (balance, trouble) = match client.balance(None).await {
        Ok(balance) => (Some(balance.to_string()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let output = WalletOutput {
        address: client.address().map(|address| address.to_string()).unwrap_or_default(),
        network: client.network().caip2.to_owned(),
        testnet: client.is_testnet(),
        balance_usd: balance,
        balance_error: trouble,
        endpoint: client.api_url().to_owned(),
        how_to_fund: client.funding(None).ok().map(|funding| funding.instructions()),
        limits: budgets.iter().map(LimitRow::from).collect(),
    };
    let holds = match &output.balance_usd {
        Some(balance) => format!("holds {balance} USDC"),
        None => "balance not known".to_owned(),
    };
    let text =
        format!("{} on {}, {holds}\n{}", output.address, output.network, limits(&output.limits));
    Ok(answered(vec![ContentBlock::text(text)], &output))
}

pub(super) async fn spending(client: &LLMClient) -> Result<CallToolResult> {
    let output = SpendingOutput::of(&client.spending().await?, &client.budgets().await?);
    let text = format!(
        "{} USDC in {} calls of this session\n{}",
        output.spent_usd,
        output.calls,
        limits(&output.limits)
    );
    Ok(answered(vec![ContentBlock::text(text)], &output))
}

pub(super) async fn payments(client: &LLMClient, input: PaymentsInput) -> Result<CallToolResult> {
    let filter = PaymentFilter {
        state: input.state.map(Into::into),
        limit: Some(input.limit.unwrap_or(PAYMENTS)),
        ..PaymentFilter::default()
    };
    let payments: Vec<PaymentRow> =
        client.payments(filter).await?.into_iter().map(PaymentRow::from).collect();
    let line = |one: &PaymentRow| {
        let model = one.model.as_deref().unwrap_or("-");
        format!("{}  {}  {} USDC  {model}", one.payment_id, one.state, one.amount_usd)
    };
    let text = match payments.is_empty() {
        true => "no payments".to_owned(),
        false => payments.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(answered(vec![ContentBlock::text(text)], &PaymentsOutput { payments }))
}

fn limits(limits: &[LimitRow]) -> String {
    let line = |row: &LimitRow| {
        let name = row.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("limit per {}{name}: {} USDC, {} left", row.scope, row.limit_usd, row.left_usd)
    };
    limits.iter().map(line).collect::<Vec<_>>().join("\n")
}
