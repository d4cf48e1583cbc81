//! What a chat request costs, by price rule `q1`.

use blockrun_llm::{
    Usdc,
    quote::{DEFAULT_MAX_TOKENS, PriceRule, Rates},
};

use crate::{
    catalog::{Model, Price},
    chat::ChatRequest,
    problem::Problem,
};

/// A price, and the counts behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    /// `None` for a free model.
    pub(crate) amount: Option<Usdc>,
    /// Tokens of the prompt.
    pub(crate) input_tokens: u64,
    /// Tokens that each answer may have.
    pub(crate) max_output: u64,
}

/// Prices a request for a model that writes text.
pub(crate) fn quote(
    rule: &PriceRule,
    model: &Model,
    chat: &ChatRequest,
    body: &[u8],
) -> Result<Quote, Problem> {
    let rates = match &model.price {
        Price::Tokens { input, output } => Rates { input: *input, output: *output },
        Price::Free => Rates { input: 0, output: 0 },
        Price::Pictures(_) => return Err(not_a_chat_model(model)),
    };
    let text = std::str::from_utf8(body)
        .map_err(|_| Problem::invalid("invalid_body", "the body must be UTF-8").at("body"))?;
    let price = rule
        .chat(text, rates, model.max_output)
        .map_err(|error| Problem::invalid("invalid_body", error.to_string()).at("body"))?;
    let max_output = chat.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS).min(model.max_output);
    if price.input_tokens.saturating_add(max_output) > model.context {
        return Err(too_long(model, price.input_tokens, max_output));
    }
    let amount = (model.price != Price::Free).then_some(price.amount);
    Ok(Quote { amount, input_tokens: price.input_tokens, max_output })
}

fn not_a_chat_model(model: &Model) -> Problem {
    let message = format!(
        "{} draws images and cannot chat; choose a model that /api/v1/models lists with category \
         chat, such as openai/gpt-4o-mini",
        model.id
    );
    Problem::invalid("model_not_supported", message).at("model")
}

fn too_long(model: &Model, input: u64, output: u64) -> Problem {
    let message = format!(
        "{} has a context of {} tokens, but the prompt has about {input} and the answer may have \
         {output}; shorten messages or lower max_tokens",
        model.id, model.context
    );
    Problem::invalid("context_length_exceeded", message).at("messages")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::Catalog;

    fn price(model: &str, content: &str, max_tokens: u64) -> Result<Quote, Problem> {
        let body = json!({
            "model": model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": max_tokens,
        })
        .to_string();
        let chat = ChatRequest::parse(body.as_bytes()).unwrap();
        let catalog = Catalog::built_in().unwrap();
        quote(&PriceRule::default(), catalog.get(model).unwrap(), &chat, body.as_bytes())
    }

    /// The numbers of the README.
    #[test]
    fn the_worked_example_is_true() {
        let readme = include_str!("../README.md");
        let quote = price("gpt-4o", "Hello!", 1_000).unwrap();
        assert_eq!((quote.input_tokens, quote.max_output), (13, 1_000));
        assert_eq!(quote.amount.unwrap().micro(), 11_036);
        let expected =
            "(13 × 2,500,000 + 1,000 × 10,000,000) × 11,000 / 10^10 = 11,035.75 → 11,036";
        assert!(readme.contains(expected));
    }

    #[test]
    fn a_long_answer_is_clamped_and_a_long_prompt_refused() {
        assert_eq!(price("gpt-4o-mini", "Hi", 1_000_000).unwrap().max_output, 16_384);
        let problem = price("gpt-4o-mini", &"x".repeat(600_000), 16).unwrap_err();
        assert_eq!(problem.error_object()["code"], "context_length_exceeded");
    }

    #[test]
    fn free_is_free_and_images_are_not_chat() {
        assert_eq!(price("gpt-oss-20b", "Hi", 9).unwrap().amount, None);
        let problem = price("dall-e-3", "Hi", 9).unwrap_err();
        assert!(problem.error_object()["message"].as_str().unwrap().contains("draws images"));
    }
}
