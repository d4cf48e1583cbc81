//! How a client is configured: options first, then the environment, then defaults.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use url::Url;
use zeroize::Zeroizing;

use super::{Inner, Rail, credential::Credential, environment as env, policy_file::PolicyRules};
use crate::{
    chain::{ChainOptions, ChainReader, RpcUrl},
    clock::{Clock, SystemClock, random_bytes},
    error::{Error, Result},
    http::{AccountHttp, Foresight, PaidHttp, PaymentHook, Prepay, Transport, TransportOptions},
    journal::{Journal, JournalOptions, OnUnresolved},
    money::Usdc,
    policy::{PayeeRule, Policy, check_url},
    wallet::Signer,
};

/// Where calls go unless configured.
pub const DEFAULT_API_URL: &str = "https://blockrun.ai/api";
/// Where calls go that an account is billed for.
pub const DEFAULT_API_KEY_URL: &str = "https://api.blockrun.ai";
/// The model that is asked unless configured.
pub const DEFAULT_MODEL: &str = "openai/gpt-4o-mini";
/// Total time of a call unless configured.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// A private key as text, zeroized when dropped and never printed.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<String>);

impl PrivateKey {
    pub(super) fn text(&self) -> &str {
        self.0.trim()
    }
}

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
    /// Key of the paying wallet, or an API key (`brk_…`) whose account is billed instead.
    /// `BLOCKRUN_API_KEY`, then `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`, then the wallet
    /// in the home folder ([`WalletHome`](crate::wallet::WalletHome)); an encrypted one takes the
    /// passphrase of the environment and half a second to open.
    pub private_key: Option<PrivateKey>,
    /// Signs instead of a private key, when the key lives elsewhere. What it signs is checked before
    /// it is used.
    pub signer: Option<Arc<dyn Signer>>,
    /// Base address of the endpoint. `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`. With an
    /// API key `BLOCKRUN_API_KEY_URL`, `BLOCKRUN_API_BASE_URL`, then `https://api.blockrun.ai`.
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
    /// Who may be paid. Default: that of `policy`, else anybody the server names. A policy file may
    /// narrow it.
    pub payees: Option<PayeeRule>,
    /// Asked before each payment is signed, once policy has agreed.
    pub on_payment: Option<Arc<dyn PaymentHook>>,
    /// What a plain retry of a call does whose payment is unresolved. Default: take that one up.
    pub on_unresolved: OnUnresolved,
    /// Whether a call whose price is known beforehand pays in its first request.
    /// `BLOCKRUN_PREPAY` (`auto` or `off`), then `auto`.
    pub prepay: Option<Prepay>,
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
        let model = self.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        if model.trim().is_empty() {
            return Err(Error::argument("model", "Model must be a non-empty string"));
        }
        let timeout = timeout(self.timeout)?;
        let transport = self.transport()?;
        let home = self.journal.home.as_deref();
        let credential = Credential::of(self.private_key.as_ref(), self.signer.as_ref(), home)?;
        let api_url = api_url(self.api_url.as_deref(), credential.is_api_key())?;
        let rail = match credential {
            Credential::ApiKey(key) => Rail::Account(AccountHttp::new(api_url, transport, &key)),
            Credential::Signer(signer) => {
                Rail::Wallet(Box::new(self.wallet(api_url, transport, signer)?))
            }
        };
        Ok(Inner { rail, model, timeout })
    }

    fn transport(&self) -> Result<Transport> {
        let mut options = TransportOptions { ca_file: self.ca_file.clone(), ..Default::default() };
        if let Some(user_agent) = &self.user_agent {
            options.user_agent.clone_from(user_agent);
        }
        Transport::new(&options)
    }

    fn wallet(
        self,
        api_url: Url,
        transport: Transport,
        signer: Arc<dyn Signer>,
    ) -> Result<PaidHttp> {
        let rpc_url = rpc_url(self.rpc_url.as_deref(), &api_url)?;
        let rules = PolicyRules::load()?;
        let mut journal = self.journal.clone();
        journal.required |= rules.in_force;
        let policy = self.policy(rules)?;
        journal.required |= policy.needs_a_file();
        let foresight = Arc::new(Foresight::new(prepay(self.prepay)?));
        let chain = ChainOptions { rpc_url, ..Default::default() };
        Ok(PaidHttp {
            chain: ChainReader::new(transport.clone(), chain),
            api_url,
            transport,
            signer,
            policy: Arc::new(policy),
            journal: Arc::new(Journal::new(journal)),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            hook: self.on_payment,
            on_unresolved: self.on_unresolved,
            session: random_bytes()?,
            recent: Arc::default(),
            foresight,
        })
    }
}

impl ClientOptions {
    /// The policy given, with the limits of options, environment and files: the strictest wins.
    fn policy(&self, rules: PolicyRules) -> Result<Policy> {
        let mut policy = self.policy.clone().unwrap_or_default();
        if let Some(payees) = &self.payees {
            policy.payees.clone_from(payees);
        }
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

fn api_url(given: Option<&str>, account: bool) -> Result<Url> {
    let (variables, default): (&[&str], _) = match account {
        true => (&["BLOCKRUN_API_KEY_URL", "BLOCKRUN_API_BASE_URL"], DEFAULT_API_KEY_URL),
        false => (&["BLOCKRUN_API_URL"], DEFAULT_API_URL),
    };
    let from_environment = || variables.iter().find_map(|name| Some((*name, env::text(name)?)));
    let (field, text) = given
        .map(|text| ("api_url", text.to_owned()))
        .or_else(from_environment)
        .unwrap_or_else(|| ("api_url", default.to_owned()));
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

fn prepay(given: Option<Prepay>) -> Result<Prepay> {
    match (given, env::text("BLOCKRUN_PREPAY")) {
        (Some(prepay), _) => Ok(prepay),
        (None, Some(text)) => Prepay::parse("BLOCKRUN_PREPAY", text.trim()),
        (None, None) => Ok(Prepay::default()),
    }
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
