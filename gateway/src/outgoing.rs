//! Connections that the gateway opens itself: to upstreams, to chain endpoints, to its database.

use std::sync::Arc;

use blockrun_llm::policy;
use reqwest::{Client, ClientBuilder, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use url::Url;

/// An HTTP client with [`tls`] that follows no redirect and uses no proxy.
pub(crate) fn client() -> Result<ClientBuilder, rustls::Error> {
    let mut tls = tls()?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Client::builder().tls_backend_preconfigured(tls).redirect(Policy::none()).no_proxy())
}

/// TLS that trusts the system's certificates (or those of `SSL_CERT_FILE`). The cryptography is named
/// here and not taken from the process, which belongs to whoever embeds a gateway.
pub(crate) fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Whether a URL leads to this machine, by its name alone.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host().is_some_and(|host| policy::is_loopback(&host))
}
