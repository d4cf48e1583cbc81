//! A scenario as its file has it.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Reply, RequestRule};

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name, and path of the server.
    pub id: String,
    /// Options of the client, by their names in Rust.
    #[serde(default)]
    pub client: Map<String, Value>,
    /// The calls that one client makes, one after the other. None: [`Scenario::calls`].
    #[serde(default)]
    calls: Vec<Call>,
    /// What the server is asked and what it answers, in this order.
    #[serde(default)]
    pub server: Vec<Step>,
    /// What every request must be.
    #[serde(default)]
    pub every_request: RequestRule,
    /// What the offers of the 402 change in the good one; a null removes a field.
    #[serde(default)]
    pub offers: Vec<Map<String, Value>>,
    /// What is answered to unpaid requests instead of a 402 with the offers.
    pub unpaid: Option<Reply>,
    /// What is answered to paid requests, one after the other; the last one again and again.
    #[serde(default)]
    pub paid: Vec<Reply>,
    /// What must have been paid.
    pub expect: Expectation,
}

/// One call of the client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Method of the client, by its name in Rust.
    pub method: String,
    /// Its arguments, by their names in Rust.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// So many chunks of a stream are read, then it is closed. Absent: to the end.
    pub read: Option<usize>,
    /// What the caller must see, by the names of an outcome.
    pub expect: Map<String, Value>,
}

/// One request, or several that are alike, and what is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the request must be.
    #[serde(default)]
    pub request: RequestRule,
    /// What is answered.
    #[serde(default)]
    pub reply: Reply,
    /// How often in a row. Default 1.
    #[serde(default = "once")]
    pub times: usize,
    /// The client must close this connection, which the server leaves open.
    #[serde(default)]
    pub closed: bool,
}

/// What must have been paid and, of a scenario without `calls`, what the caller must see.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    /// Paid requests that the server must have seen.
    pub paid_requests: usize,
    /// Different payment headers among them, 0 or 1 unless terms changed.
    pub signatures: usize,
    /// Requests of any kind that the server must have seen.
    pub requests: Option<usize>,
    /// Most seconds that a signed payment may live.
    pub max_validity: Option<u64>,
    #[serde(flatten)]
    outcome: Map<String, Value>,
}

const fn once() -> usize {
    1
}

impl Scenario {
    /// All scenarios of a file of `tests/scenarios`.
    ///
    /// # Panics
    /// When the file is missing or of another shape: then nothing would be tested.
    pub fn load(name: &str) -> Vec<Self> {
        let path = Path::new("tests/scenarios").join(name);
        let text = std::fs::read_to_string(crate::root().join(&path))
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        let scenarios: Vec<Self> = serde_json::from_str(&text)
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        for scenario in &scenarios {
            let id = &scenario.id;
            let scripted = !scenario.server.is_empty();
            let reacting = scenario.unpaid.is_some() || !scenario.offers.is_empty();
            assert!(!(scripted && reacting), "{id}: both a script and reactions");
            let told = !scenario.calls.is_empty() && !scenario.expect.outcome.is_empty();
            assert!(!told, "{id}: what a caller sees belongs to the call");
        }
        scenarios
    }

    /// The calls to make: those of the file, else one chat completion that ends with the text `ok`
    /// or as the scenario expects.
    pub fn calls(&self) -> Vec<Call> {
        if !self.calls.is_empty() {
            return self.calls.clone();
        }
        let mut expect = self.expect.outcome.clone();
        if !expect.contains_key("error") {
            expect.insert("text".to_owned(), "ok".into());
        }
        let messages = json!([{"role": "user", "content": "Hello!"}]);
        let arguments = Map::from_iter([("messages".to_owned(), messages)]);
        vec![Call { method: "chat_completion".to_owned(), arguments, read: None, expect }]
    }

    /// The step of request number `index`, and its own number.
    pub fn step(&self, index: usize) -> Option<(usize, &Step)> {
        let repeated = |(number, step): (usize, &'_ Step)| vec![number; step.times];
        let number =
            *self.server.iter().enumerate().flat_map(repeated).collect::<Vec<_>>().get(index)?;
        Some((number, &self.server[number]))
    }

    /// Requests that the script has.
    pub fn requests(&self) -> usize {
        self.server.iter().map(|step| step.times).sum()
    }

    /// The answer to an unpaid request of a scenario without a script.
    pub fn unpaid_reply(&self) -> Reply {
        self.unpaid.clone().unwrap_or_else(|| Reply::offering(self.offers.clone()))
    }

    /// The answer to paid request number `index` of a scenario without a script.
    pub fn paid_reply(&self, index: usize) -> Reply {
        self.paid.get(index).or_else(|| self.paid.last()).cloned().unwrap_or_default()
    }
}
