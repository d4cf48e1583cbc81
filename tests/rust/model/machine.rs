//! The real flow, unrolled into a table: a node is everything the flow remembers, as its `Debug`
//! form shows it, an edge one event. The flow cannot be cloned, so a new edge is found by replaying
//! the events that lead to its node, once; after that it is looked up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use blockrun_llm::{
    Error, ErrorKind, PaymentState, Usdc,
    error::Proof,
    flow::{
        Action, Answer, CallFacts, ChainAnswer, Event, Flow, Forecast, Moment, Outcome, Resumed,
    },
    networks::Network,
    policy::Policy,
    wallet::{Address, B256},
    x402::{Authorization, Challenge, PAYMENT_REQUIRED, Transfer, encode_header, payment_id},
};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

/// Unix time of tick 0.
const START: u64 = 1_790_000_000;
/// Seconds of a tick.
const TICK: u64 = 60;
/// Micro-USDC of a unit of price.
const UNIT: u64 = 1_000;
/// Ticks for which an authorization is valid.
pub(crate) const VALIDITY: u8 = 1;

/// A signed payment: what the token contract sees of it, and the token that opens its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Auth {
    pub(crate) key: u8,
    pub(crate) nonce: u8,
    pub(crate) amount: u8,
    pub(crate) expiry: u8,
    pub(crate) token: u8,
    /// Tells attempts apart that would sign the same.
    pub(crate) attempt: u8,
}

/// How a flow is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seed {
    New {
        nonce: u8,
    },
    /// With a price that is foretold: it pays in its first request.
    Foretold {
        nonce: u8,
        price: u8,
    },
    Resume {
        auth: Auth,
        at_risk: u8,
        ended: Option<u8>,
    },
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    /// 402 with this price.
    Price(u8),
    /// 402 that calls the payment expired or not valid yet.
    WrongTime(u8),
    /// 402 that calls the nonce used.
    Used(u8),
    /// 200.
    Success,
    /// 503 with `Retry-After`.
    Pending,
    /// 500.
    Failure,
    /// 409.
    Conflict,
    /// 307.
    Redirect,
    /// 410.
    Gone,
}

/// What happens to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    Start,
    Reply(Reply),
    NeverSent,
    Lost,
    Reserved,
    NotReserved(ErrorKind),
    Approved,
    Signed,
    Recorded,
    NotRecorded,
    Waited,
    /// What the chain shows, if it can be asked: what was paid, or that nothing was.
    Chain(Option<Option<u8>>),
    Deadline,
}

/// What the flow wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    SendUnpaid,
    Reserve { amount: u8 },
    Approve,
    Sign,
    Record { amount: u8, expiry: u8 },
    SendPaid,
    Replay,
    Wait,
    AskChain,
    Finished(Books),
    Failed(Claim, Books),
}

/// How the books are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Books {
    Released,
    Settled { amount: u8, by_chain: bool },
    Refused { live_until: u8 },
    Unknown { live_until: u8 },
}

/// What an error says about the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Claim {
    NotCharged,
    Refused {
        live_until: u8,
    },
    ChargedByServer,
    ChargedOnChain {
        amount: u8,
    },
    Unknown {
        live_until: u8,
    },
    Presumed,
    /// A state that this model does not know.
    Unstated,
}

/// A node of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Node(u32);

struct Reached {
    seed: Seed,
    path: Vec<(Input, u8)>,
    next: Option<Next>,
}

#[derive(Default)]
struct Table {
    nodes: Vec<Reached>,
    by_form: HashMap<String, Node>,
    edges: HashMap<(Node, Input, u8), Node>,
    seeds: HashMap<Seed, Node>,
}

