//! The pieces of a paid call that need no I/O, each ready to be done again and again.

use std::{hint::black_box, sync::Arc, time::Duration};

use blockrun_llm::{
    flow::{Action, Answer, CallFacts, Event, Flow, Forecast, Moment},
    networks::BASE_SEPOLIA,
    offline::{payment_id, sign_payment, verify_payment},
    policy::Policy,
    quote::PriceSheet,
    wallet::{B256, LocalKey, TypedData},
    x402::{Challenge, Origin, PAYMENT_REQUIRED, Requirement, Transfer, Version, nonce},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::{Problem, Terms};

const NOW: u64 = 1_790_000_000;
const MOMENT: Moment = Moment {
    now: NOW,
    elapsed: Duration::from_millis(1),
    remaining: Duration::from_secs(600),
    entropy: 7,
};
const URL: &str = "http://127.0.0.1:8402/api/v1/chat/completions";
const KEY: &str = "0d8f6f5c-6a54-4b8e-9f7d-1c9f7e4a2b10";
const BODY: &str = r#"{"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}],"max_tokens":1024}"#;

/// A paid call in pieces.
#[derive(Debug)]
pub struct Pieces {
    key: LocalKey,
    origin: Origin,
    call: CallFacts,
    policy: Arc<Policy>,
    refusal: Answer,
    answer: Answer,
    sheet: PriceSheet,
    forecast: Forecast,
    offered: Requirement,
    transfer: Transfer,
    signature: [u8; 65],
    payment: String,
}

impl Pieces {
    /// What can be done, by name.
    pub const NAMES: [&str; 8] =
        ["nonce", "price", "parse", "digest", "sign", "flow-1", "flow-2", "verify"];

    /// A call as a client makes it at the stand-in.
    ///
    /// # Errors
    /// Never, unless client and stand-in do not understand each other.
    pub fn new() -> Result<Self, Problem> {
        let key = LocalKey::from_hex(&format!("{:064x}", 0x0040_2000))?;
        let url: Url = URL.parse()?;
        let origin = Origin::of(&url).ok_or("the URL has no origin")?;
        let nonce = nonce(key.address(), KEY, "POST", &origin, url.path());
        let terms = Terms::new(URL.to_owned());
        let refusal = refusal(&terms)?;
        let challenge = Challenge::parse(&refusal.headers, &refusal.body)?;
        let policy = Policy::default();
        let signed = sign_payment(&key, &challenge, &policy, &url, NOW, nonce)?;
        let transfer = Transfer { network: &BASE_SEPOLIA, authorization: signed.authorization };
        let payment_id = payment_id(&nonce);
        Ok(Self {
            signature: key.sign_digest(&transfer.digest())?,
            call: CallFacts { key: KEY.into(), nonce, payment_id, payer: key.address(), url },
            sheet: PriceSheet::parse(Terms::prices().to_string().as_bytes())?,
            forecast: Forecast { challenge, clock_offset: 0 },
            offered: terms.requirement(Version::V2)?,
            answer: Answer { status: 200, headers: HeaderMap::new(), body: Bytes::from("{}") },
            policy: Arc::new(policy),
            payment: signed.header_value,
            key,
            origin,
            refusal,
            transfer,
        })
    }

    /// Does a piece once.
    ///
    /// # Errors
    /// When there is no piece of this name, or it fails.
    pub fn play(&self, name: &str) -> Result<(), Problem> {
        match name {
            "nonce" => drop(black_box(self.nonce())),
            "price" => drop(black_box(self.price()?)),
            "parse" => drop(black_box(self.parse()?)),
            "digest" => drop(black_box(self.digest())),
            "sign" => drop(black_box(self.key.sign_digest(&self.digest())?)),
            "flow-1" => self.flow(true)?,
            "flow-2" => self.flow(false)?,
            "verify" => self.verify()?,
            other => return Err(format!("{other:?} is none of {:?}", Self::NAMES).into()),
        }
        Ok(())
    }

    /// Derives the nonce of the call.
    fn nonce(&self) -> B256 {
        let CallFacts { key, payer, url, .. } = black_box(&self.call);
        nonce(*payer, key, "POST", &self.origin, url.path())
    }

    /// Foretells the 402 from the published prices.
    fn price(&self) -> Result<Challenge, Problem> {
        let amount = self.sheet.chat(black_box(BODY)).ok_or("the call has no price")?;
        Ok(self.sheet.challenge(amount).ok_or("the price has no offer")?)
    }

    /// Reads the 402.
    fn parse(&self) -> Result<Challenge, Problem> {
        let Answer { headers, body, .. } = black_box(&self.refusal);
        Ok(Challenge::parse(headers, body)?)
    }

    /// The digest that is signed.
    fn digest(&self) -> B256 {
        black_box(&self.transfer).digest()
    }

    /// The whole flow without I/O: foretold, or with a 402. The signature is there already.
    fn flow(&self, foretold: bool) -> Result<(), Problem> {
        let mut flow = Flow::new(self.call.clone(), Arc::clone(&self.policy));
        if foretold {
            flow.foretell(self.forecast.clone());
        }
        let mut event = Event::Start;
        loop {
            event = match flow.step(event, &MOMENT) {
                Action::SendUnpaid => Event::Answered(self.refusal.clone()),
                Action::Reserve(_) => Event::Reserved,
                Action::Approve(_) => Event::Approved,
                Action::Sign(_) => Event::Signed(self.signature),
                Action::Record(_) => Event::Recorded,
                Action::SendPaid => Event::Answered(self.answer.clone()),
                Action::Finish(finished) => {
                    black_box(finished);
                    return Ok(());
                }
                other => return Err(format!("the flow wants {other:?}").into()),
            };
        }
    }

    /// What a gateway does with the payment before it claims it: reads, compares, recovers the signer.
    fn verify(&self) -> Result<(), Problem> {
        black_box(verify_payment(black_box(&self.payment), &self.offered, NOW)?);
        Ok(())
    }
}

fn refusal(terms: &Terms) -> Result<Answer, Problem> {
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static(PAYMENT_REQUIRED),
        HeaderValue::try_from(terms.header())?,
    )]);
    Ok(Answer { status: 402, headers, body: terms.body().to_string().into() })
}
