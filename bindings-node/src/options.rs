//! Options of a client.

use std::sync::Arc;

use blockrun_llm::{
    ClientOptions, Error,
    error::Result,
    http::{PaymentHook, Prepay},
    journal::{Durability, JournalOptions, OnUnresolved},
    policy::PayeeRule,
    wallet::Signer,
};
use napi::Either;
use napi_derive::napi;

use crate::{
    convert::{dollars, duration, one_of},
    hook::{Ask, OnPayment},
    signer::{JsSigner, Sign},
};

/// Who we say we are.
const USER_AGENT: &str = concat!("blockrun-node/", env!("CARGO_PKG_VERSION"));

const ON_UNRESOLVED: &[(&str, OnUnresolved)] = &[
    ("resume", OnUnresolved::Resume),
    ("refuse", OnUnresolved::Refuse),
    ("new", OnUnresolved::New),
];

const PREPAY: &[(&str, Option<Prepay>)] =
    &[("auto", Some(Prepay::Auto)), ("off", Some(Prepay::Off))];

const DURABILITY: &[(&str, Durability)] =
    &[("process", Durability::Process), ("power", Durability::Power)];

/// Options of a client.
#[napi(object, object_to_js = false)]
pub struct ClientInput {
    /// Key of a wallet, or of an account.
    pub private_key: Option<String>,
    /// The account of `sign`.
    pub signer_address: Option<String>,
    #[napi(ts_type = "(typedData: string) => Promise<string>")]
    pub sign: Option<Sign>,
    pub api_url: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub model: Option<String>,
    pub max_cost_per_call: Option<Either<f64, String>>,
    pub max_session_cost: Option<Either<f64, String>>,
    pub max_cost_per_hour: Option<Either<f64, String>>,
    pub max_cost_per_day: Option<Either<f64, String>>,
    pub payees: Option<Vec<String>>,
    #[napi(ts_type = "(request: PaymentRequestOutput) => Promise<boolean>")]
    pub on_payment: Option<Ask>,
    pub on_unresolved: Option<String>,
    pub prepay: Option<String>,
    pub home: Option<String>,
    pub durability: Option<String>,
    pub rpc_url: Option<String>,
    pub ca_file: Option<String>,
}

impl ClientInput {
    pub(crate) fn into_options(self) -> Result<ClientOptions> {
        Ok(ClientOptions {
            signer: signer(self.signer_address, self.sign)?,
            private_key: self.private_key.map(Into::into),
            api_url: self.api_url,
            timeout: duration("timeout", self.timeout)?,
            model: self.model,
            max_cost_per_call: dollars("max_cost_per_call", self.max_cost_per_call)?,
            max_session_cost: dollars("max_session_cost", self.max_session_cost)?,
            max_cost_per_hour: dollars("max_cost_per_hour", self.max_cost_per_hour)?,
            max_cost_per_day: dollars("max_cost_per_day", self.max_cost_per_day)?,
            payees: self.payees.map(|texts| PayeeRule::parse(&texts)).transpose()?,
            on_payment: self.on_payment.map(|ask| Arc::new(OnPayment(ask)) as Arc<dyn PaymentHook>),
            on_unresolved: one_of("on_unresolved", self.on_unresolved, ON_UNRESOLVED)?,
            prepay: one_of("prepay", self.prepay, PREPAY)?,
            journal: JournalOptions {
                home: self.home.map(Into::into),
                durability: one_of("durability", self.durability, DURABILITY)?,
                ..JournalOptions::default()
            },
            rpc_url: self.rpc_url,
            ca_file: self.ca_file.map(Into::into),
            user_agent: Some(USER_AGENT.to_owned()),
            ..ClientOptions::default()
        })
    }
}

/// Both, or neither.
fn signer(address: Option<String>, sign: Option<Sign>) -> Result<Option<Arc<dyn Signer>>> {
    let (Some(address), Some(sign)) = (address, sign) else { return Ok(None) };
    let address = address
        .parse()
        .map_err(|cause| Error::argument("signer.address", &format!("{address:?}: {cause}")))?;
    Ok(Some(Arc::new(JsSigner { address, sign })))
}
