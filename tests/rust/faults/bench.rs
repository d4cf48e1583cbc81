//! What all cases share: a gateway, wallets of their own, calls through a proxy that fails.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use blockrun_gateway::{Config, Gateway, Running};
use blockrun_llm::{ChatRequest, ClientOptions, LLMClient, journal::JournalOptions};
use conformance::{Fault, FaultProxy, Report};
use tempfile::TempDir;

use crate::{
    audit::audit,
    table::{Audit, Case},
};

/// Test USDC of a new wallet.
const START: u128 = 10_000_000;

/// The gateway of all cases that do not kill it.
pub(crate) struct Bench {
    pub(crate) gateway: Running,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self { gateway: gateway(Config::default()).await }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    /// A proxy before the gateway.
    pub(crate) async fn proxy(&self) -> FaultProxy {
        FaultProxy::start(self.address()).await.unwrap()
    }
}

/// A gateway in this process.
pub(crate) async fn gateway(config: Config) -> Running {
    let bind = "127.0.0.1:0".parse().unwrap();
    Gateway::start(Config { bind, ..config }).await.unwrap()
}

/// A wallet that nobody else uses, and its home.
pub(crate) struct Wallet {
    pub(crate) private_key: String,
    pub(crate) home: TempDir,
    pub(crate) start: u128,
    /// Its journal is in memory, or unusable: only the ledger can be asked.
    pub(crate) forgets: bool,
}

impl Wallet {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            private_key: format!("0x{:048x}{number:016x}", 0xfa17),
            home: tempfile::tempdir().unwrap(),
            start: START,
            forgets: false,
        }
    }

    /// A client of this wallet.
    pub(crate) fn client(&self, api_url: &str) -> LLMClient {
        self.client_with(api_url, ClientOptions::default())
    }

    pub(crate) fn client_with(&self, api_url: &str, options: ClientOptions) -> LLMClient {
        LLMClient::with_options(ClientOptions {
            private_key: Some(self.private_key.as_str().into()),
            api_url: Some(api_url.to_owned()),
            timeout: options.timeout.or(Some(Duration::from_secs(120))),
            journal: JournalOptions {
                home: Some(self.home.path().to_owned()),
                ..options.journal.clone()
            },
            ..options
        })
        .unwrap()
    }
}

/// A call as its caller makes it, first under a fault and then again.
#[derive(Clone, Default)]
pub(crate) struct Trial {
    /// What happens to the first paid legs.
    pub(crate) plan: Vec<Fault>,
    /// What happens to all further ones until the first call has ended.
    pub(crate) always: Option<Fault>,
    pub(crate) keyed: bool,
    pub(crate) model: Option<&'static str>,
    /// Of the first call.
    pub(crate) timeout: Option<Duration>,
    /// Whether the chain may be asked.
    pub(crate) chain: bool,
}

impl Trial {
    pub(crate) fn request(&self) -> ChatRequest {
        ChatRequest {
            idempotency_key: self.keyed.then(|| "order-17".to_owned()),
            model: self.model.map(str::to_owned),
            ..ChatRequest::new("Hello!")
        }
    }

    /// Makes the call under its faults and, if it got no answer, once more without: a plain retry
    /// by another client of the same home.
    pub(crate) async fn run(
        &self,
        bench: &Bench,
        expected: RangeInclusive<usize>,
    ) -> (Vec<Report>, Audit) {
        let (wallet, proxy) = (Wallet::new(), bench.proxy().await);
        proxy.plan(self.plan.clone(), self.always.clone().unwrap_or(Fault::None));
        let rpc_url = self.chain.then(|| format!("http://{}/practice/rpc", bench.address()));
        let options = || ClientOptions { rpc_url: rpc_url.clone(), ..ClientOptions::default() };
        let first = wallet.client_with(&proxy.api_url(), options());
        let request = ChatRequest { timeout: self.timeout, ..self.request() };
        let mut reports = vec![Report::of(&first.chat_completion(&request).await)];
        if proxy.arrived() == 0 {
            let problems = vec![format!("the fault was never met: {reports:?}")];
            return (reports, Audit { transfers: 0, problems });
        }
        if !reports[0].answered {
            let early = audit(bench.address(), &wallet, &reports, 0..=1).await;
            if !early.problems.is_empty() {
                return (reports, early);
            }
            proxy.plan([], Fault::None);
            let second = wallet.client_with(&proxy.api_url(), options());
            reports.push(Report::of(&second.chat_completion(&self.request()).await));
        }
        let found = audit(bench.address(), &wallet, &reports, expected).await;
        (reports, found)
    }

    /// A case of one run that ends with an answer and one transfer.
    pub(crate) async fn paid_once(&self, bench: &Arc<Bench>, name: &str) -> Case {
        let started = Instant::now();
        let mut case = Case::new(name);
        let (reports, mut found) = self.run(bench, 1..=1).await;
        if !reports.last().is_some_and(|report| report.answered) {
            found.problems.push(format!("no answer in the end: {reports:?}"));
        }
        case.add(name, &reports, found);
        case.took = started.elapsed();
        case
    }
}
