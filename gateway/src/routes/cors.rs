//! What a browser lets scripts of other sites do here (CORS, WHATWG Fetch).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use blockrun_llm::x402::{PAYMENT_REQUIRED, PAYMENT_RESPONSE, X_PAYMENT_RESPONSE};
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{
    app::App,
    observe::REQUEST_ID,
    sale::{ANSWER, FALLBACK_HEADERS},
};

/// How long a browser may remember a preflight; none remembers longer.
const REMEMBERED: Duration = Duration::from_secs(7_200);

/// For the public endpoints: the sites of `[service] origins`, at the time of the request. Nobody is
/// logged in here, so cookies and the like are never asked for, and any request header is allowed:
/// each client library has its own beside those of the payment.
pub(super) fn cors(app: &Arc<App>) -> CorsLayer {
    let app: Weak<App> = Arc::downgrade(app);
    let allowed = move |origin: &HeaderValue, _: &_| {
        app.upgrade().is_some_and(|app| app.shelf.stock().service.origins.allow(origin.as_bytes()))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed())
        .max_age(REMEMBERED)
}

/// The headers of answers that scripts may read.
fn exposed() -> Vec<HeaderName> {
    let payment = [PAYMENT_REQUIRED, PAYMENT_RESPONSE, X_PAYMENT_RESPONSE, ANSWER];
    let names = payment.into_iter().chain(FALLBACK_HEADERS).map(HeaderName::from_static);
    names.chain([header::RETRY_AFTER, header::ETAG, REQUEST_ID]).collect()
}
