//! Where a gateway is, for links.

use http::{HeaderMap, Uri, header, uri::Authority};

use crate::{app::App, service::Service};

/// `https://host:port`: as the settings say, or else as the caller wrote it, as far as its request
/// tells. For links, and information only.
pub(crate) fn origin(app: &App, service: &Service, uri: &Uri, headers: &HeaderMap) -> String {
    if let Some(url) = &service.url {
        return url.clone();
    }
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().cloned();
    let authority = authority.or_else(|| host?.parse::<Authority>().ok());
    authority.map_or_else(|| app.base_url.clone(), |authority| format!("{scheme}://{authority}"))
}
