//! How a client is configured: options first, then the environment, then defaults.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use url::Url;
use zeroize::Zeroizing;

use super::{Inner, environment as env, policy_file::Rules};
use crate::{
    chain::{ChainOptions, ChainReader, RpcUrl},
    clock::{Clock, SystemClock, random_bytes},
    error::{Error, Result},
    http::{PaidHttp, PaymentHook, Transport, TransportOptions},
    journal::{Journal, JournalOptions, OnUnresolved},
    money::Usdc,
    policy::{Policy, check_url},
    wallet::{LocalKey, Signer},
};

/// Where calls go unless configured.
pub const DEFAULT_API_URL: &str = "https://blockrun.ai/api";
/// The model that is asked unless configured.
pub const DEFAULT_MODEL: &str = "openai/gpt-4o-mini";
/// Total time of a call unless configured.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// A private key as text, zeroized when dropped and never printed.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<String>);

impl<T: Into<String>> From<T> for PrivateKey {
    fn from(text: T) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// Options of a client. What is `None` comes from the environment, then from the defaults; a
/// blank environment variable counts as unset.
///
/// ```
/// use blockrun_llm::{ClientOptions, Usdc};
///
/// let options = ClientOptions {
///     private_key: Some("0x…".into()),
///     max_cost_per_call: Some(Usdc::from_micro(50_000)),
///     ..ClientOptions::default()
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// Key of the paying wallet. `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`.
    pub private_key: Option<PrivateKey>,
    /// Signs instead of a private key, when the key lives elsewhere.
    pub signer: Option<Arc<dyn Signer>>,
    /// Base address of the endpoint. `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`.
    pub api_url: Option<String>,
    /// Model of calls that name none. Default `openai/gpt-4o-mini`.
    pub model: Option<String>,
    /// Total time of a call, replays included. `BLOCKRUN_CHAT_TIMEOUT` (seconds), then 600 s.
    pub timeout: Option<Duration>,
    /// Most that one call may cost, inclusive. `BLOCKRUN_MAX_COST_PER_CALL` (dollars), then $1.
    pub max_cost_per_call: Option<Usdc>,
    /// Most that this client may spend in its life, inclusive. `BLOCKRUN_MAX_SESSION_COST`
    /// (dollars), then no limit.
    pub max_session_cost: Option<Usdc>,
    /// Most that all programs of this wallet home may spend in 3,600 s, inclusive.
    /// `BLOCKRUN_MAX_COST_PER_HOUR` (dollars), then no limit.
    pub max_cost_per_hour: Option<Usdc>,
    /// Most that all programs of this wallet home may spend in 86,400 s, inclusive.
    /// `BLOCKRUN_MAX_COST_PER_DAY` (dollars), then no limit.
    pub max_cost_per_day: Option<Usdc>,
    /// Asked before each payment is signed, once policy has agreed.
    pub on_payment: Option<Arc<dyn PaymentHook>>,
    /// What a plain retry of a call does whose payment is unresolved. Default: take that one up.
    pub on_unresolved: OnUnresolved,
    /// Where payments are recorded. Default: `BLOCKRUN_HOME`, then `~/.blockrun`.
    pub journal: JournalOptions,
    /// JSON-RPC endpoints for proof, separated by commas, or `off`. `BLOCKRUN_RPC_URL`, then those
    /// of the network table; nobody for a server on this machine.
    pub rpc_url: Option<String>,
    /// PEM file with the only certificates to trust. Default: the system's, or `SSL_CERT_FILE`.
    pub ca_file: Option<PathBuf>,
    /// Everything else that may be signed; its limits give way to those above.
    pub policy: Option<Policy>,
    /// `User-Agent`. Default `blockrun-rust/<version>`.
    pub user_agent: Option<String>,
    /// Tells the time. Default: the machine's clock.
    pub clock: Option<Arc<dyn Clock>>,
}

impl ClientOptions {
    pub(super) fn resolve(self) -> Result<Inner> {
        let api_url = api_url(self.api_url.as_deref())?;
        let rpc_url = rpc_url(self.rpc_url.as_deref(), &api_url)?;
        let rules = Rules::load()?;
        let mut journal = self.journal.clone();
        journal.required |= rules.in_force;
        let policy = self.policy(rules)?;
        journal.required |= policy.needs_a_file();
        let signer = match self.signer {
            Some(signer) => signer,
            None => Arc::new(wallet_key(self.private_key)?),
        };
        let model = self.model.unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        if model.trim().is_empty() {
            return Err(Error::argument("model", "Model must be a non-empty string"));
        }
        let mut transport = TransportOptions { ca_file: self.ca_file, ..Default::default() };
        if let Some(user_agent) = self.user_agent {
            transport.user_agent = user_agent;
        }
        let transport = Transport::new(&transport)?;
        Ok(Inner {
            http: PaidHttp {
                chain: ChainReader::new(
                    transport.clone(),
                    ChainOptions { rpc_url, ..Default::default() },
                ),
                transport,
                signer,
                policy: Arc::new(policy),
                journal: Arc::new(Journal::new(journal)),
                clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
                hook: self.on_payment,
                on_unresolved: self.on_unresolved,
                session: random_bytes()?,
            },
            api_url,
            model,
            timeout: timeout(self.timeout)?,
        })
    }
}

