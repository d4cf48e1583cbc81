//! The traces that requests are part of: taken over from callers, passed on to upstreams, by W3C's
//! `traceparent` (<https://www.w3.org/TR/trace-context/>). Without the feature `otel` nothing is.

use http::HeaderMap;
use tracing::Span;

/// Makes a span part of the trace that a request's headers name.
#[cfg(feature = "otel")]
pub(crate) fn adopt(span: &Span, headers: &HeaderMap) {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_http::HeaderExtractor;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    if headers.contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Where nobody listens to traces there is nothing to be part of.
        let _ = span.set_parent(parent);
    }
}

/// Without the feature `otel`: nothing.
#[cfg(not(feature = "otel"))]
pub(crate) const fn adopt(_: &Span, _: &HeaderMap) {}

/// The headers by which another server makes its work part of the trace that is going on.
#[cfg(feature = "otel")]
pub(crate) fn headers() -> HeaderMap {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_http::HeaderInjector;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    let mut headers = HeaderMap::new();
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(&mut headers));
    headers
}

/// Without the feature `otel`: none.
#[cfg(not(feature = "otel"))]
pub(crate) fn headers() -> HeaderMap {
    HeaderMap::new()
}
