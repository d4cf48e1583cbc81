//! HTTPS: certificate files in, a rustls acceptor out.

use std::{path::Path, sync::Arc};

use rustls::{ServerConfig, crypto::ring};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::{config::TlsFiles, error::Error};

/// An acceptor that speaks HTTP/2 and HTTP/1.1. The cryptography is named here and not taken from
/// the process, which belongs to whoever embeds a gateway.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, Error> {
    let chain = certificates(&files.certificate).map_err(|error| {
        refuse(&files.certificate, "a PEM certificate chain is expected", &error)
    })?;
    if chain.is_empty() {
        let problem = "it holds no certificate; a PEM certificate chain is expected".to_owned();
        return Err(Error::Tls { path: files.certificate.clone(), problem });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| refuse(&files.key, "a PEM private key is expected", &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| refuse(&files.key, "it must belong to the certificate", &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    CertificateDer::pem_file_iter(path)?.collect()
}

fn refuse(path: &Path, expected: &str, error: &dyn std::error::Error) -> Error {
    Error::Tls { path: path.into(), problem: format!("{error}; {expected}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_serve_is_named() {
        let root = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let certificate = write("cert.pem", &made.cert.pem());
        let key = write("key.pem", &made.signing_key.serialize_pem());
        let foreign = write("foreign.pem", &other.signing_key.serialize_pem());
        let garbage = write("garbage.pem", "not PEM");
        let with = |certificate: &Path, key: &Path| {
            let files = TlsFiles { certificate: certificate.into(), key: key.into() };
            acceptor(&files).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(with(&certificate, &key), Ok(()));
        assert!(with(&garbage, &key).unwrap_err().contains("garbage.pem"));
        assert!(with(&certificate, &garbage).unwrap_err().contains("garbage.pem"));
        assert!(with(&certificate, &foreign).unwrap_err().contains("belong"));
        assert!(with(&root.path().join("none.pem"), &key).unwrap_err().contains("none.pem"));
    }
}
