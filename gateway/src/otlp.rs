//! Sending traces to a collector.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use tokio::runtime::Handle;

use crate::outgoing;

/// The gateway's name in a trace.
const SERVICE: &str = "blockrun-gateway";

/// Sends spans to an OpenTelemetry collector: OTLP over HTTP, protobuf, in batches. A collector that
/// does not answer delays nobody; what it does not take is lost. It hears of no prompt, key or payment.
///
/// The library makes spans whoever listens: `request`, and within it `verify`, `claim`, `provider` and
/// `settle`. A layer of `tracing-opentelemetry` around [`Traces::tracer`] listens to them.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// Traces that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent to {endpoint}: {problem}")]
pub struct TracesError {
    endpoint: String,
    problem: String,
}

impl Traces {
    /// Sends to a collector, as `http://127.0.0.1:4318`; `/v1/traces` is added. Needs a tokio runtime,
    /// which does the sending.
    ///
    /// # Errors
    /// When the address is none, or there is no client for it.
    pub fn to(endpoint: &str) -> Result<Self, TracesError> {
        let refuse = |problem: &dyn fmt::Display| TracesError {
            endpoint: endpoint.to_owned(),
            problem: problem.to_string(),
        };
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        url.parse::<url::Url>().map_err(|error| refuse(&error))?;
        let client = outgoing::client().map_err(|error| refuse(&error))?;
        let client = client.build().map_err(|error| refuse(&error))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { client, runtime: Handle::current() })
            .with_endpoint(url)
            .build()
            .map_err(|error| refuse(&error))?;
        let resource = Resource::builder().with_service_name(SERVICE).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource);
        Ok(Self { provider: provider.build() })
    }

    /// What makes spans of what a layer hears.
    #[must_use]
    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer(SERVICE)
    }

    /// Sends what is left, for at most some seconds, and ends. Blocks: not for a thread of the runtime.
    pub fn shutdown(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Our own client, so that there is one cryptography and one way out.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait::async_trait]
impl HttpClient for Client {
    /// Called by a thread of the exporter's own, which is not one of the runtime's.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let request = reqwest::Request::try_from(request)?;
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        let (status, headers, body) = sent.await??;
        let mut response = Response::new(body);
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}
