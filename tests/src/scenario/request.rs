//! What a scripted server is asked, and what it must be.

use std::{collections::BTreeMap, time::Duration};

use blockrun_llm::x402::decode_header;
use serde::Deserialize;
use serde_json::Value;

use super::matcher::mismatch;

/// Characters of a recovery token.
const TOKEN: usize = 64;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// HTTP method.
    pub method: String,
    /// Path below the scenario's own, with its query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: String,
}

impl Sent {
    /// The payment that it carries.
    pub fn payment(&self) -> Option<&str> {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        header("payment-signature").or_else(|| header("x-payment"))
    }

    /// The JSON of its payment.
    pub fn signed(&self) -> Option<Value> {
        serde_json::from_str(&decode_header(self.payment()?)?).ok()
    }

    /// Whether it asks for what is made in the background, showing the payment that was accepted.
    pub fn is_poll(&self, earlier: Option<&Self>) -> bool {
        let same = |one: &Self| one.payment() == self.payment() && one.method != self.method;
        self.payment().is_some() && earlier.is_some_and(same)
    }

    /// What is wrong with any request, whatever the scenario; `earlier` is the last paid one.
    pub fn problems(&self, earlier: Option<&Self>) -> Vec<String> {
        let header = |name: &str| self.headers.get(name);
        let mut problems = Vec::new();
        let mut demand = |good: bool, problem: &str| {
            if !good {
                problems.push(problem.to_owned());
            }
        };
        let token = header("blockrun-recovery");
        let fetches = self.path.starts_with("/v1/answers/");
        match self.payment() {
            Some(_) if self.is_poll(earlier) => {}
            Some(payment) => {
                let id = header("idempotency-key").is_some_and(|id| id.starts_with("pay_"));
                demand(id, "paid without its public id as Idempotency-Key");
                demand(token.is_some_and(|token| token.len() == TOKEN), "paid without a token");
                if let Some(earlier) = earlier.filter(|one| one.payment() == Some(payment)) {
                    let same = (&earlier.body, &earlier.path) == (&self.body, &self.path);
                    demand(same, "the same payment for another request");
                    demand(earlier.headers == self.headers, "the same payment, other headers");
                }
            }
            None if fetches => {
                let told = earlier.and_then(|one| one.headers.get("blockrun-recovery"));
                demand(token.is_some() && token == told, "a stored answer without its token");
            }
            None => {
                let silent = token.is_none() && header("idempotency-key").is_none();
                demand(silent, "an unpaid request says who it is");
            }
        }
        let json = self.body.is_empty() || serde_json::from_str::<Value>(&self.body).is_ok();
        demand(json, "the body is not JSON");
        problems
    }
}

/// What a request must be. What is absent is not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRule {
    /// HTTP method.
    method: Option<String>,
    /// Path below the base address, with its query.
    path: Option<Value>,
    /// Headers, names in lower case.
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// Parts of the JSON body, by their pointers.
    #[serde(default)]
    body: BTreeMap<String, Value>,
    /// The body as text.
    body_text: Option<Value>,
    /// Whether it carries a payment, and which.
    payment: Option<PaymentRule>,
    /// Parts of the payment's JSON, by their pointers.
    #[serde(default)]
    signed: BTreeMap<String, Value>,
    /// Least milliseconds since the answer before.
    after_ms: Option<u64>,
}

/// Which payment a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRule {
    /// None.
    None,
    /// One that was not shown before.
    New,
    /// The one that was shown last.
    Same,
}

impl RequestRule {
    /// What is wrong with a request. `shown`: the payments before it; `pause`: the time since the
    /// last answer.
    pub fn problems(&self, sent: &Sent, shown: &[String], pause: Option<Duration>) -> Vec<String> {
        let mut problems = Vec::new();
        let mut look = |place: &str, wanted: &Value, found: Option<Value>| {
            let problem = mismatch(wanted, found.as_ref());
            problems.extend(problem.map(|problem| format!("{place} {problem}")));
        };
        if let Some(method) = &self.method {
            look("method", &method.as_str().into(), Some(sent.method.as_str().into()));
        }
        if let Some(path) = &self.path {
            look("path", path, Some(sent.path.as_str().into()));
        }
        for (name, wanted) in &self.headers {
            look(name, wanted, sent.headers.get(name).map(|value| value.as_str().into()));
        }
        let body: Value = serde_json::from_str(&sent.body).unwrap_or_default();
        let signed = sent.signed().unwrap_or_default();
        for (json, wanted, place) in
            [(&body, &self.body, "body"), (&signed, &self.signed, "payment")]
        {
            for (pointer, wanted) in wanted {
                look(&format!("{place} {pointer}"), wanted, json.pointer(pointer).cloned());
            }
        }
        if let Some(wanted) = &self.body_text {
            look("body", wanted, Some(sent.body.as_str().into()));
        }
        if let Some(rule) = self.payment
            && !rule.holds(sent.payment(), shown)
        {
            problems.push(format!("its payment is not: {rule:?}"));
        }
        if let Some(least) = self.after_ms
            && pause.is_none_or(|pause| pause < Duration::from_millis(least))
        {
            problems.push(format!("came {pause:?} after the last answer, not {least} ms"));
        }
        problems
    }
}

impl PaymentRule {
    fn holds(self, payment: Option<&str>, shown: &[String]) -> bool {
        let last = shown.last().map(String::as_str);
        match self {
            Self::None => payment.is_none(),
            Self::New => payment.is_some_and(|payment| !shown.iter().any(|one| one == payment)),
            Self::Same => payment.is_some() && payment == last,
        }
    }
}