/// The flow as the checker uses it.
pub(crate) struct Machine {
    policy: Arc<Policy>,
    table: Mutex<Table>,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { policy: Arc::new(Policy::default()), table: Mutex::default() }
    }

    /// A flow that has not begun.
    pub(crate) fn begin(&self, seed: Seed) -> Node {
        let table = &mut *self.table.lock().unwrap();
        if let Some(&node) = table.seeds.get(&seed) {
            return node;
        }
        let form = format!("{:?}", self.flow(seed));
        let node = table.reach(form, Reached { seed, path: Vec::new(), next: None });
        table.seeds.insert(seed, node);
        node
    }

    /// Tells the flow what happened, at a tick.
    pub(crate) fn step(&self, node: Node, input: Input, now: u8) -> (Node, Next) {
        let table = &mut *self.table.lock().unwrap();
        let to = match table.edges.get(&(node, input, now)) {
            Some(&to) => to,
            None => {
                let to = self.explore(table, node, input, now);
                table.edges.insert((node, input, now), to);
                to
            }
        };
        (to, table.nodes[to.0 as usize].next.unwrap())
    }

    /// What the flow waits for.
    pub(crate) fn next(&self, node: Node) -> Option<Next> {
        self.table.lock().unwrap().nodes[node.0 as usize].next
    }

    /// Nodes and edges that were explored.
    pub(crate) fn size(&self) -> (usize, usize) {
        let table = self.table.lock().unwrap();
        (table.nodes.len(), table.edges.len())
    }

    fn explore(&self, table: &mut Table, node: Node, input: Input, now: u8) -> Node {
        let Reached { seed, path, .. } = &table.nodes[node.0 as usize];
        let (seed, mut path) = (*seed, path.clone());
        let mut flow = self.flow(seed);
        for (input, now) in &path {
            flow.step(event(*input), &moment(*now));
        }
        let action = flow.step(event(input), &moment(now));
        path.push((input, now));
        let form = format!("{flow:?} {action:?}");
        table.reach(form, Reached { seed, path, next: Some(next(&action)) })
    }

    fn flow(&self, seed: Seed) -> Flow {
        let nonce = match seed {
            Seed::New { nonce } | Seed::Foretold { nonce, .. } => nonce,
            Seed::Resume { auth, .. } => auth.nonce,
        };
        let nonce = B256::repeat_byte(nonce + 1);
        let call = CallFacts {
            key: "key".into(),
            nonce,
            payment_id: payment_id(&nonce),
            payer: Address::repeat_byte(7),
            url: "https://a.example/v1/chat/completions".parse().unwrap(),
        };
        let policy = Arc::clone(&self.policy);
        let Seed::Resume { auth, at_risk, ended } = seed else {
            let mut flow = Flow::new(call, policy);
            if let Seed::Foretold { price, .. } = seed {
                flow.foretell(forecast(price));
            }
            return flow;
        };
        let amount = |units| Usdc::from_micro(u128::from(units) * u128::from(UNIT));
        let resumed = Resumed {
            transfer: transfer(auth, nonce),
            at_risk: amount(at_risk),
            ended: ended.map(|paid| Outcome::Settled {
                amount: amount(paid),
                transaction: None,
                proof: Proof::Server,
            }),
        };
        Flow::resuming(call, policy, resumed)
    }
}

impl Table {
    fn reach(&mut self, form: String, reached: Reached) -> Node {
        if let Some(&node) = self.by_form.get(&form) {
            return node;
        }
        let node = Node(u32::try_from(self.nodes.len()).unwrap());
        self.nodes.push(reached);
        self.by_form.insert(form, node);
        node
    }
}

fn transfer(auth: Auth, nonce: B256) -> Transfer {
    let authorization = Authorization {
        from: Address::repeat_byte(7),
        to: Address::repeat_byte(9),
        value: (u64::from(auth.amount) * UNIT).try_into().unwrap(),
        valid_after: 0_u64.try_into().unwrap(),
        valid_before: time(auth.expiry).try_into().unwrap(),
        nonce,
    };
    Transfer { network: Network::by_id("eip155:84532").unwrap(), authorization }
}

fn time(tick: u8) -> u64 {
    START + u64::from(tick) * TICK
}

fn tick(time: u64) -> u8 {
    u8::try_from((time - START) / TICK).unwrap()
}

fn units(amount: Usdc) -> u8 {
    u8::try_from(amount.micro() / u128::from(UNIT)).unwrap()
}

/// The deadline is an event of its own, so it is never near.
fn moment(now: u8) -> Moment {
    Moment {
        now: time(now),
        elapsed: Duration::from_secs(u64::from(now) * TICK),
        remaining: Duration::from_hours(1),
        entropy: 0,
    }
}

