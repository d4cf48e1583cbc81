//! Who is billed: a wallet that signs payments, or an account that an API key names.

use url::Url;

use crate::{
    error::{Error, Result},
    http::{AccountHttp, PaidHttp, PaidRequest, PaidResponse, PaidStream, Ticket, Transport},
};

/// How a client pays.
#[derive(Clone, Debug)]
pub(crate) enum Rail {
    /// x402: each call pays for itself.
    Wallet(Box<PaidHttp>),
    /// An API key.
    Account(AccountHttp),
}

impl Rail {
    pub(crate) async fn send(&self, request: PaidRequest) -> Result<PaidResponse> {
        match self {
            Self::Wallet(http) => http.send(request).await,
            Self::Account(http) => http.send(request).await,
        }
    }

    pub(crate) async fn open(&self, request: PaidRequest) -> Result<PaidStream> {
        match self {
            Self::Wallet(http) => http.open(request).await,
            Self::Account(http) => http.open(request).await,
        }
    }

    /// Sends a request and tells what payment was shown for it.
    pub(super) async fn begin(
        &self,
        request: PaidRequest,
    ) -> Result<(PaidResponse, Option<Ticket>)> {
        match self {
            Self::Wallet(http) => http.begin(request).await,
            Self::Account(http) => Ok((http.send(request).await?, None)),
        }
    }

    /// Asks for what was begun.
    pub(super) async fn ask(
        &self,
        request: PaidRequest,
        ticket: Option<&Ticket>,
    ) -> Result<PaidResponse> {
        match self {
            Self::Wallet(http) => http.ask(request, ticket).await,
            Self::Account(http) => http.send(request).await,
        }
    }

    pub(crate) async fn send_unpaid(&self, request: PaidRequest) -> Result<PaidResponse> {
        match self {
            Self::Wallet(http) => http.send_unpaid(request).await,
            Self::Account(http) => http.send(request).await,
        }
    }

    pub(crate) const fn is_account(&self) -> bool {
        matches!(self, Self::Account(_))
    }

    /// Base address of the endpoint.
    pub(super) const fn api_url(&self) -> &Url {
        match self {
            Self::Wallet(http) => &http.api_url,
            Self::Account(http) => &http.api_url,
        }
    }

    /// The connections.
    pub(super) const fn transport(&self) -> &Transport {
        match self {
            Self::Wallet(http) => &http.transport,
            Self::Account(http) => &http.transport,
        }
    }

    /// What only a wallet has.
    pub(super) fn wallet(&self, method: &str) -> Result<&PaidHttp> {
        match self {
            Self::Wallet(http) => Ok(http),
            Self::Account(_) => {
                let problem = format!(
                    "{method} is wallet-only and this client authenticates with a BlockRun API key; \
                     give the private key of a wallet instead"
                );
                Err(Error::argument("private_key", &problem))
            }
        }
    }
}
