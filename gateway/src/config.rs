//! How a gateway is set up.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use alloy::primitives::{Address, address};
use blockrun_llm::{
    Usdc,
    networks::{BASE_SEPOLIA, Network},
    x402::Version,
};

use crate::{
    admin::Admin,
    claim::Limits,
    error::Error,
    facilitator::Facilitator,
    settings::{Settings, Settling},
    settlement::{Onchain, SettleThrough},
    store::Database,
    traffic::Traffic,
};

/// The payee of practice payments. Nobody holds its key: what is paid to it on a real network by
/// mistake is lost, so a gateway that is meant to earn names its own.
pub const PRACTICE_PAYEE: Address = address!("4020000000000000000000000000000000000402");

/// What a payment must have left of its validity when the answer is there, for the settlement.
pub(crate) const SETTLE_SECONDS: u64 = 30;

/// Added to the provider's timeout to get `maxTimeoutSeconds`.
const VALIDITY_MARGIN: u64 = 60;

/// Everything that can be chosen about a gateway. [`Config::default`] is a practice gateway on
/// loopback that forgets everything when it stops.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one. Default `127.0.0.1:8402`.
    pub bind: SocketAddr,
    /// Folder of the database, made if it is missing; `None` keeps everything in memory. Default
    /// `None`.
    pub data: Option<PathBuf>,
    /// A database that several gateway processes share, instead of one in `data`. One that the settings
    /// file names takes its place. Default `None`.
    pub database: Option<Database>,
    /// Test USDC that every new payer starts with. Default 10.
    pub starting_balance: Usdc,
    /// Which versions of the protocol are offered. Default both.
    pub protocols: Protocols,
    /// Who is paid. Default [`PRACTICE_PAYEE`].
    pub payee: Address,
    /// Settle on the network itself instead of the practice ledger. Needs a build with the feature
    /// `onchain`. Default `None`: practice.
    pub onchain: Option<Onchain>,
    /// Settle through an x402 facilitator instead of the practice ledger. Default `None`: practice.
    pub settle_through: Option<SettleThrough>,
    /// Verify and settle for the resource servers of others too: `POST /verify`, `POST /settle`,
    /// `GET /supported`. On a chain the payees must be named. Default `None`: no.
    pub facilitator: Option<Facilitator>,
    /// The network that payments are for. Default Base Sepolia, the only one in practice mode.
    pub network: &'static Network,
    /// Serve HTTPS with this certificate; `None` serves HTTP. Default `None`.
    pub tls: Option<TlsFiles>,
    /// A catalog file instead of the built-in one. Default `None`.
    pub catalog: Option<PathBuf>,
    /// A settings file: the upstreams that answer, and the parameters of prices
    /// (`gateway.example.toml` shows all of it). Models that no upstream serves are not sold. Default
    /// `None`: the practice provider, default prices.
    pub settings: Option<PathBuf>,
    /// Who may see the pages for whoever runs the gateway. Default: whoever is on this machine, while
    /// the gateway listens on loopback.
    pub admin: Admin,
    /// Limits on what one client and one payer may take. Default: none.
    pub traffic: Traffic,
    /// How long the practice provider thinks before each answer. Default not at all.
    pub provider_delay: Duration,
    /// Largest request body in bytes; larger ones get 413. Default 10 MB.
    pub body_limit: usize,
    /// Largest request head in bytes; larger ones get 431. Default 16 KB.
    pub header_limit: u32,
    /// How long a request's head may take, and how long an idle connection is kept. Longer than
    /// clients keep their connections, so that a request never meets a closing one. Default 100 s.
    pub header_timeout: Duration,
    /// How long a request's body may take; slower ones get 408. Default 30 s.
    pub body_timeout: Duration,
    /// How long a TLS handshake may take. Default 10 s.
    pub handshake_timeout: Duration,
    /// How long a provider may take for one answer. Default 240 s.
    pub provider_timeout: Duration,
    /// How long a repeated paid request waits for the first one's answer before it gets 503 with
    /// `Retry-After`. Default 30 s.
    pub replay_wait: Duration,
    /// Largest answer that is kept for a replay, in bytes. A whole answer that is larger is not sold
    /// (500, nothing is charged); a longer stream is delivered but not kept. Default 4 MiB.
    pub answer_limit: u64,
    /// What all kept answers may take together, in bytes. A paid call is let in (else 503) only
    /// while its answer, however large, would fit beside those of all calls in flight: the default
    /// of 4 GiB is 1,024 calls at once.
    pub answers_limit: u64,
    /// How long an answer is kept beyond the validity of its payment; later it is 410. Default 1
    /// hour.
    pub answer_retention: Duration,
    /// How long a picture that was handed out as a link is served. Default 1 hour.
    pub picture_time: Duration,
    /// What all pictures that are served take together, in bytes; while there is no room, pictures
    /// are not sold as links (500, nothing is charged), only in base64. Default 256 MiB.
    pub pictures_limit: u64,
    /// How long a stream may be silent before a comment is sent, so that nothing on the way takes it
    /// for dead. Default 15 s.
    pub keep_alive: Duration,
    /// How often a gateway looks up what became of unknown settlements, releases what a failed write
    /// left, and forgets what is over, although nobody comes for it; always once at the start.
    /// Default 2 s.
    pub upkeep: Duration,
    /// How long a gateway that is being stopped goes on as before, but for `/ready`, which says that it
    /// is not: so that nobody sends it requests any more when it stops listening. Default: not at
    /// all.
    pub drain_delay: Duration,
    /// How long [`shutdown`](crate::Running::shutdown) waits for calls in flight. Default 30 s.
    pub shutdown_deadline: Duration,
}

