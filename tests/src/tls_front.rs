//! TLS in front of a plain server, good and bad: a test authority, and listeners that differ in
//! their certificate or in the HTTP version they offer.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// How a listener differs from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// A good certificate; HTTP/2 and HTTP/1.1.
    Http2,
    /// A good certificate; HTTP/1.1 only.
    Http1,
    /// A certificate that has expired.
    Expired,
    /// A certificate for another host.
    WrongHost,
    /// A good certificate of an authority that nobody trusts.
    UnknownAuthority,
}

impl Front {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Http2, Self::Http1, Self::Expired, Self::WrongHost, Self::UnknownAuthority];

    /// Name for other languages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http2 => "http2",
            Self::Http1 => "http1",
            Self::Expired => "expired",
            Self::WrongHost => "wrong_host",
            Self::UnknownAuthority => "unknown_authority",
        }
    }
}

/// The listeners, one of each kind, and the authority that signed for all but one.
#[derive(Debug)]
pub struct TlsFronts {
    addresses: [SocketAddr; 5],
    http2: Arc<AtomicUsize>,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl TlsFronts {
    /// Listens on free loopback ports and passes everything on to `upstream`. Writes the trusted
    /// authority's certificate to `ca_file`.
    ///
    /// # Errors
    /// When a certificate cannot be made, the file not written, or no port had.
    pub async fn start(upstream: SocketAddr, ca_file: &Path) -> io::Result<Self> {
        let trusted = authority("trusted test authority").map_err(io::Error::other)?;
        let stranger = authority("unknown test authority").map_err(io::Error::other)?;
        std::fs::write(ca_file, &trusted.pem)?;
        let (mut addresses, http2) = ([upstream; 5], Arc::default());
        for (address, front) in addresses.iter_mut().zip(Front::ALL) {
            let authority = if front == Front::UnknownAuthority { &stranger } else { &trusted };
            let config = server_config(front, authority).map_err(io::Error::other)?;
            let acceptor = TlsAcceptor::from(Arc::new(config));
            *address = listen(acceptor, upstream, Arc::clone(&http2)).await?;
        }
        Ok(Self { addresses, http2 })
    }

    /// `https://127.0.0.1:port` of a listener.
    pub fn url(&self, front: Front) -> String {
        let position = Front::ALL.iter().position(|one| *one == front).unwrap_or_default();
        format!("https://{}", self.addresses[position])
    }

    /// Connections so far that agreed on HTTP/2.
    pub fn http2_connections(&self) -> usize {
        self.http2.load(Ordering::Relaxed)
    }
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

fn authority(name: &str) -> Result<Authority, Problem> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok(Authority { issuer: Issuer::new(params, key), pem })
}

fn server_config(front: Front, authority: &Authority) -> Result<ServerConfig, Problem> {
    let host = if front == Front::WrongHost { "elsewhere.example" } else { "127.0.0.1" };
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    if front == Front::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 2);
    }
    let key = KeyPair::generate()?;
    let certificate: CertificateDer<'static> = params.signed_by(&key, &authority.issuer)?.into();
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = match front {
        Front::Http1 => vec![b"http/1.1".to_vec()],
        _ => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(config)
}

async fn listen(
    acceptor: TlsAcceptor,
    upstream: SocketAddr,
    http2: Arc<AtomicUsize>,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(acceptor.clone(), stream, upstream, Arc::clone(&http2)));
        }
    });
    Ok(address)
}

async fn pass_on(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    upstream: SocketAddr,
    http2: Arc<AtomicUsize>,
) -> io::Result<()> {
    let mut secured = acceptor.accept(stream).await?;
    if secured.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2.fetch_add(1, Ordering::Relaxed);
    }
    let mut plain = TcpStream::connect(upstream).await?;
    copy_bidirectional(&mut secured, &mut plain).await.map(|_| ())
}
