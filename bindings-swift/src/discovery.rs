//! What can be bought elsewhere, and buying it.

use std::{sync::Arc, time::Duration};

use blockrun_llm::discovery;
use serde_json::Value;

use crate::{
    api::{ApiRequest, ApiResponse},
    cancel::{CancelHandle, on_runtime},
    client::NativeClient,
    convert::Count,
    error::NativeResult,
    money::Usdc,
};

/// What is looked for, and where. Without any option: all that the client's own server has.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct DiscoverOptions {
    /// Words that must all be in address, description, service name or tags, in any case.
    #[uniffi(default)]
    pub query: Option<String>,
    /// Server that lists resources, a gateway, a facilitator or a catalog, at `/discovery/resources`
    /// of x402. Default: the client's own.
    #[uniffi(default)]
    pub url: Option<String>,
    /// Only what can be paid on this network: a CAIP-2 identifier, or a name of x402 v1.
    #[uniffi(default)]
    pub network: Option<String>,
    /// Only what is offered for at most this much (on that network).
    #[uniffi(default)]
    pub max_price: Option<Usdc>,
    /// Most results, up to 2,000. Default 20.
    #[uniffi(default)]
    pub limit: Option<Count>,
    /// Time for the whole search. Default 30 s.
    #[uniffi(default)]
    pub timeout: Option<Duration>,
}

impl DiscoverOptions {
    fn into_core(self) -> blockrun_llm::error::Result<blockrun_llm::DiscoverOptions> {
        let limit = self.limit.map(|limit| limit.whole("limit")).transpose()?;
        Ok(blockrun_llm::DiscoverOptions {
            url: self.url,
            query: self.query,
            network: self.network,
            max_price: self.max_price.map(Into::into),
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            timeout: self.timeout,
        })
    }
}

/// Something that can be called for a payment.
///
/// All of it is the listing's word, and none of it is checked but its form: texts are at most 2,000
/// characters without control characters, lists have at most 32 entries.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Resource {
    /// Where it is: https, or http on this machine.
    pub url: String,
    /// How it is called, such as `http` or `mcp`.
    pub kind: String,
    /// HTTP method, in capitals, where the listing says it.
    pub method: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Name of the service.
    pub service_name: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What an answer is, as a MIME type.
    pub mime_type: Option<String>,
    /// When the listing last looked at it, as the listing writes it.
    pub last_updated: Option<String>,
    /// How it can be paid.
    pub accepts: Vec<ResourceOffer>,
    /// The least of its prices, of those on the network that was searched for.
    pub price: Option<Usdc>,
    /// JSON Schema of what it takes, as JSON: of the body, or of the query of a request without one.
    pub input_schema: Option<String>,
    /// An example of it, as JSON.
    pub input_example: Option<String>,
}

impl Resource {
    fn of(found: discovery::Resource, network: Option<&str>) -> Self {
        let text = |value: Option<Value>| value.map(|value| value.to_string());
        Self {
            price: found.price(network).map(Into::into),
            url: found.url,
            kind: found.kind,
            method: found.method,
            description: found.description,
            service_name: found.service_name,
            tags: found.tags,
            mime_type: found.mime_type,
            last_updated: found.last_updated,
            accepts: found.accepts.into_iter().map(Into::into).collect(),
            input_schema: text(found.input_schema),
            input_example: text(found.input_example),
        }
    }
}

/// A way to pay for a resource. What a call really costs is in its 402.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ResourceOffer {
    /// Scheme of x402, such as `exact`.
    pub scheme: String,
    /// A CAIP-2 identifier, or a name of x402 v1.
    pub network: String,
    /// Token contract.
    pub asset: String,
    /// Account that is paid.
    pub pay_to: String,
    /// Price; nothing where the token is not the USDC of a network that we know.
    pub amount: Option<Usdc>,
}

impl From<discovery::ResourceOffer> for ResourceOffer {
    fn from(offer: discovery::ResourceOffer) -> Self {
        let discovery::ResourceOffer { scheme, network, asset, pay_to, amount } = offer;
        Self { scheme, network, asset, pay_to, amount: amount.map(Into::into) }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl NativeClient {
    /// Finds resources that can be paid for.
    ///
    /// # Errors
    /// `InvalidArgument`, `ApiError`, `ApiConnection` or `ApiTimeout`.
    #[uniffi::method(default(cancel = None))]
    pub async fn discover(
        &self,
        options: DiscoverOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Vec<Resource>> {
        let (client, options) = (self.0.clone(), options.into_core()?);
        let network = options.network.clone();
        let found = on_runtime(cancel, async move { client.discover(&options).await }).await?;
        Ok(found.into_iter().map(|one| Resource::of(one, network.as_deref())).collect())
    }

    /// Sends a request, whose path is empty, to a whole address.
    ///
    /// # Errors
    /// As `request`.
    #[uniffi::method(default(cancel = None))]
    pub async fn request_at(
        &self,
        url: String,
        request: ApiRequest,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<ApiResponse> {
        let (client, request) = (self.0.clone(), request.into_core()?);
        let call = async move { client.request_at(&url, request).await };
        Ok(on_runtime(cancel, call).await?.into())
    }
}