/// The versions of the x402 protocol that a gateway offers and accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocols {
    /// Version 1 alone: requirements in the body, `X-PAYMENT`.
    V1,
    /// Version 2 alone: requirements in a header, `PAYMENT-SIGNATURE`.
    V2,
    /// Both at once.
    #[default]
    Both,
}

/// A certificate and its key, both PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8402)),
            data: None,
            database: None,
            starting_balance: Usdc::from_micro(10_000_000),
            protocols: Protocols::Both,
            payee: PRACTICE_PAYEE,
            onchain: None,
            settle_through: None,
            facilitator: None,
            network: &BASE_SEPOLIA,
            tls: None,
            catalog: None,
            settings: None,
            admin: Admin::default(),
            traffic: Traffic::default(),
            provider_delay: Duration::ZERO,
            body_limit: 10_000_000,
            header_limit: 16 * 1024,
            header_timeout: Duration::from_secs(100),
            body_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            provider_timeout: Duration::from_secs(240),
            replay_wait: Duration::from_secs(30),
            answer_limit: 4 << 20,
            answers_limit: 4 << 30,
            answer_retention: Duration::from_secs(3_600),
            picture_time: Duration::from_secs(3_600),
            pictures_limit: 256 << 20,
            keep_alive: Duration::from_secs(15),
            upkeep: Duration::from_secs(2),
            drain_delay: Duration::ZERO,
            shutdown_deadline: Duration::from_secs(30),
        }
    }
}

impl Protocols {
    /// Whether a version is offered.
    #[must_use]
    pub const fn offers(self, version: Version) -> bool {
        match version {
            Version::V1 => matches!(self, Self::V1 | Self::Both),
            Version::V2 => matches!(self, Self::V2 | Self::Both),
        }
    }
}

impl Config {
    /// `maxTimeoutSeconds` of every offer: the provider's time and a minute to settle in.
    #[must_use]
    pub const fn max_timeout_seconds(&self) -> u64 {
        self.provider_timeout.as_secs() + VALIDITY_MARGIN
    }

    /// Settles as `[settlement]` of the [settings file](Self::settings) says: `network`, `payee`,
    /// `onchain` and `settle_through` are replaced. A gateway does not do so by itself, and not on a reload.
    ///
    /// # Errors
    /// [`Error::Settings`] when the file cannot be used, [`Error::Config`] when it does not say it.
    pub fn settling_by_settings(mut self) -> Result<Self, Error> {
        let settling = self.settings.as_deref().map(Settings::settling).transpose()?.flatten();
        let Some(settling) = settling else {
            let problem =
                "has no table [settlement]: say there how payments are settled".to_owned();
            return Err(Error::Config { field: "settings", problem });
        };
        let Settling { network, payee, onchain, settle_through } = settling;
        (self.network, self.payee) = (network, payee);
        (self.onchain, self.settle_through) = (onchain, settle_through);
        Ok(self)
    }

    /// Whether payments are play money on the gateway's own ledger.
    pub(crate) const fn is_practice(&self) -> bool {
        self.onchain.is_none() && self.settle_through.is_none()
    }

