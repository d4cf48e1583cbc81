//! What an application lends.

use serde_json::Value;

use crate::error::Result;

/// A session of an MCP client, as far as it is needed here.
#[async_trait::async_trait]
pub trait ToolSession: std::fmt::Debug + Send + Sync {
    /// Performs one `tools/call` with these parameters (`name`, `arguments`, `_meta`) and returns the
    /// JSON-RPC response, of which `result` or `error` is read. It does not try again by itself.
    ///
    /// # Errors
    /// `Connection` or `Timeout` when no response came: the call may have arrived all the same.
    async fn call(&self, params: Value) -> Result<String>;
}
