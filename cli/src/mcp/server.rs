//! The tools, as hosts see them.

use blockrun_llm::LLMClient;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{router::tool::ToolRouter, tool::schema_for_output, wrapper::Parameters},
    model::{CallToolResult, Implementation, ServerCapabilities, ServerConfig},
    service::RequestContext,
    tool, tool_handler, tool_router,
};

use super::{
    input::{ChatInput, ImageInput, ModelsInput, NothingInput, PaymentsInput, QuoteInput},
    output::{
        ChatOutput, ImageOutput, ModelsOutput, PaymentsOutput, QuoteOutput, SpendingOutput,
        WalletOutput,
    },
    reply,
    schema::plain,
    tools,
};

/// What a model is told of all tools together.
const INSTRUCTIONS: &str = "\
These tools ask other AI models and pay for each call in USDC from the user's wallet. blockrun_chat and \
blockrun_image cost money; all others are free. Prices are fixed before a call: ask blockrun_quote when a \
call may be expensive (many max_tokens, large models). Give every paid call an idempotency_key of its own, \
and repeat the same key with the same arguments when you repeat a call that failed or got lost: it is then \
paid once. Limits are set by the user and cannot be changed here; when one is reached, say so instead of \
trying again.";

/// A server that pays from one wallet. Clones share its limits.
#[derive(Clone)]
pub(super) struct Server {
    client: LLMClient,
    tool_router: ToolRouter<Self>,
}

impl Server {
    pub(super) fn new(client: LLMClient) -> Self {
        Self { client, tool_router: plain(Self::tool_router()) }
    }
}

type Replied = Result<CallToolResult, ErrorData>;

#[tool_router]
impl Server {
    #[tool(
        description = "Ask an AI model and pay for the answer from the user's wallet. Costs money: \
                       typically $0.001 to $0.05, known before the call (blockrun_quote).",
        output_schema = schema_for_output::<ChatOutput>(),
        annotations(title = "Ask a model (paid)", read_only_hint = false, destructive_hint = false,
            idempotent_hint = false, open_world_hint = true)
    )]
    async fn blockrun_chat(
        &self,
        Parameters(input): Parameters<ChatInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::chat(&self.client, input, &context)).await
    }

    #[tool(
        description = "Make pictures from a text and pay for them from the user's wallet. Costs money, \
                       for each picture.",
        output_schema = schema_for_output::<ImageOutput>(),
        annotations(title = "Make pictures (paid)", read_only_hint = false, destructive_hint = false,
            idempotent_hint = false, open_world_hint = true)
    )]
    async fn blockrun_image(
        &self,
        Parameters(input): Parameters<ImageInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::image(&self.client, input, &context)).await
    }

    #[tool(
        description = "What a blockrun_chat call would cost, without making it. Free.",
        output_schema = schema_for_output::<QuoteOutput>(),
        annotations(title = "Price of a chat", read_only_hint = true, open_world_hint = true)
    )]
    async fn blockrun_quote(
        &self,
        Parameters(input): Parameters<QuoteInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::quote(&self.client, input)).await
    }

    #[tool(
        description = "The models that can be asked, with their prices. Free.",
        output_schema = schema_for_output::<ModelsOutput>(),
        annotations(title = "Models and prices", read_only_hint = true, open_world_hint = true)
    )]
    async fn blockrun_models(
        &self,
        Parameters(input): Parameters<ModelsInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::models(&self.client, input)).await
    }

    #[tool(
        description = "The wallet that pays: address, balance, limits, and how its owner can add money. \
                       Free.",
        output_schema = schema_for_output::<WalletOutput>(),
        annotations(title = "Wallet", read_only_hint = true, open_world_hint = true)
    )]
    async fn blockrun_wallet(
        &self,
        Parameters(NothingInput {}): Parameters<NothingInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::wallet(&self.client)).await
    }

    #[tool(
        description = "What this session spent, and what the limits leave. Free.",
        output_schema = schema_for_output::<SpendingOutput>(),
        annotations(title = "Spending", read_only_hint = true, open_world_hint = false)
    )]
    async fn blockrun_spending(
        &self,
        Parameters(NothingInput {}): Parameters<NothingInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::spending(&self.client)).await
    }

    #[tool(
        description = "The payments made from this wallet on this machine, and what became of each. Free.",
        output_schema = schema_for_output::<PaymentsOutput>(),
        annotations(title = "Payments", read_only_hint = true, open_world_hint = false)
    )]
    async fn blockrun_payments(
        &self,
        Parameters(input): Parameters<PaymentsInput>,
        context: RequestContext<RoleServer>,
    ) -> Replied {
        unless_cancelled(&context, tools::payments(&self.client, input)).await
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("blockrun", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(name)
            .with_instructions(INSTRUCTIONS)
    }
}

/// Dropping a call is safe at every point: what was signed stays recorded.
async fn unless_cancelled(
    context: &RequestContext<RoleServer>,
    work: impl Future<Output = blockrun_llm::Result<CallToolResult>>,
) -> Replied {
    tokio::select! {
        () = context.ct.cancelled() => Ok(reply::cancelled()),
        done = work => Ok(done.unwrap_or_else(|error| reply::failed(&error))),
    }
}