    /// How payments are settled, in a word.
    pub(crate) const fn mode(&self) -> &'static str {
        match (&self.onchain, &self.settle_through) {
            (Some(_), _) => "onchain",
            (None, Some(_)) => "facilitator",
            (None, None) => "practice",
        }
    }

    /// Why it cannot be a facilitator as well, and which field says so.
    pub(crate) fn facilitator_problem(&self) -> Option<(&'static str, &'static str)> {
        let facilitator = self.facilitator.as_ref()?;
        if self.settle_through.is_some() {
            let problem = "this gateway settles through another facilitator: name that one to whoever \
                           looks for one";
            return Some(("facilitator", problem));
        }
        if self.onchain.is_some() && facilitator.payees.is_empty() {
            let problem = "name the payees: without a list everybody's settlements would be paid for \
                           with your gas";
            return Some(("facilitator.payees", problem));
        }
        None
    }

    /// Refuses what cannot work, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse =
            |field, problem: &str| Err(Error::Config { field, problem: problem.to_owned() });
        if self.is_practice() && !self.network.testnet {
            let problem = "practice money must not look real: use a test network (base-sepolia)";
            return refuse("network", problem);
        }
        if self.onchain.is_some() && !cfg!(feature = "onchain") {
            return refuse("onchain", "this build cannot: build with the feature `onchain`");
        }
        if let Some((field, problem)) = self.onchain.as_ref().and_then(Onchain::problem) {
            return refuse(field, problem);
        }
        if self.database.is_some() && !cfg!(feature = "postgres") {
            return refuse("database", "this build cannot: build with the feature `postgres`");
        }
        if self.database.is_some() && self.data.is_some() {
            return refuse("database", "data names a folder for another one: choose one of them");
        }
        if self.database.as_ref().is_some_and(|database| !(1..=100).contains(&database.connections))
        {
            return refuse("database", "connections must be from 1 to 100");
        }
        if !self.is_practice() && self.payee == PRACTICE_PAYEE {
            return refuse("payee", "nobody holds the practice payee's key: name your own account");
        }
        if self.settle_through.is_some() && self.onchain.is_some() {
            return refuse("settle_through", "onchain settles too: name one of the two");
        }
        if let Some((field, problem)) = self.facilitator_problem() {
            return refuse(field, problem);
        }
        if self.protocols.offers(Version::V1) && self.network.v1_name.is_none() {
            return refuse("protocols", "x402 v1 has no name for this network: offer v2 alone");
        }
        if self.payee.is_zero() {
            return refuse("payee", "the zero address cannot be paid: name an account");
        }
        if i64::try_from(self.starting_balance.micro()).is_err() {
            return refuse("starting_balance", "must be below 9 trillion USDC");
        }
        // hyper's own least for an HTTP/1 connection.
        if self.header_limit < 8 * 1024 {
            return refuse("header_limit", "must be at least 8192 bytes");
        }
        if self.answers_limit < Limits::of(self).largest() {
            return refuse("answers_limit", "must have room for one answer of answer_limit bytes");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use blockrun_llm::{
        networks::{ARC, BASE},
        wallet::LocalKey,
    };

    use super::*;

    #[test]
    fn real_money_needs_the_feature_and_a_payee() {
        let gas_key = LocalKey::from_hex(&"11".repeat(32)).unwrap();
        let onchain = Onchain::new("https://node.example/v2/secret", gas_key);
        let printed = format!("{onchain:?}");
        assert!(!printed.contains("secret") && !printed.contains("1111"), "{printed}");
        let payee = Address::repeat_byte(7);
        let onchain = Some(onchain);
        let config = Config { onchain, network: &BASE, payee, ..Config::default() };
        assert_eq!(config.check().is_ok(), cfg!(feature = "onchain"));
        assert!(Config { payee: PRACTICE_PAYEE, ..config }.check().is_err());
    }

    #[test]
    fn what_cannot_work_is_named() {
        let ok = Config::default();
        assert!(ok.check().is_ok());
        assert_eq!(ok.max_timeout_seconds(), 300);
        for (config, field) in [
            (Config { network: &BASE, ..ok.clone() }, "network"),
            (Config { network: &ARC, ..ok.clone() }, "network"),
            (Config { payee: Address::ZERO, ..ok.clone() }, "payee"),
            (
                Config { starting_balance: Usdc::from_micro(u128::MAX), ..ok.clone() },
                "starting_balance",
            ),
            (Config { header_limit: 100, ..ok.clone() }, "header_limit"),
            (Config { answers_limit: 4 << 20, ..ok }, "answers_limit"),
        ] {
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{field}: ")), "{error}");
        }
    }
}
