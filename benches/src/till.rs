//! What came in at the stand-in for a gateway. Payments are put away as they are and read when
//! somebody asks, so that no measured call waits for it.

use std::{
    collections::HashSet,
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use blockrun_llm::x402::{Payment, verify};
use serde_json::{Value, json};

use crate::{Problem, Terms};

/// Most payments of a count whose signature is verified: each takes 0.1 ms.
const VERIFIED: usize = 200;
/// Before the end of a payment, in seconds, it was good, whenever it came.
const LEFT_SECONDS: u64 = 30;

/// Requests since the last count.
#[derive(Debug, Default)]
pub struct Till {
    /// Payment headers, each with a line break, which none of them holds.
    paid: Mutex<Vec<u8>>,
    /// Requests that got a 402.
    asked: AtomicU64,
    /// Requests to the part that costs nothing.
    free: AtomicU64,
}

impl Till {
    /// Takes the value of a payment header.
    pub fn take(&self, payment: &[u8]) {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        paid.extend_from_slice(payment);
        paid.push(b'\n');
    }

    /// Notes a request that got a 402.
    pub fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a request that cost nothing.
    pub fn free(&self) {
        self.free.fetch_add(1, Ordering::Relaxed);
    }

    /// What came in since the last count: requests that got a 402, that cost nothing, that paid,
    /// and the different nonces among these. Some of the payments, evenly chosen, are verified in
    /// full against the terms.
    ///
    /// # Errors
    /// For a payment that cannot be read, or is not good.
    pub fn count(&self, terms: &Terms) -> Result<Value, Problem> {
        let paid = mem::take(&mut *self.paid.lock().unwrap_or_else(PoisonError::into_inner));
        let payments: Vec<&str> = std::str::from_utf8(&paid)?.lines().collect();
        let stride = payments.len().div_ceil(VERIFIED).max(1);
        let mut nonces = HashSet::new();
        for (number, text) in payments.iter().enumerate() {
            let payment = Payment::decode(text)?;
            nonces.insert(payment.authorization.nonce);
            if number % stride == 0 {
                // As it was when it came: a row may take longer than a payment is good.
                let ends = payment.authorization.valid_before.saturating_to::<u64>();
                let now = ends.saturating_sub(LEFT_SECONDS);
                verify(&payment, &terms.requirement(payment.version)?, now)?;
            }
        }
        Ok(json!({
            "asked": self.asked.swap(0, Ordering::Relaxed),
            "free": self.free.swap(0, Ordering::Relaxed),
            "paid": payments.len(),
            "nonces": nonces.len(),
        }))
    }
}
