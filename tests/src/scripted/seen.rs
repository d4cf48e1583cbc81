//! What a server saw of one scenario, against what it must see.

use std::{
    collections::BTreeSet,
    time::{Instant, SystemTime},
};

use serde_json::{Value, json};

use crate::{Reply, Scenario, Sent};

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Requests without a payment.
    pub unpaid: usize,
    /// Payment headers of the others, in order.
    pub payments: Vec<String>,
    requests: usize,
    /// The last request with a payment.
    paid: Option<Sent>,
    /// When the last answer began.
    answered: Option<Instant>,
    /// Steps whose connection the client must close, and has not yet.
    open: Vec<usize>,
    problems: Vec<String>,
}

impl Seen {
    /// Takes a request and says what is answered, and by which step.
    pub(super) fn take(&mut self, scenario: &Scenario, sent: &Sent) -> (Reply, Option<usize>) {
        let index = self.requests;
        self.requests += 1;
        let step = scenario.step(index);
        let pause = self.answered.map(|answered| answered.elapsed());
        let rules =
            step.map(|(_, step)| &step.request).into_iter().chain([&scenario.every_request]);
        let mut problems = sent.problems(self.paid.as_ref());
        for rule in rules {
            problems.extend(rule.problems(sent, &self.payments, pause));
        }
        let reply = match (step, sent.payment()) {
            (Some((_, step)), _) => step.reply.clone(),
            (None, _) if !scenario.server.is_empty() => {
                problems.push("nobody expected it".to_owned());
                Reply::status(400)
            }
            (None, None) => scenario.unpaid_reply(),
            (None, Some(_)) => scenario.paid_reply(self.payments.len()),
        };
        let place = format!("request {index} ({} {})", sent.method, sent.path);
        self.problems.extend(problems.iter().map(|problem| format!("{place}: {problem}")));
        match sent.payment() {
            None => self.unpaid += 1,
            Some(payment) => {
                self.payments.push(payment.to_owned());
                if !sent.is_poll(self.paid.as_ref()) {
                    self.paid = Some(sent.clone());
                }
            }
        }
        let watched = step.filter(|(_, step)| step.closed).map(|(number, _)| number);
        self.open.extend(watched);
        (reply, watched)
    }

    /// Notes that an answer begins.
    pub(super) fn answering(&mut self) {
        self.answered = Some(Instant::now());
    }

    /// Notes that the client has closed the connection of a watched step.
    pub(super) fn closed(&mut self, watched: Option<usize>) {
        self.open.retain(|number| Some(*number) != watched);
    }

    /// Whether a connection is still open that the client must close.
    pub(super) const fn is_waiting(&self) -> bool {
        !self.open.is_empty()
    }

    /// What is wrong with the requests.
    pub fn problems(&self, scenario: &Scenario) -> Vec<String> {
        let expect = &scenario.expect;
        let mut problems = self.problems.clone();
        let mut demand = |good: bool, problem: String| {
            if !good {
                problems.push(problem);
            }
        };
        let (paid, signatures) = (self.payments.len(), self.signatures());
        demand(paid == expect.paid_requests, format!("{paid} requests were paid"));
        demand(signatures == expect.signatures, format!("{signatures} payments were signed"));
        if let Some(requests) = expect.requests {
            demand(self.requests == requests, format!("{} requests came", self.requests));
        }
        let scripted = scenario.requests();
        if self.requests < scripted {
            demand(false, format!("{} requests of {scripted}", self.requests));
        }
        if let Some(most) = expect.max_validity {
            let validity = self.validity();
            let good = validity.is_some_and(|validity| validity <= most);
            demand(good, format!("a payment lives for {validity:?} seconds"));
        }
        for number in &self.open {
            demand(false, format!("the client did not close the connection of step {number}"));
        }
        problems
    }

    /// Different payment headers.
    pub fn signatures(&self) -> usize {
        self.payments.iter().collect::<BTreeSet<_>>().len()
    }

    /// Longest time that a payment has left to live, in seconds.
    pub fn validity(&self) -> Option<u64> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let expiry = |header: &String| -> Option<u64> {
            let json = blockrun_llm::x402::decode_header(header)?;
            let json: Value = serde_json::from_str(&json).ok()?;
            json.pointer("/payload/authorization/validBefore")?.as_str()?.parse().ok()
        };
        self.payments.iter().filter_map(expiry).max().map(|expiry| expiry.saturating_sub(now))
    }

    /// For runners that look at the requests themselves.
    pub(super) fn report(&self, scenario: &Scenario) -> Value {
        json!({
            "unpaid": self.unpaid, "payments": self.payments, "validity": self.validity(),
            "violations": self.problems(scenario),
        })
    }
}
