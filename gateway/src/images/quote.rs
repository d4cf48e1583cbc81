//! What pictures cost, by price rule `q1`: their number times the price of one.

use std::collections::BTreeSet;

use blockrun_llm::{Usdc, quote::PriceRule};

use super::ImageRequest;
use crate::{
    catalog::{Model, PictureKind, Price},
    problem::Problem,
};

/// A price, and what is drawn for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageQuote {
    pub(crate) amount: Usdc,
    pub(crate) kind: PictureKind,
}

/// Prices a request for a model that draws.
pub(crate) fn quote(
    rule: &PriceRule,
    model: &Model,
    request: &ImageRequest,
) -> Result<ImageQuote, Problem> {
    let Price::Pictures(kinds) = &model.price else { return Err(not_an_image_model(model)) };
    let kind = kind(model, kinds, request)?.clone();
    let amount = rule.images(request.count, Usdc::from_micro(kind.price.into()));
    let amount = amount.map_err(|error| Problem::invalid("invalid_value", error.to_string()))?;
    Ok(ImageQuote { amount, kind })
}

/// The kind of that size and quality; what the request leaves open is as the model's first.
fn kind<'a>(
    model: &Model,
    kinds: &'a [PictureKind],
    request: &ImageRequest,
) -> Result<&'a PictureKind, Problem> {
    let sizes = kinds.iter().map(|kind| kind.size.to_string());
    let qualities = kinds.iter().map(|kind| kind.quality.clone());
    let size = pick(model, "size", request.size.as_ref(), sizes)?;
    let quality = pick(model, "quality", request.quality.as_ref(), qualities)?;
    let wanted = |kind: &&PictureKind| kind.size.to_string() == size && kind.quality == quality;
    kinds.iter().find(wanted).ok_or_else(|| {
        let message = format!("{} does not draw {size} in quality {quality}.", model.id);
        Problem::invalid("invalid_value", message).at("size")
    })
}

/// What was asked for, if it is among what is offered; the first of these without a wish.
fn pick(
    model: &Model,
    field: &str,
    asked: Option<&String>,
    mut offered: impl Iterator<Item = String> + Clone,
) -> Result<String, Problem> {
    let all = offered.clone();
    let found = offered.find(|one| asked.is_none_or(|asked| asked == one));
    found.ok_or_else(|| {
        let all = all.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        let asked: String = asked.map_or("", String::as_str).chars().take(60).collect();
        let message = format!("{field} {asked:?} is not drawn by {}; it draws {all}.", model.id);
        Problem::invalid("invalid_value", message).at(field)
    })
}

fn not_an_image_model(model: &Model) -> Problem {
    let message = format!(
        "{} writes text and cannot draw; choose a model that /api/v1/models lists with category \
         image, such as openai/dall-e-3",
        model.id
    );
    Problem::invalid("model_not_supported", message).at("model")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::Catalog;

    fn price(fields: Value) -> Result<ImageQuote, Problem> {
        let mut body = json!({"model": "dall-e-3", "prompt": "a"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request = ImageRequest::parse(body.to_string().as_bytes()).unwrap();
        let catalog = Catalog::built_in().unwrap();
        quote(&PriceRule::default(), catalog.get(&request.model).unwrap(), &request)
    }

    #[test]
    fn a_price_is_the_number_times_the_price_of_one() {
        for (fields, micro, size) in [
            (json!({}), 40_000, "1024x1024"),
            (json!({"n": 3}), 120_000, "1024x1024"),
            (json!({"quality": "hd"}), 80_000, "1024x1024"),
            (json!({"size": "1792x1024", "quality": "hd", "n": 10}), 1_200_000, "1792x1024"),
            (json!({"model": "stability/stable-diffusion-3"}), 65_000, "1024x1024"),
            (json!({"model": "flux", "size": "768x1344", "n": 2}), 80_000, "768x1344"),
        ] {
            let quote = price(fields).unwrap();
            assert_eq!((quote.amount.micro(), quote.kind.size.to_string()), (micro, size.into()));
        }
    }

    #[test]
    fn what_is_not_drawn_is_said_with_what_is() {
        for (fields, param, hint) in [
            (json!({"size": "10x10"}), "size", "1024x1024, 1024x1792, 1792x1024"),
            (json!({"quality": "best"}), "quality", "hd, standard"),
            (json!({"model": "flux", "quality": "hd"}), "quality", "standard"),
            (json!({"model": "gpt-4o"}), "model", "openai/dall-e-3"),
        ] {
            let error = price(fields).unwrap_err().error_object();
            assert_eq!(error["param"], param);
            assert!(error["message"].as_str().unwrap().contains(hint), "{error}");
        }
    }
}
