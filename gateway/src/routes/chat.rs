//! `POST /api/v1/chat/completions`.

use std::sync::Arc;

use axum::{extract::State, http::Request, response::Response};

use super::body;
use crate::{
    app::App,
    problem::Problem,
    sale::{self, Order},
};

pub(super) async fn completions(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    let order = Order::chat(&app, &parts, body)?;
    sale::serve(app, order, &parts.headers).await
}
