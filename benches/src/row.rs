//! A row of calls, as every driver is told it: a line of JSON in, a line of JSON out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::Problem;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// The answer comes whole.
    Chat,
    /// It comes in 200 chunks.
    Stream,
}

/// Calls to be made.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Row {
    /// What is called.
    pub call: Call,
    /// Bytes of the prompt.
    pub prompt: usize,
    /// Round trips that each call takes: 1 or 2.
    pub trips: u8,
    /// Calls at a time.
    pub in_flight: usize,
    /// Most calls.
    pub calls: usize,
    /// No call begins later, in seconds.
    pub seconds: f64,
}

/// Calls that were made. All of them were answered: a failure ends a driver.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// From the first call to the last answer.
    pub seconds: f64,
    /// Of each call, in microseconds.
    pub latencies_us: Vec<f64>,
}

/// Makes the calls of a row.
///
/// # Errors
/// The first failure of a call.
pub async fn play<F, Fut>(row: Row, call: F) -> Result<Measured, Problem>
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let left = Arc::new(AtomicUsize::new(row.calls));
    let begun = Instant::now();
    let until = begun + Duration::from_secs_f64(row.seconds);
    let callers: Vec<_> = (0..row.in_flight)
        .map(|_| tokio::spawn(repeat(call.clone(), Arc::clone(&left), until)))
        .collect();
    let mut latencies_us = Vec::new();
    for caller in callers {
        latencies_us.extend(caller.await??);
    }
    Ok(Measured { seconds: begun.elapsed().as_secs_f64(), latencies_us })
}

/// One call after the other until none is left or the time is up.
async fn repeat<F, Fut>(
    call: F,
    left: Arc<AtomicUsize>,
    until: Instant,
) -> Result<Vec<f64>, Problem>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), Problem>>,
{
    let mut latencies = Vec::new();
    let take_one = |left: usize| left.checked_sub(1);
    while Instant::now() < until
        && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_ok()
    {
        let begun = Instant::now();
        call().await?;
        latencies.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(latencies)
}
