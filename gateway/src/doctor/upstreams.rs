//! The upstreams: a real request for the list of models, with the key.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use reqwest::Client;

use super::{Finding, clock::Skew};
use crate::{outgoing, provider::Upstream};

/// How long an upstream may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks all of them, one after the other.
pub(super) async fn look(upstreams: &[Upstream], skews: &mut Vec<Skew>) -> Vec<Finding> {
    let client = outgoing::client().map_err(|error| error.to_string());
    let client = client
        .and_then(|client| client.timeout(PATIENCE).build().map_err(|error| error.to_string()));
    let client = match client {
        Ok(client) => client,
        Err(error) => return vec![Finding::bad("upstreams", error)],
    };
    let mut findings = Vec::new();
    for upstream in upstreams {
        findings.push(ask(&client, upstream, skews).await);
    }
    findings
}

async fn ask(client: &Client, upstream: &Upstream, skews: &mut Vec<Skew>) -> Finding {
    let subject = format!("upstream {}", upstream.name);
    let mut url = upstream.base_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("models");
    }
    let answer = client.get(url).headers(upstream.headers.clone()).send().await;
    // The error's own words hold the address.
    let Ok(answer) = answer else {
        let host = upstream.base_url.host_str().unwrap_or_default();
        let says = format!("{host} is not reached; check base_url, DNS, firewall and certificates");
        return Finding::bad(subject, says);
    };
    skews.extend(date(answer.headers()).map(|seconds| Skew { whose: subject.clone(), seconds }));
    match answer.status() {
        status if status.is_success() => Finding::good(subject, "answers and takes the key"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let says = "refuses the key; check the variable that key_env names, and key_header";
            Finding::bad(subject, says)
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            let says = "answers, and has no list of models; whether it takes the key only a call \
                        would show";
            Finding::doubtful(subject, says)
        }
        status => {
            let says = format!("answers {} to a request for its models", status.as_u16());
            Finding::bad(subject, says)
        }
    }
}

/// How far the other's clock is ahead of ours.
fn date(headers: &HeaderMap) -> Option<i64> {
    let told = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let now = SystemTime::now();
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Some(match told.duration_since(now) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    })
}
