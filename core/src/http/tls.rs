//! Whom we trust: certificates of the operating system, or exactly those of one file. On Android,
//! where the system's are behind its Java API, those of Mozilla, which come with the library.
//!
//! The TLS configuration is built here (rustls with ring) and handed to the HTTP client complete,
//! so that no platform verifier and no process-wide default is involved.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::error::{Error, ErrorKind, Result};

/// A client configuration that offers HTTP/2 and HTTP/1.1.
///
/// `ca_file` (PEM) replaces the system's certificates; without it the system's are used, or those
/// that `SSL_CERT_FILE` / `SSL_CERT_DIR` name.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig> {
    let roots = match ca_file {
        Some(path) => roots_from(path)?,
        None => system_roots(),
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| {
            Error::new(ErrorKind::Connection, "TLS could not be set up").with_source(cause)
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots_from(path: &Path) -> Result<RootCertStore> {
    let problem = |what: String| Error::argument("ca_file", &format!("{} {what}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| problem(format!("could not be read as PEM: {cause}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|cause| problem(format!("has an unusable certificate: {cause}")))?;
    }
    if roots.is_empty() {
        return Err(problem("has no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// Mozilla's certificates: those of the system, and what a user or a company added to them, are not
/// seen; `ca_file` is for them.
#[cfg(target_os = "android")]
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    roots
}

/// A certificate store that cannot be read is an empty one: every https call then fails with an
/// unknown issuer, and http to this machine still works.
#[cfg(not(target_os = "android"))]
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_file_is_named() {
        let error = client_config(Some(Path::new("Cargo.toml"))).unwrap_err();
        assert!(error.message().starts_with("ca_file: Cargo.toml"), "{error}");
        assert!(client_config(Some(Path::new("missing.pem"))).is_err());
    }
}
