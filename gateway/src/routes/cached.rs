//! Documents that are the same for everybody: kept for a minute, then asked for again by their tag.

use alloy::hex;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// A minute: what a reload changes is seen soon, and a payment for an old price costs nothing.
const KEPT: &str = "public, max-age=60";
/// Bytes of the digest that are enough to tell two documents apart.
const TAG: usize = 16;

/// The document with its tag, or a 304 to whoever has it.
pub(super) fn cached(headers: &HeaderMap, document: &Value) -> Response {
    let body = document.to_string();
    let tag = format!("\"{}\"", hex::encode(&digest(&SHA256, body.as_bytes()).as_ref()[..TAG]));
    let has = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    });
    let kept = [(header::CACHE_CONTROL, KEPT.to_owned()), (header::ETAG, tag)];
    if has {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let mime = [(header::CONTENT_TYPE, "application/json")];
    (kept, mime, Body::from(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_gets_no_second_copy() {
        let document = serde_json::json!({"a": 1});
        let first = cached(&HeaderMap::new(), &document);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        for (asked, status) in [
            (tag.clone(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".into(), 304),
            ("\"x\"".into(), 200),
            (tag.replace('"', ""), 200),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, asked.parse().unwrap())]);
            let answer = cached(&headers, &document);
            assert_eq!(answer.status(), status, "{asked}");
            assert_eq!(answer.headers()[header::ETAG].to_str().unwrap(), tag);
        }
    }
}
