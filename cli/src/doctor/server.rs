//! The server: whether it answers, what time it is there, and whether its prices can be read.

use std::time::{Duration, UNIX_EPOCH};

use blockrun_llm::{ApiRequest, LLMClient, quote::PriceSheet};
use http::{HeaderMap, header::DATE};

use super::finding::Finding;
use crate::when::now;

/// Long enough for a server that is there.
const PATIENCE: Duration = Duration::from_secs(10);
/// Up to here a difference is nothing; up to the other payments correct themselves for it.
const SMALL: u64 = 5;
const MOST: u64 = 7_200;

pub(super) async fn look(client: &LLMClient) -> Vec<Finding> {
    let asked = ApiRequest { timeout: Some(PATIENCE), ..ApiRequest::get("/v1/models") };
    let answer = match client.request(&asked).await {
        Ok(answer) => answer,
        Err(error) => {
            let says = format!("{}: {error}", client.api_url());
            return vec![Finding::fail("server", says)];
        }
    };
    let mut findings = vec![models(client, &answer.body)];
    findings.extend(clock(&answer.headers, now()));
    if client.address().is_some() {
        findings.push(prices(client).await);
    }
    findings
}

fn models(client: &LLMClient, body: &[u8]) -> Finding {
    let list: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let count = list.as_ref().and_then(|list| list.get("data")?.as_array()).map(Vec::len);
    let url = client.api_url();
    match count {
        Some(count) => Finding::ok("server", format!("{url} offers {count} models")),
        None => Finding::fail(
            "server",
            format!(
                "{url} answers, with no list of models: is it the base address of an endpoint?"
            ),
        ),
    }
}

/// Payments are valid for minutes, so the clocks must agree.
fn clock(headers: &HeaderMap, now: u64) -> Option<Finding> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let there = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let off = now.abs_diff(there);
    let says = format!("{off} s {} the server's", if now > there { "ahead of" } else { "behind" });
    let advice = "keep it right by NTP (timedatectl set-ntp true)";
    Some(match off {
        0..=SMALL => Finding::ok("clock", format!("within {SMALL} s of the server's")),
        off if off <= MOST => {
            Finding::warn("clock", format!("{says}; payments allow for it; {advice}"))
        }
        _ => Finding::fail("clock", format!("{says}: nothing is signed so far off; {advice}")),
    })
}

/// Without them each price is asked for by a request of its own, which works too.
async fn prices(client: &LLMClient) -> Finding {
    let asked = ApiRequest { timeout: Some(PATIENCE), ..ApiRequest::get("/pricing") };
    let subject = "prices";
    match client.request(&asked).await {
        Ok(answer) => match PriceSheet::parse(&answer.body) {
            Ok(_) => Finding::ok(subject, "published; a call takes one round trip"),
            Err(error) => Finding::warn(subject, format!("each call asks first: {error}")),
        },
        Err(error) => Finding::warn(subject, format!("each call asks first: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Health;
    use super::*;

    #[test]
    fn clocks_are_compared() {
        let headers: HeaderMap =
            [(DATE, "Thu, 01 Jan 1970 10:00:00 GMT".parse().unwrap())].into_iter().collect();
        let at = |now| clock(&headers, now).unwrap();
        assert_eq!(at(36_003).health, Health::Ok);
        let ahead = at(36_060);
        assert!(ahead.health == Health::Warn && ahead.says.starts_with("60 s ahead"), "{ahead:?}");
        let behind = at(36_000 - 7_201);
        assert!(behind.health == Health::Fail && behind.says.contains("behind"), "{behind:?}");
        assert_eq!(clock(&HeaderMap::new(), 0), None);
    }
}
