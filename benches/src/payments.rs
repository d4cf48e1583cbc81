//! Payments, signed before the clock runs.

use std::time::{SystemTime, UNIX_EPOCH};

use blockrun_llm::{
    offline::{payment_id, sign_payment},
    policy::Policy,
    wallet::{B256, LocalKey},
    x402::{Challenge, IDEMPOTENCY_KEY, RECOVERY},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use crate::Problem;

/// A paid endpoint and what is asked of it.
#[derive(Clone, Debug)]
pub struct Shop {
    url: Url,
    body: Bytes,
}

/// A connection to a paid endpoint.
pub type Connection = SendRequest<Full<Bytes>>;

/// The headers of one payment, and what it pays in micro-USDC.
#[derive(Clone, Debug)]
pub struct Signed {
    headers: Vec<(HeaderName, HeaderValue)>,
    amount: u128,
}

impl Signed {
    /// What it pays, in micro-USDC.
    #[must_use]
    pub const fn amount(&self) -> u128 {
        self.amount
    }
}

impl Shop {
    /// An endpoint, and the body that every call has.
    ///
    /// # Errors
    /// When the address is no URL.
    pub fn new(url: &str, body: &str) -> Result<Self, Problem> {
        Ok(Self { url: url.parse()?, body: Bytes::copy_from_slice(body.as_bytes()) })
    }

    /// A connection, on which nothing waits to be sent with something else.
    ///
    /// # Errors
    /// When there is nobody.
    pub async fn connect(&self) -> Result<Connection, Problem> {
        let stream = TcpStream::connect(self.authority()?).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// `host:port`, to connect to.
    ///
    /// # Errors
    /// When the address has none.
    pub fn authority(&self) -> Result<String, Problem> {
        let host = self.url.host_str().ok_or("the address has no host")?;
        let port = self.url.port_or_known_default().ok_or("the address has no port")?;
        Ok(format!("{host}:{port}"))
    }

    /// A call, paid if there is a payment.
    ///
    /// # Errors
    /// When it cannot be written as HTTP.
    pub fn call(&self, payment: Option<&Signed>) -> Result<Request<Full<Bytes>>, Problem> {
        let mut request = Request::post(self.url.path())
            .header(header::HOST, self.authority()?)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(self.body.clone()))?;
        for (name, value) in payment.into_iter().flat_map(|payment| &payment.headers) {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        Ok(request)
    }

    /// Asks what a call costs.
    ///
    /// # Errors
    /// When the answer is no 402.
    pub async fn ask(&self, connection: &mut Connection) -> Result<Challenge, Problem> {
        let (head, body) = connection.send_request(self.call(None)?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        if head.status != StatusCode::PAYMENT_REQUIRED {
            let said = String::from_utf8_lossy(&body).into_owned();
            return Err(format!("expected a 402, got {}: {said}", head.status).into());
        }
        Ok(Challenge::parse(&head.headers, &body)?)
    }

    /// Signs payments for what the endpoint asks, each of another nonce, by `payers` accounts in turn.
    ///
    /// # Errors
    /// When the 402 asks for what cannot be paid.
    pub fn sign(
        &self,
        challenge: &Challenge,
        count: usize,
        payers: usize,
    ) -> Result<Vec<Signed>, Problem> {
        let keys: Vec<_> = (0..payers).map(account).collect::<Result<_, _>>()?;
        let begun = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = begun.as_secs();
        let policy = Policy::default();
        (0..count)
            .map(|number| {
                let nonce = nonce(begun.as_nanos(), number);
                let key = &keys[number % payers];
                let signed = sign_payment(key, challenge, &policy, &self.url, now, nonce)?;
                let mut value = HeaderValue::from_str(&signed.header_value)?;
                value.set_sensitive(true);
                let id = HeaderValue::from_str(&payment_id(&nonce))?;
                // Any 32 bytes; a client takes random ones.
                let token = HeaderValue::from_str(&format!("{number:064x}"))?;
                let headers = vec![
                    (HeaderName::from_static(signed.header_name), value),
                    (HeaderName::from_static(IDEMPOTENCY_KEY), id),
                    (HeaderName::from_static(RECOVERY), token),
                ];
                Ok(Signed { headers, amount: signed.amount.micro() })
            })
            .collect()
    }
}

/// An account of the measurement's own. Its key is public: it never holds real money.
fn account(number: usize) -> Result<LocalKey, Problem> {
    Ok(LocalKey::from_hex(&format!("{:064x}", number + 0x0040_2000))?)
}

/// Never the same again: the nanosecond in which the measurement began, and a number.
fn nonce(start: u128, number: usize) -> B256 {
    let mut nonce = [0; 32];
    nonce[..16].copy_from_slice(&start.to_be_bytes());
    nonce[24..].copy_from_slice(&(number as u64).to_be_bytes());
    nonce.into()
}
