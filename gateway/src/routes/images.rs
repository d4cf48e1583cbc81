//! `POST /api/v1/images/generations`, and the pictures that it links to.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::Request,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::body;
use crate::{
    app::App,
    problem::Problem,
    sale::{self, Order},
};

pub(super) async fn generations(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    let order = Order::images(&app, &parts, body)?;
    sale::serve(app, order, &parts.headers).await
}

/// A picture; whoever has its link may see it.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let picture = match file.strip_suffix(".png") {
        Some(name) => app.gallery.see(&app.store, name.to_owned()).await,
        None => Ok(None),
    };
    let picture = picture.map_err(|error| Problem::of_store(&error))?.ok_or_else(|| {
        let message = "There is no such picture, or its time is over.";
        Problem::new(StatusCode::NOT_FOUND, "picture_not_found", message)
    })?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, picture).into_response())
}
