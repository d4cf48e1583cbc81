//! Makes paid calls, so many at once, with payments that are signed before the clock runs, and prints
//! one line of JSON: `load URL IN_FLIGHT CALLS SECONDS [PAYERS]`. It ends with the calls or the time.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use blockrun_bench::{Problem, Report, Shop, Signed};
use blockrun_llm::x402::Settlement;
use http_body_util::BodyExt;

const BODY: &str =
    r#"{"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}]}"#;

/// Payments that are not spent yet.
type Purse = Arc<Mutex<VecDeque<Signed>>>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [url, in_flight, calls, seconds, payers @ ..] = given.as_slice() else {
        return Err("load URL IN_FLIGHT CALLS SECONDS [PAYERS]".into());
    };
    let in_flight: usize = in_flight.parse()?;
    let payers = payers.first().map_or(Ok(in_flight), |payers| payers.parse())?;
    let shop = Shop::new(url, BODY)?;
    let challenge = shop.ask(&mut shop.connect().await?).await?;
    let purse = Arc::new(Mutex::new(shop.sign(&challenge, calls.parse()?, payers)?.into()));
    let (begun, patience) = (Instant::now(), Duration::from_secs_f64(seconds.parse()?));
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(buy(shop.clone(), Arc::clone(&purse), begun + patience)))
        .collect();
    let mut report = Report::default();
    for task in tasks {
        report.add(task.await??);
    }
    writeln!(std::io::stdout(), "{}", report.to_json(begun.elapsed()))?;
    Ok(())
}

/// Calls one after the other until the purse is empty or the time is up.
async fn buy(shop: Shop, purse: Purse, until: Instant) -> Result<Report, Problem> {
    let mut connection = shop.connect().await?;
    let mut report = Report::default();
    while Instant::now() < until {
        let payment = purse.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(payment) = payment else { break };
        let begun = Instant::now();
        connection.ready().await?;
        let response = connection.send_request(shop.call(Some(&payment))?).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let took = begun.elapsed();
        let receipt = Settlement::from_headers(&head.headers).filter(|receipt| receipt.success);
        match receipt.filter(|_| head.status.is_success()) {
            Some(receipt) => report.answered(took, payment.amount(), receipt.transaction),
            None => {
                report.failed(|| format!("{}: {}", head.status, String::from_utf8_lossy(&body)))
            }
        }
    }
    Ok(report)
}
