//! A look at a facilitator before anything depends on it.

use super::{
    SettleThrough,
    said::Answer,
    server::{Server, Silence},
    terms,
};
use crate::config::Config;

/// Asks what a start asks, and whether whoever shows these headers may ask for more. Says what was
/// found, or what to do.
pub(crate) async fn look(config: &Config, through: &SettleThrough) -> Result<String, String> {
    let silent = |silence: Silence| {
        format!("{}; check its url, DNS, firewall and certificates", silence.text())
    };
    let server = Server::new(through).map_err(|error| error.to_string())?;
    let supported = server.supported().await.map_err(silent)?;
    admitted(&supported)?;
    let form = terms::of(config, &supported)
        .map_err(|problem| format!("{problem}; name another one, or another network"))?;
    // There is no payment in it, so nothing can come of it.
    admitted(&server.verify("{}".to_owned()).await.map_err(silent)?)?;
    let version = form.version.number();
    Ok(format!("settles exact on {} (x402 v{version}) and lets us ask", form.network.name))
}

fn admitted(answer: &Answer) -> Result<(), String> {
    match answer.status {
        status @ (401 | 403) => Err(format!(
            "refuses who asks (status {status}); check BLOCKRUN_SETTLE_THROUGH_TOKEN, or the variable \
             that key_env names, and key_header"
        )),
        _ => Ok(()),
    }
}
