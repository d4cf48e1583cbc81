//! The paths where something is sold.

use blockrun_llm::{
    Usdc,
    quote::{PriceRule, Rates},
};
use serde_json::{Value, json};

use super::bazaar;
use crate::{
    catalog::{Catalog, Model, Price},
    chat::MAX_CHOICES,
    images::MAX_PICTURES,
    stock::Stock,
};

/// A path where something is sold, to be asked by `POST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Images,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 2] = [Self::Chat, Self::Images];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/api/v1/chat/completions",
            Self::Images => "/api/v1/images/generations",
        }
    }

    /// The models that it is asked for, in the order of the catalog.
    pub(crate) fn models(self, catalog: &Catalog) -> impl Iterator<Item = &Model> {
        catalog.listed().filter(move |model| model.is_image() == (self == Self::Images))
    }

    /// What is sold, for people and for those who search.
    pub(crate) fn description(self, catalog: &Catalog) -> String {
        let names: Vec<_> = self.models(catalog).map(|model| model.name.as_str()).collect();
        let (what, names) = match self {
            Self::Chat => ("Chat completions (LLM) in OpenAI's form, streamed or whole", names),
            Self::Images => ("Image generation in OpenAI's form", names),
        };
        format!("{what}: {}", names.join(", "))
    }

    /// JSON Schema of the body of a whole answer.
    pub(crate) fn input_schema(self, catalog: &Catalog) -> Value {
        let models = self.models(catalog).map(|model| model.id.clone()).collect();
        let mut declared = bazaar::with_models(self, models);
        let mut body = declared["schema"]["properties"]["input"]["properties"]["body"].take();
        body["properties"].as_object_mut().map(|fields| fields.remove("stream"));
        body
    }

    /// The least and the most that one call costs; `None` when nothing that costs is sold. The most
    /// is what no call exceeds, whether or not one can reach it.
    pub(crate) fn prices(self, stock: &Stock) -> Option<(Usdc, Usdc)> {
        let paid = self.models(&stock.catalog).filter_map(|model| range(&stock.rule, model));
        paid.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

fn range(rule: &PriceRule, model: &Model) -> Option<(Usdc, Usdc)> {
    match &model.price {
        Price::Free => None,
        Price::Tokens { input, output } => {
            let rates = Rates { input: *input, output: *output };
            Some((rule.floor, most(rule, rates, model)?))
        }
        Price::Pictures(kinds) => {
            let price = |kind: &_, count| {
                let crate::catalog::PictureKind { price, .. } = kind;
                rule.images(count, Usdc::from_micro(u128::from(*price))).ok()
            };
            let least = kinds.iter().filter_map(|kind| price(kind, 1)).min()?;
            let most = kinds.iter().filter_map(|kind| price(kind, MAX_PICTURES)).max()?;
            Some((least, most))
        }
    }
}

/// All answers as long as they may be, and a prompt that fills the context.
fn most(rule: &PriceRule, rates: Rates, model: &Model) -> Option<Usdc> {
    let price = |rule: &PriceRule, choices: u64, tokens: u64, rates: Rates| {
        let body = json!({"n": choices, "max_tokens": tokens}).to_string();
        Some(rule.chat(&body, rates, tokens).ok()?.amount)
    };
    let answers = price(rule, MAX_CHOICES, model.max_output, rates)?;
    // The rule has no way to be told of input tokens: they are priced as output at their own rate.
    let whole = PriceRule { output_permille: 1_000, ..*rule };
    let as_output = Rates { input: 0, output: rates.input };
    answers.checked_add(price(&whole, 1, model.context, as_output)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_enclose_what_calls_cost() {
        let rule = PriceRule::default();
        let catalog = Catalog::built_in().unwrap();
        let model = |id: &str| catalog.get(id).unwrap();
        // (128,000 x 150,000 + 8 x 16,384 x 600,000) x 1.1 / 10^6 = 107,626.3, and a token of input.
        let (least, most) = range(&rule, model("gpt-4o-mini")).unwrap();
        assert_eq!(least.micro(), 1_000);
        assert!((107_627..107_630).contains(&most.micro()), "{most}");
        let (least, most) = range(&rule, model("dall-e-3")).unwrap();
        assert_eq!((least.micro(), most.micro()), (40_000, 1_200_000));
        assert_eq!(range(&rule, model("gpt-oss-20b")), None);
    }
}
