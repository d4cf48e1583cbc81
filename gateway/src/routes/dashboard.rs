//! `GET /dashboard`.

use std::sync::Arc;

use alloy::hex;
use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{admin, app::App, dashboard, problem::Problem};

/// The page, if it is wanted at all. It may load nothing, run nothing and be shown within nothing.
pub(super) async fn dashboard(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !app.config.admin.dashboard {
        let message = "There is no dashboard; the gateway has one when it is started with \
                       --dashboard.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", message));
    }
    admin::admit(&app, &headers)?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| Problem::internal(&error))?;
    let nonce = hex::encode(nonce);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut page = dashboard::look(&app).await.map_err(|error| Problem::of_store(&error))?;
    page.nonce = nonce;
    let page = page.render().map_err(|error| Problem::internal(&error))?;
    let policy = HeaderValue::try_from(policy).map_err(|error| Problem::internal(&error))?;
    let head = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((head, Html(page)).into_response())
}
