//! Routes behind a guard.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
    },
};

use super::guard::{Guard, Refusal};

/// What a page may send; the star does not stand for the first.
const PAGE_HEADERS: HeaderValue = HeaderValue::from_static("authorization, *");
/// How it may ask.
const PAGE_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");

/// Says no, in the caller's form.
pub(crate) type Refuse = fn(&Uri, &HeaderMap, &Refusal) -> Response;

/// Routes that only those reach whom the guard lets in. `open` is a path that asks for no token.
pub(crate) fn guarded(
    router: Router,
    guard: Guard,
    open: Option<&'static str>,
    refuse: Refuse,
) -> Router {
    let guard = Arc::new(guard);
    router.layer(from_fn(move |request, next| {
        let guard = Arc::clone(&guard);
        async move { pass(&guard, open, refuse, request, next).await }
    }))
}

async fn pass(
    guard: &Guard,
    open: Option<&'static str>,
    refuse: Refuse,
    request: Request,
    next: Next,
) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let origin = headers.get(ORIGIN).filter(|origin| guard.allows(origin)).cloned();
    let is_preflight = guard.is_preflight(request.method(), headers);
    let checked = match is_preflight || Some(uri.path()) == open {
        true => guard.check_source(uri, headers),
        false => guard.check(uri, headers),
    };
    let mut response = match checked {
        Ok(()) if is_preflight => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => next.run(request).await,
        Err(refusal) => refuse(uri, headers, &refusal),
    };
    if let Some(origin) = origin {
        let head = response.headers_mut();
        head.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        head.insert(ACCESS_CONTROL_ALLOW_HEADERS, PAGE_HEADERS);
        head.insert(ACCESS_CONTROL_ALLOW_METHODS, PAGE_METHODS);
        head.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        head.insert(VARY, HeaderValue::from_static("origin"));
    }
    response
}