impl ClientOptions {
    /// The policy given, with the limits of options, environment and files: the strictest wins.
    fn policy(&self, rules: Rules) -> Result<Policy> {
        let mut policy = self.policy.clone().unwrap_or_default();
        let budgets = &mut policy.budgets;
        let limits = [
            ("max_session_cost", self.max_session_cost, &mut budgets.session),
            ("max_cost_per_hour", self.max_cost_per_hour, &mut budgets.hour),
            ("max_cost_per_day", self.max_cost_per_day, &mut budgets.day),
        ];
        for (field, given, place) in limits {
            *place = limit(field, given)?.or(*place);
        }
        let given = limit("max_cost_per_call", self.max_cost_per_call)?;
        if let Some(limit) = given.into_iter().chain(rules.max_cost_per_call).min() {
            policy.max_cost_per_call = limit;
        }
        rules.restrict(&mut policy);
        policy.validate()?;
        Ok(policy)
    }
}

fn wallet_key(given: Option<PrivateKey>) -> Result<LocalKey> {
    let from_environment =
        || env::text("BLOCKRUN_WALLET_KEY").or_else(|| env::text("BASE_CHAIN_WALLET_KEY"));
    let Some(key) = given.or_else(|| from_environment().map(PrivateKey::from)) else {
        return Err(Error::argument(
            "private_key",
            "No credential configured. Either set BLOCKRUN_WALLET_KEY to the private key of a \
             wallet, or pass it as the first constructor argument",
        ));
    };
    let text = key.0.trim();
    if text.starts_with("brk_") {
        return Err(Error::argument(
            "private_key",
            "this is an API key (brk_…); this version pays from a wallet: pass its private key",
        ));
    }
    LocalKey::from_hex(text)
}

fn api_url(given: Option<&str>) -> Result<Url> {
    let (field, text) = match given {
        Some(text) => ("api_url", text.to_owned()),
        None => match env::text("BLOCKRUN_API_URL") {
            Some(text) => ("BLOCKRUN_API_URL", text),
            None => ("api_url", DEFAULT_API_URL.to_owned()),
        },
    };
    let url = check_url(field, &text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::argument(
            field,
            &format!("{text:?} has a query: give the base address"),
        ));
    }
    Ok(url)
}

/// Whom to ask for proof. A server on this machine has play money that no public chain knows of.
fn rpc_url(given: Option<&str>, api_url: &Url) -> Result<Option<RpcUrl>> {
    let (field, text) = match given {
        Some(text) => ("rpc_url", Some(text.to_owned())),
        None => ("BLOCKRUN_RPC_URL", env::text("BLOCKRUN_RPC_URL")),
    };
    match text {
        Some(text) => RpcUrl::parse(field, &text).map(Some),
        None => Ok((api_url.scheme() == "http").then(RpcUrl::off)),
    }
}

/// A limit, given or from the environment variable of its name.
fn limit(field: &str, given: Option<Usdc>) -> Result<Option<Usdc>> {
    let variable = format!("BLOCKRUN_{}", field.to_uppercase());
    let (name, limit) = match given {
        Some(limit) => (field, Some(limit)),
        None => (variable.as_str(), env::dollars(&variable)?),
    };
    if limit == Some(Usdc::ZERO) {
        return Err(Error::argument(name, "must be more than 0; leave it out for the default"));
    }
    Ok(limit)
}

fn timeout(given: Option<Duration>) -> Result<Duration> {
    let (name, timeout) = match given {
        Some(timeout) => ("timeout", timeout),
        None => match env::seconds("BLOCKRUN_CHAT_TIMEOUT")? {
            Some(timeout) => ("BLOCKRUN_CHAT_TIMEOUT", timeout),
            None => ("timeout", DEFAULT_TIMEOUT),
        },
    };
    if timeout.is_zero() {
        return Err(Error::argument(name, "must be more than 0 seconds"));
    }
    Ok(timeout)
}
