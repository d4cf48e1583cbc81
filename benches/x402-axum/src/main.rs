//! A chat endpoint behind x402-axum, as its documentation uses it: `FACILITATOR_URL`, `PAYEE`, `PORT`.

use std::env::var;

use alloy_primitives::Address;
use axum::{Json, Router, routing::post, serve::ListenerExt};
use serde_json::{Value, json};
use x402_axum::X402Middleware;
use x402_chain_eip155::{KnownNetworkEip155, V2Eip155Exact};
use x402_types::networks::USDC;

async fn chat(Json(asked): Json<Value>) -> Json<Value> {
    let message = json!({"role": "assistant", "content": "Hello from axum"});
    Json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x402 = X402Middleware::new(&var("FACILITATOR_URL")?);
    let payee: Address = var("PAYEE")?.parse()?;
    let price = V2Eip155Exact::price_tag(payee, USDC::base_sepolia().parse("0.001")?);
    let paid = post(chat).layer(x402.with_price_tag(price));
    let app = Router::new().route("/api/v1/chat/completions", paid);
    let address = format!("127.0.0.1:{}", var("PORT")?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app).await?;
    Ok(())
}
