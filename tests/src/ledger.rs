//! The practice ledger, asked by hand: who judges does not use the client that is judged.

use std::{io, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// USDC on Base Sepolia.
const USDC: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
/// `Transfer(address,address,uint256)`.
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/// How often an account, 0x-hex, has paid on the ledger of a practice gateway.
///
/// # Errors
/// When the gateway does not answer as a node of a chain does.
pub async fn transfers(gateway: SocketAddr, payer: &str) -> io::Result<usize> {
    let payer = format!("0x{:0>64}", payer.trim_start_matches("0x").to_lowercase());
    let filter = json!([{
        "address": USDC, "fromBlock": "0x0", "toBlock": "latest", "topics": [TRANSFER, payer],
    }]);
    let question = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": filter});
    let body = question.to_string();
    let request = format!(
        "POST /practice/rpc HTTP/1.1\r\nhost: {gateway}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(gateway).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let answer: Value = serde_json::from_str(body)?;
    let logs = answer["result"].as_array();
    logs.map(Vec::len).ok_or_else(|| io::Error::other(format!("no logs in {answer}")))
}
