//! This machine: database, TLS files, open files, and who may see the pages.

use super::Finding;
use crate::{config::Config, serve, store};

/// Each connection takes a file, each paid call some more for a moment.
const FILES: u64 = 4_096;

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![database(config).await, pages(config)];
    findings.extend(config.tls.as_ref().map(|files| match serve::acceptor(files) {
        Ok(_) => Finding::good("TLS files", "a certificate and the key that belongs to it"),
        Err(error) => Finding::bad("TLS files", error.to_string()),
    }));
    // Where the system tells them.
    let limits = std::fs::read_to_string("/proc/self/limits");
    findings.extend(limits.ok().as_deref().and_then(open_files));
    findings
}

async fn database(config: &Config) -> Finding {
    let subject = "database";
    if config.data.is_none() && config.database.is_none() {
        let says = "in memory: everything is forgotten at the end, paid answers too; --data names a \
                    folder";
        return Finding::doubtful(subject, says);
    }
    if !store::exists(config) {
        return Finding::good(subject, "none yet; it is made at the first start");
    }
    let config = config.clone();
    let reached = tokio::task::spawn_blocking(move || store::reach(&config)).await;
    match reached {
        Ok(Ok(())) => Finding::good(subject, "works"),
        // A gateway that runs has it, which is as it should be.
        Ok(Err(error)) if error.is_in_use() => Finding::good(subject, "in use by a gateway"),
        Ok(Err(error)) => Finding::bad(subject, error.to_string()),
        Err(error) => Finding::bad(subject, error.to_string()),
    }
}

fn pages(config: &Config) -> Finding {
    let subject = "pages";
    match (&config.admin.token, config.bind.ip().is_loopback()) {
        (Some(_), _) => Finding::good(subject, "/metrics and the others open to the admin token"),
        (None, true) => {
            Finding::good(subject, "/metrics and the others open to this machine alone")
        }
        (None, false) => {
            let says = "nobody can see /metrics: set BLOCKRUN_GATEWAY_ADMIN_TOKEN (openssl rand -hex \
                        32)";
            Finding::doubtful(subject, says)
        }
    }
}

/// Of the limits as Linux lists them.
fn open_files(limits: &str) -> Option<Finding> {
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    let soft = line.split_whitespace().nth(3)?;
    let subject = "open files";
    Some(match soft.parse::<u64>() {
        Ok(most) if most < FILES => {
            let says = format!(
                "at most {most}, which is about as many connections; raise it (ulimit -n 65536, \
                 LimitNOFILE=65536)"
            );
            Finding::doubtful(subject, says)
        }
        _ => Finding::good(subject, format!("at most {soft}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Health;

    #[test]
    fn few_open_files_are_few_connections() {
        let limits =
            |soft: &str| format!("Limit  Soft Limit  Hard Limit\nMax open files  {soft}  9");
        let few = open_files(&limits("1024")).unwrap();
        assert_eq!(few.health, Health::Doubtful);
        assert!(
            few.says.starts_with("at most 1024, ") && few.says.contains("LimitNOFILE"),
            "{few:?}"
        );
        assert_eq!(open_files(&limits("65536")).unwrap().health, Health::Good);
        assert_eq!(open_files(&limits("unlimited")).unwrap().health, Health::Good);
        assert_eq!(open_files("nothing of them"), None);
    }
}
