//! What can be bought elsewhere, and buying it.

use blockrun_llm::{
    DiscoverOptions, Resource, Usdc, discovery::ResourceOffer, error::Result as CoreResult,
};
use napi::{
    Either, Env,
    bindgen_prelude::{BigInt, ClassInstance, PromiseRaw, Result},
};
use napi_derive::napi;
use serde_json::Value;

use crate::{
    cancel::{CancelHandle, cancellable},
    client::{NativeClient, is_account},
    convert::{dollars, duration, whole},
    errors::core,
    output::{ApiOutput, micro},
    request::ApiInput,
};

/// What is looked for, and where.
#[napi(object, object_to_js = false)]
pub struct DiscoverInput {
    pub query: Option<String>,
    pub url: Option<String>,
    pub network: Option<String>,
    /// Dollars.
    pub max_price: Option<Either<f64, String>>,
    pub limit: Option<f64>,
    /// Milliseconds.
    pub timeout: Option<f64>,
}

impl DiscoverInput {
    fn into_options(self) -> CoreResult<DiscoverOptions> {
        Ok(DiscoverOptions {
            url: self.url,
            query: self.query,
            network: self.network,
            max_price: dollars("max_price", self.max_price)?,
            limit: self.limit.map(|limit| whole(limit) as usize),
            timeout: duration("timeout", self.timeout)?,
        })
    }
}

/// A resource of a listing.
#[napi(object, object_from_js = false)]
pub struct ResourceOutput {
    pub url: String,
    pub kind: String,
    pub method: Option<String>,
    pub description: Option<String>,
    pub service_name: Option<String>,
    pub tags: Vec<String>,
    pub mime_type: Option<String>,
    pub last_updated: Option<String>,
    pub accepts: Vec<OfferOutput>,
    pub price_usd: Option<f64>,
    pub price_micro: Option<BigInt>,
    /// JSON.
    pub input_schema: Option<String>,
    /// JSON.
    pub input_example: Option<String>,
}

impl ResourceOutput {
    fn new(resource: Resource, network: Option<&str>) -> Self {
        let price = resource.price(network);
        let text = |value: Option<Value>| value.map(|value| value.to_string());
        Self {
            url: resource.url,
            kind: resource.kind,
            method: resource.method,
            description: resource.description,
            service_name: resource.service_name,
            tags: resource.tags,
            mime_type: resource.mime_type,
            last_updated: resource.last_updated,
            accepts: resource.accepts.into_iter().map(Into::into).collect(),
            price_usd: price.map(Usdc::dollars),
            price_micro: price.map(micro),
            input_schema: text(resource.input_schema),
            input_example: text(resource.input_example),
        }
    }
}

/// A way to pay for it.
#[napi(object, object_from_js = false)]
pub struct OfferOutput {
    pub scheme: String,
    pub network: String,
    pub asset: String,
    pub pay_to: String,
    pub amount_usd: Option<f64>,
    pub amount_micro: Option<BigInt>,
}

impl From<ResourceOffer> for OfferOutput {
    fn from(offer: ResourceOffer) -> Self {
        let ResourceOffer { scheme, network, asset, pay_to, amount } = offer;
        Self {
            scheme,
            network,
            asset,
            pay_to,
            amount_usd: amount.map(Usdc::dollars),
            amount_micro: amount.map(micro),
        }
    }
}

#[napi]
impl NativeClient {
    /// Resources that can be paid for.
    #[napi(catch_unwind)]
    pub fn discover<'env>(
        &self,
        env: &'env Env,
        input: DiscoverInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, Vec<ResourceOutput>>> {
        let (client, options) = (self.client()?, core(input.into_options())?);
        let call = async move {
            let found = core(client.discover(&options).await)?;
            let shown = |resource| ResourceOutput::new(resource, options.network.as_deref());
            Ok(found.into_iter().map(shown).collect())
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The whole answer of any address.
    #[napi(catch_unwind)]
    pub fn request_at<'env>(
        &self,
        env: &'env Env,
        url: String,
        input: ApiInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ApiOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move {
            let response = core(client.request_at(&url, request).await)?;
            Ok(ApiOutput::new(&response, is_account(&client)))
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }
}
