//! How a client is configured.

use std::{sync::Arc, time::Duration};

use blockrun_llm::{
    ClientOptions as CoreOptions,
    error::Result,
    http,
    journal::{self, JournalOptions},
    policy::PayeeRule,
    wallet,
};

use crate::{
    hook::{Hook, PaymentHook},
    money::Usdc,
    signer::{AppSigner, ForeignSigner, only_one},
};

/// Options of a client besides its key. What is left out comes from the environment, then from the
/// defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ClientOptions {
    /// Base address of the endpoint. `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`.
    #[uniffi(default)]
    pub api_url: Option<String>,
    /// Model of calls that name none. Default `openai/gpt-4o-mini`.
    #[uniffi(default)]
    pub model: Option<String>,
    /// Total time of a call, replays included. `BLOCKRUN_CHAT_TIMEOUT` (seconds), then 600 s.
    #[uniffi(default)]
    pub timeout: Option<Duration>,
    /// Most that one call may cost, inclusive. `BLOCKRUN_MAX_COST_PER_CALL` (dollars), then $1.
    #[uniffi(default)]
    pub max_cost_per_call: Option<Usdc>,
    /// Most that this client may spend, inclusive. `BLOCKRUN_MAX_SESSION_COST`, then no limit.
    #[uniffi(default)]
    pub max_session_cost: Option<Usdc>,
    /// Most that all programs of this wallet home may spend in 3,600 seconds, inclusive.
    /// `BLOCKRUN_MAX_COST_PER_HOUR`, then no limit. With this limit a journal that cannot be
    /// written is an error.
    #[uniffi(default)]
    pub max_cost_per_hour: Option<Usdc>,
    /// The same for 86,400 seconds. `BLOCKRUN_MAX_COST_PER_DAY`, then no limit.
    #[uniffi(default)]
    pub max_cost_per_day: Option<Usdc>,
    /// Who may be paid: addresses, or the single word `pin` for whoever was paid first at each
    /// origin. Default: anybody the server names.
    #[uniffi(default)]
    pub payees: Option<Vec<String>>,
    /// What a call without an idempotency key does when the very same call was made before and it
    /// is not known what became of its payment. Default `resume`.
    #[uniffi(default)]
    pub on_unresolved: Option<OnUnresolved>,
    /// Whether a call whose exact price is known beforehand pays in its first request, which saves a
    /// round trip. `BLOCKRUN_PREPAY` (`auto` or `off`), then `auto`.
    #[uniffi(default)]
    pub prepay: Option<Prepay>,
    /// Folder of the payment journal; an app gives one that is its own and is kept.
    /// `BLOCKRUN_HOME`, then `~/.blockrun`.
    #[uniffi(default)]
    pub home: Option<String>,
    /// What the record of a payment survives. Default: `power` on a phone, else `process`.
    #[uniffi(default)]
    pub durability: Option<Durability>,
    /// JSON-RPC endpoints to ask what became of a payment, separated by commas, or `off`.
    /// `BLOCKRUN_RPC_URL`, then public ones of the network; nobody for a server on this machine.
    #[uniffi(default)]
    pub rpc_url: Option<String>,
    /// PEM file with the only certificates to trust. Default: the system's, or `SSL_CERT_FILE`; on
    /// Android those that come with the library.
    #[uniffi(default)]
    pub ca_file: Option<String>,
}

/// What a plain retry of a call does whose payment is unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum OnUnresolved {
    /// Takes that payment up again: a plain retry does not pay twice.
    Resume,
    /// Ends with an error that has the earlier call's key.
    Refuse,
    /// Pays again.
    New,
}

/// Whether a payment may travel with the first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Prepay {
    /// Where the exact price is known beforehand.
    Auto,
    /// Never: every call asks for the price first.
    Off,
}

/// What the record of a payment survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Durability {
    /// The death of the process.
    Process,
    /// The loss of power as well, at about ten times the cost of a write.
    Power,
}

impl From<OnUnresolved> for journal::OnUnresolved {
    fn from(given: OnUnresolved) -> Self {
        match given {
            OnUnresolved::Resume => Self::Resume,
            OnUnresolved::Refuse => Self::Refuse,
            OnUnresolved::New => Self::New,
        }
    }
}

impl From<Prepay> for http::Prepay {
    fn from(given: Prepay) -> Self {
        match given {
            Prepay::Auto => Self::Auto,
            Prepay::Off => Self::Off,
        }
    }
}

impl From<Durability> for journal::Durability {
    fn from(given: Durability) -> Self {
        match given {
            Durability::Process => Self::Process,
            Durability::Power => Self::Power,
        }
    }
}

/// Options of the core.
pub(crate) fn options(
    private_key: Option<String>,
    signer: Option<Arc<dyn ForeignSigner>>,
    hook: Option<Arc<dyn PaymentHook>>,
    platform: &str,
    options: ClientOptions,
) -> Result<CoreOptions> {
    only_one(private_key.as_ref(), signer.as_ref())?;
    let signer = signer.map(AppSigner::new).transpose()?;
    Ok(CoreOptions {
        private_key: private_key.map(Into::into),
        signer: signer.map(|signer| Arc::new(signer) as Arc<dyn wallet::Signer>),
        api_url: options.api_url,
        model: options.model,
        timeout: options.timeout,
        max_cost_per_call: options.max_cost_per_call.map(Into::into),
        max_session_cost: options.max_session_cost.map(Into::into),
        max_cost_per_hour: options.max_cost_per_hour.map(Into::into),
        max_cost_per_day: options.max_cost_per_day.map(Into::into),
        payees: options.payees.as_deref().map(PayeeRule::parse).transpose()?,
        on_payment: hook.map(|hook| Arc::new(Hook(hook)) as Arc<dyn http::PaymentHook>),
        on_unresolved: options.on_unresolved.map(Into::into).unwrap_or_default(),
        prepay: options.prepay.map(Into::into),
        journal: JournalOptions {
            home: options.home.map(Into::into),
            durability: options.durability.map(Into::into).unwrap_or_default(),
            ..JournalOptions::default()
        },
        rpc_url: options.rpc_url,
        ca_file: options.ca_file.map(Into::into),
        user_agent: Some(format!("blockrun-{platform}/{}", env!("CARGO_PKG_VERSION"))),
        ..CoreOptions::default()
    })
}
