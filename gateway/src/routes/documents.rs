//! What machines read before they call: `/.well-known/x402`, `/discovery`, `/openapi.json`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

use super::cached::cached;
use crate::{
    app::App,
    discovery::{self, Query},
    openapi,
    origin::origin,
    problem::Problem,
};

pub(super) async fn manifest(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let stock = app.shelf.stock();
    let origin = origin(&app, &stock.service, &uri, &headers);
    cached(&headers, &discovery::manifest(&stock, &app.terms, &origin))
}

pub(super) async fn resources(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::of(&uri)?;
    let stock = app.shelf.stock();
    let origin = origin(&app, &stock.service, &uri, &headers);
    Ok(cached(&headers, &discovery::listing(&stock, &app.terms, &origin, &query)))
}

pub(super) async fn search(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::of(&uri)?;
    let stock = app.shelf.stock();
    let origin = origin(&app, &stock.service, &uri, &headers);
    Ok(cached(&headers, &discovery::search(&stock, &app.terms, &origin, &query)?))
}

pub(super) async fn openapi(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let origin = origin(&app, &app.shelf.stock().service, &uri, &headers);
    cached(&headers, &openapi::document(&app, &origin))
}
