//! The log of a gateway, on standard error. Only here is one installed; the library never does.

use std::io::{IsTerminal, stderr};

use clap::{Args, ValueEnum};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::output::Failure;

/// Holds the level.
const LEVEL: &str = "BLOCKRUN_LOG";

/// What is logged, and how.
#[derive(Debug, Args)]
pub(super) struct LogArguments {
    /// Form of the log: one line for each request, and what goes wrong. BLOCKRUN_LOG sets its level: off,
    /// error, warn, info, debug or trace [default: text; info on a terminal or with --log, else warn].
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<Form>,
    /// Send traces to an OpenTelemetry collector (OTLP over HTTP) [env: OTEL_EXPORTER_OTLP_ENDPOINT].
    #[cfg(feature = "otel")]
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env = true)]
    otlp_endpoint: Option<String>,
}

/// Who listens to what the gateway says, until [`Listening::end`].
#[derive(Debug)]
pub(super) struct Listening {
    #[cfg(feature = "otel")]
    traces: Option<blockrun_gateway::Traces>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogArguments {
    /// Installs the log. What libraries say of connections may hold headers, so of them only errors are
    /// heard, whatever the level.
    pub(super) fn install(&self) -> Result<Listening, Failure> {
        let level = match std::env::var(LEVEL) {
            Ok(text) => text.trim().parse().map_err(|_| {
                let levels = "off, error, warn, info, debug or trace";
                Failure::other(format!("{LEVEL}: {text:?} is not a level: {levels}"))
            })?,
            // Where nobody asked for it, nobody may be reading it either.
            Err(_) if self.log.is_some() || stderr().is_terminal() => LevelFilter::INFO,
            Err(_) => LevelFilter::WARN,
        };
        let heard = Targets::new()
            .with_default(level.min(LevelFilter::from_level(Level::ERROR)))
            .with_target("blockrun", level);
        let lines = fmt::layer().with_writer(stderr);
        let lines = match self.log.unwrap_or(Form::Text) {
            Form::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
            Form::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let all = tracing_subscriber::registry().with(lines.with_filter(heard));
        #[cfg(feature = "otel")]
        let traces = self.otlp_endpoint.as_deref().map(blockrun_gateway::Traces::to).transpose();
        #[cfg(feature = "otel")]
        let traces = traces.map_err(Failure::other)?;
        #[cfg(feature = "otel")]
        let all = all.with(traces.as_ref().map(|traces| {
            let spans = Targets::new().with_target("blockrun", LevelFilter::INFO);
            tracing_opentelemetry::layer().with_tracer(traces.tracer()).with_filter(spans)
        }));
        let installed = all.try_init();
        let unable = |error| Failure::other(format!("the log cannot be installed: {error}"));
        installed.map_err(unable)?;
        Ok(Listening {
            #[cfg(feature = "otel")]
            traces,
        })
    }
}

impl Listening {
    /// Sends what was heard last.
    #[cfg(feature = "otel")]
    pub(super) async fn end(self) {
        if let Some(traces) = self.traces {
            // It waits for the collector on a thread that may wait.
            let _ = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        }
    }

    /// Nothing is kept back without traces.
    #[cfg(not(feature = "otel"))]
    pub(super) async fn end(self) {}
}
