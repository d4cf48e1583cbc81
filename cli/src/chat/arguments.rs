//! The options of a chat.

use std::io::{IsTerminal, Read, stdin, stdout};

use blockrun_llm::ChatRequest;
use clap::Args;

use crate::output::Failure;

/// Ask a model, pay for it, print the answer. Without a prompt, on a terminal: a conversation.
#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    #[command(flatten)]
    pub(super) question: Question,
    /// Print the answer while it comes: the default on a terminal.
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    /// Print the answer once it is whole: the default elsewhere.
    #[arg(long, conflicts_with = "stream")]
    no_stream: bool,
}

/// Print what a call would cost. Pays nothing.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The prompt; `-`, or none where standard input is no terminal, reads it from there.
    prompt: Option<String>,
    /// Model to ask [default: openai/gpt-4o-mini].
    #[arg(short, long)]
    model: Option<String>,
    /// System message.
    #[arg(short, long)]
    system: Option<String>,
    /// Most tokens of the answer; the price depends on it [default: 1024].
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// How freely the model chooses its words, 0 to 2.
    #[arg(long)]
    temperature: Option<f64>,
    /// Idempotency key: the same key is paid at most once, and asked again gets its answer again.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON: the whole response with its payment.
    #[arg(long)]
    pub(super) json: bool,
}

impl ChatArguments {
    /// Whether the answer is printed piece by piece.
    pub(super) fn streams(&self) -> bool {
        self.stream || (!self.no_stream && !self.question.json && stdout().is_terminal())
    }

    /// Whether somebody is here to talk.
    pub(super) fn is_conversation(&self) -> bool {
        self.question.prompt.is_none() && stdin().is_terminal() && stdout().is_terminal()
    }
}

impl Question {
    /// Nothing was said that belongs to a single call.
    pub(super) fn check_conversation(&self) -> Result<(), Failure> {
        if self.key.is_some() || self.json {
            let which = if self.json { "--json" } else { "--key" };
            let problem = format!("{which} is for a single call: give a prompt, or leave it out");
            return Err(Failure::usage(problem));
        }
        Ok(())
    }

    /// The request, its prompt read from where it is.
    pub(super) fn request(self) -> Result<ChatRequest, Failure> {
        let prompt = match self.prompt.as_deref() {
            Some("-") => read_prompt()?,
            None if !stdin().is_terminal() => read_prompt()?,
            None => return Err(Failure::usage("there is no prompt: write it behind the command")),
            Some(prompt) => prompt.to_owned(),
        };
        let mut request = ChatRequest::new(prompt);
        if let Some(system) = &self.system {
            request = request.system(system);
        }
        Ok(self.settings(request))
    }

    /// The request of a conversation, with no words of a user yet.
    pub(super) fn opening(self) -> ChatRequest {
        let request = ChatRequest::from_messages(Vec::new());
        match &self.system {
            Some(system) => {
                let request = request.system(system);
                self.settings(request)
            }
            None => self.settings(request),
        }
    }

    fn settings(self, request: ChatRequest) -> ChatRequest {
        ChatRequest {
            model: self.model,
            max_tokens: self.max_tokens,
            idempotency_key: self.key,
            temperature: self.temperature,
            ..request
        }
    }
}

fn read_prompt() -> Result<String, Failure> {
    let mut prompt = String::new();
    stdin()
        .read_to_string(&mut prompt)
        .map_err(|cause| Failure::other(format!("standard input could not be read: {cause}")))?;
    Ok(prompt.trim_end().to_owned())
}