fn event(input: Input) -> Event {
    let trouble = |kind| Error::new(kind, "trouble");
    match input {
        Input::Start => Event::Start,
        Input::Reply(reply) => Event::Answered(answer(reply)),
        Input::NeverSent => Event::NeverSent(trouble(ErrorKind::Connection)),
        Input::Lost => Event::Lost(trouble(ErrorKind::Connection)),
        Input::Reserved => Event::Reserved,
        Input::NotReserved(kind) => Event::NotReserved(trouble(kind)),
        Input::Approved => Event::Approved,
        Input::Signed => Event::Signed([1; 65]),
        Input::Recorded => Event::Recorded,
        Input::NotRecorded => Event::NotRecorded(trouble(ErrorKind::Journal)),
        Input::Waited => Event::Waited,
        Input::Chain(None) => Event::Chain(ChainAnswer::Unavailable),
        Input::Chain(Some(None)) => Event::Chain(ChainAnswer::Unused),
        Input::Chain(Some(Some(paid))) => {
            let amount = Usdc::from_micro(u128::from(paid) * u128::from(UNIT));
            Event::Chain(ChainAnswer::Paid { amount, transaction: "0x1".to_owned() })
        }
        Input::Deadline => Event::Deadline,
    }
}

fn answer(reply: Reply) -> Answer {
    let mut headers = HeaderMap::new();
    let status = match reply {
        Reply::Price(price) => challenge(&mut headers, price, ""),
        Reply::WrongTime(price) => challenge(&mut headers, price, "valid_before is over"),
        Reply::Used(price) => challenge(&mut headers, price, "nonce_already_used"),
        Reply::Success => 200,
        Reply::Pending => {
            headers.insert("retry-after", "1".parse().unwrap());
            503
        }
        Reply::Failure => 500,
        Reply::Conflict => 409,
        Reply::Redirect => 307,
        Reply::Gone => 410,
    };
    Answer { status, headers, body: Bytes::new() }
}

fn forecast(price: u8) -> Forecast {
    let mut headers = HeaderMap::new();
    challenge(&mut headers, price, "");
    Forecast { challenge: Challenge::parse(&headers, &[]).unwrap(), clock_offset: 0 }
}

fn challenge(headers: &mut HeaderMap, price: u8, error: &str) -> u16 {
    let offer = json!({
        "scheme": "exact", "network": "eip155:84532",
        "amount": (u64::from(price) * UNIT).to_string(),
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        "payTo": Address::repeat_byte(9), "maxTimeoutSeconds": u64::from(VALIDITY) * TICK,
    });
    let body = json!({"x402Version": 2, "error": error, "accepts": [offer]}).to_string();
    headers.insert(PAYMENT_REQUIRED, encode_header(&body).parse().unwrap());
    402
}

fn next(action: &Action) -> Next {
    match action {
        Action::SendUnpaid => Next::SendUnpaid,
        Action::Reserve(terms) => Next::Reserve { amount: units(terms.amount) },
        Action::Approve(_) => Next::Approve,
        Action::Sign(_) => Next::Sign,
        Action::Record(recording) => {
            let authorization = &recording.transfer.authorization;
            Next::Record {
                amount: units(Usdc::from_micro(authorization.value.saturating_to())),
                expiry: tick(authorization.valid_before.saturating_to()),
            }
        }
        Action::SendPaid => Next::SendPaid,
        Action::Replay => Next::Replay,
        Action::Wait(_) => Next::Wait,
        Action::AskChain { .. } => Next::AskChain,
        Action::Finish(finished) => Next::Finished(books(&finished.outcome)),
        Action::Fail(failure) => {
            Next::Failed(claim(failure.error.payment()), books(&failure.outcome))
        }
    }
}

fn books(outcome: &Outcome) -> Books {
    match outcome {
        Outcome::Released => Books::Released,
        Outcome::Settled { amount, proof, .. } => {
            Books::Settled { amount: units(*amount), by_chain: *proof == Proof::Chain }
        }
        Outcome::Refused { live_until } => Books::Refused { live_until: tick(*live_until) },
        Outcome::Unknown { live_until } => Books::Unknown { live_until: tick(*live_until) },
    }
}

fn claim(state: &PaymentState) -> Claim {
    match state {
        PaymentState::NotCharged => Claim::NotCharged,
        PaymentState::Refused { live_until, .. } => {
            Claim::Refused { live_until: tick(*live_until) }
        }
        PaymentState::Charged { proof: Proof::Server, .. } => Claim::ChargedByServer,
        PaymentState::Charged { proof: Proof::Chain, amount, .. } => {
            Claim::ChargedOnChain { amount: units(*amount) }
        }
        PaymentState::Unknown { valid_until, .. } => {
            Claim::Unknown { live_until: tick(*valid_until) }
        }
        PaymentState::PresumedCharged { .. } => Claim::Presumed,
        _ => Claim::Unstated,
    }
}
