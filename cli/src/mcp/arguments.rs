//! The options of `blockrun mcp`, and its start.

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use clap::Args;
use http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE};
use rmcp::{
    ServiceExt,
    transport::{
        stdio,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
        },
    },
};
use serde_json::json;

use super::server::Server;
use crate::{
    client::ClientArguments,
    output::{Failure, print, remark},
    serve::{DoorArguments, Refusal, guarded, listen},
};

/// Give an agent tools that pay: chat, pictures, prices, wallet. Speaks the Model Context Protocol
/// over standard input and output, as hosts start it, or over HTTP.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct McpArguments {
    /// Serve many hosts over HTTP (streamable) instead of the one that started this.
    #[arg(long)]
    http: bool,
    /// Port to listen on with --http; 0 takes a free one.
    #[arg(long, default_value_t = 8403)]
    port: u16,
    #[command(flatten)]
    door: DoorArguments,
}

const NOTES: &str = "\
To add it to a host:
  claude mcp add blockrun -e BLOCKRUN_WALLET_KEY=0x... -- blockrun mcp --max-session-cost 5

Standard output belongs to the protocol; remarks go to standard error.";

/// Runs until its host is gone; over HTTP until Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: McpArguments, client: ClientArguments) -> Result<(), Failure> {
    let server = Server::new(client.client()?);
    if arguments.http {
        return over_http(server, &arguments).await;
    }
    let running = server.serve(stdio()).await.map_err(Failure::other)?;
    running.waiting().await.map_err(Failure::other)?;
    Ok(())
}

async fn over_http(server: Server, arguments: &McpArguments) -> Result<(), Failure> {
    let (guard, made) = arguments.door.guard()?;
    let listener = listen(arguments.door.host, arguments.port).await?;
    print(&format!("listening on http://{}/mcp", listener.address))?;
    match made {
        Some(token) => print(&format!("token {token}"))?,
        None if guard.is_open() => remark("no token is asked for: any program here can spend")?,
        None => {}
    }
    // Our own guard knows the hosts and origins that were allowed.
    let mut config = StreamableHttpServerConfig::default();
    config.allowed_hosts = Vec::new();
    let sessions_end = config.cancellation_token.clone();
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    let router = Router::new().route_service("/mcp", service);
    let router = guarded(router, guard, None, refused);
    listener.serve(router, move || sessions_end.cancel()).await
}

fn refused(_: &Uri, _: &HeaderMap, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN);
    let body = json!({"error": "refused", "error_description": refusal.message});
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
