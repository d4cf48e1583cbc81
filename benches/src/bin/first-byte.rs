//! Time to the first byte of a streamed answer, one call at a time, free of charge and paid for:
//! `first-byte URL CALLS`. The two take turns, so that what else the machine does meets both. Prints one
//! line of JSON: the medians in microseconds.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use blockrun_bench::{Connection, Problem, Shop, Signed};
use http_body_util::BodyExt;
use serde_json::json;

/// The practice provider answers both in the same way.
const FREE: &str = "openai/gpt-oss-20b";
const PAID: &str = "openai/gpt-4o-mini";

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [url, calls] = given.as_slice() else { return Err("first-byte URL CALLS".into()) };
    let (free, paid) = (Shop::new(url, &body(FREE))?, Shop::new(url, &body(PAID))?);
    let mut connection = free.connect().await?;
    let challenge = paid.ask(&mut connection).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for payment in paid.sign(&challenge, calls.parse()?, 1)? {
        without.push(first_byte(&mut connection, &free, None).await?);
        with.push(first_byte(&mut connection, &paid, Some(&payment)).await?);
    }
    let told = json!({"free_us": median(without), "paid_us": median(with)});
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

fn body(model: &str) -> String {
    let messages = json!([{"role": "user", "content": "Hello!"}]);
    json!({"model": model, "messages": messages, "stream": true}).to_string()
}

/// From the first byte of a call to the first byte of its answer's body, which is read to its end.
async fn first_byte(
    connection: &mut Connection,
    shop: &Shop,
    payment: Option<&Signed>,
) -> Result<Duration, Problem> {
    connection.ready().await?;
    let begun = Instant::now();
    let (head, mut body) = connection.send_request(shop.call(payment)?).await?.into_parts();
    let first = body.frame().await.ok_or("an answer without a byte")??;
    let took = begun.elapsed();
    let rest = body.collect().await?.to_bytes();
    if head.status.is_success() && first.is_data() {
        return Ok(took);
    }
    Err(format!("{}: {}", head.status, String::from_utf8_lossy(&rest)).into())
}

fn median(mut times: Vec<Duration>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0, |time| time.as_micros() as u64)
}
