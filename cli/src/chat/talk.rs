//! A conversation on a terminal. What was said is kept in memory and nowhere else.

use std::io::stderr;

use blockrun_llm::{
    ChatRequest, ChatResponse, LLMClient, Usdc, chat::ChatStream, journal::PaymentFilter,
};
use rustyline::{ColorMode, Config, Editor, error::ReadlineError, history::MemHistory};
use serde_json::json;
use tokio::signal::ctrl_c;

use super::{Question, ask::receipt, paper::Paper};
use crate::{
    client::ClientArguments,
    output::{Failure, remark},
    receipt::unrecorded,
    terminal::{Style, plain},
};

const HELP: &str = "\
/model NAME  ask another model from now on; without a name: which one is asked
/cost        what this conversation cost
/rest        fetch the rest of an answer that was stopped; it is paid
/help        this
/quit        end, as Ctrl-D does
Ctrl-C stops an answer. What came of it stays in the conversation.";

/// A line that begins with a slash.
#[derive(Debug, PartialEq, Eq)]
enum Order<'a> {
    Help,
    Cost,
    Model(Option<&'a str>),
    Rest,
    Quit,
    Unknown(&'a str),
}

impl<'a> Order<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let order = line.strip_prefix('/')?;
        let (name, rest) = order.split_once(char::is_whitespace).unwrap_or((order, ""));
        let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
        Some(match name {
            "help" | "?" => Self::Help,
            "cost" => Self::Cost,
            "model" => Self::Model(rest),
            "rest" => Self::Rest,
            "quit" | "exit" => Self::Quit,
            other => Self::Unknown(other),
        })
    }
}

/// Who talks, and what was said.
struct Talk {
    client: LLMClient,
    /// With all that was said.
    request: ChatRequest,
    spent: Usdc,
    answers: u64,
    /// The last answer was stopped: its payment, by which the rest is found.
    stopped: Option<String>,
}

/// Talks until `/quit` or Ctrl-D.
pub(super) async fn run(question: Question, client: ClientArguments) -> Result<(), Failure> {
    question.check_conversation()?;
    let client = client.client()?;
    let request = question.opening();
    let mut talk = Talk { client, request, spent: Usdc::ZERO, answers: 0, stopped: None };
    let config = Config::builder().color_mode(ColorMode::Disabled).auto_add_history(true).build();
    let mut editor: Editor<(), _> =
        Editor::with_history(config, MemHistory::new()).map_err(unread)?;
    talk.told(&format!(
        "{} at {}. /help says what else there is.",
        talk.model(),
        talk.client.api_url()
    ))?;
    loop {
        // Nothing else runs meanwhile that this thread would hold up.
        match tokio::task::block_in_place(|| editor.readline("> ")) {
            Ok(line) => match (line.trim(), Order::read(line.trim())) {
                ("", _) => {}
                (_, Some(Order::Quit)) => break,
                (_, Some(order)) => talk.obey(order).await?,
                (words, None) => talk.say(words).await?,
            },
            Err(ReadlineError::Interrupted) => talk.told("Ctrl-D or /quit ends.")?,
            Err(ReadlineError::Eof) => break,
            Err(cause) => return Err(unread(cause)),
        }
    }
    unrecorded(&talk.client)
}

impl Talk {
    fn model(&self) -> &str {
        self.request.model.as_deref().unwrap_or(self.client.model())
    }

    async fn obey(&mut self, order: Order<'_>) -> Result<(), Failure> {
        match order {
            Order::Help => self.told(HELP),
            Order::Cost => self.told(&format!("{} USDC for {} answers", self.spent, self.answers)),
            Order::Model(name) => {
                if let Some(name) = name {
                    self.request.model = Some(name.to_owned());
                }
                self.told(&format!("{} answers", self.model()))
            }
            Order::Rest => self.rest().await,
            Order::Unknown(name) => {
                self.told(&format!("/{} is not known; /help says what is", plain(name)))
            }
            Order::Quit => Ok(()),
        }
    }

    /// Asks, prints what comes, and tells what it cost. A failure leaves the conversation as it was
    /// before, so that the same words again are the same call: one that was paid is not paid again.
    async fn say(&mut self, words: &str) -> Result<(), Failure> {
        self.request.messages.push(json!({"role": "user", "content": words}));
        self.stopped = None;
        let mut stream = match self.client.chat_completion_stream(&self.request) {
            Ok(stream) => stream,
            Err(error) => return self.failed(error.into()),
        };
        match heard(&mut stream).await {
            Ok(true) => self.answered(&stream.received()),
            Ok(false) => self.left(stream).await,
            Err(failure) => self.failed(failure),
        }
    }

    fn answered(&mut self, response: &ChatResponse) -> Result<(), Failure> {
        self.request.messages.push(json!({"role": "assistant", "content": response.text()}));
        self.spent = self.spent.saturating_add(response.cost());
        self.answers += 1;
        let told = receipt(response);
        let model = plain(&response.model).into_owned();
        self.told(&format!("{}, {} USDC in all, {model}", told.price(), self.spent))
    }

    /// The answer was stopped. Its beginning is kept, and the name of its payment.
    async fn left(&mut self, stream: ChatStream) -> Result<(), Failure> {
        let received = stream.received();
        drop(stream);
        let newest = PaymentFilter { own: true, limit: Some(1), ..PaymentFilter::default() };
        let newest = self.client.payments(newest).await.unwrap_or_default();
        if received.text().is_empty() {
            self.request.messages.pop();
            return self
                .told("Stopped before an answer came. The same words again pay nothing twice.");
        }
        self.answered(&received)?;
        self.stopped = newest.into_iter().next().map(|payment| payment.payment_id);
        self.told("Stopped. /rest fetches what is missing; it is paid.")
    }

    async fn rest(&mut self) -> Result<(), Failure> {
        let Some(payment) = self.stopped.clone() else {
            return self.told("No answer was stopped.");
        };
        match self.client.recover(&payment).await {
            Ok(response) => {
                let mut paper = Paper::new();
                paper.put(&response.text())?;
                paper.end()?;
                self.stopped = None;
                if let Some(last) = self.request.messages.last_mut() {
                    last["content"] = response.text().into();
                }
                Ok(())
            }
            Err(error) => self.told(Failure::from(error).message()),
        }
    }

    fn failed(&mut self, failure: Failure) -> Result<(), Failure> {
        self.request.messages.pop();
        remark(&Style::Red.paint(&plain(failure.message()), &stderr()))
    }

    fn told(&self, line: &str) -> Result<(), Failure> {
        remark(&Style::Dim.paint(line, &stderr()))
    }
}

/// Prints an answer while it comes. Whether it came to its end: Ctrl-C stops it.
async fn heard(stream: &mut ChatStream) -> Result<bool, Failure> {
    let mut paper = Paper::new();
    let mut stop = Box::pin(ctrl_c());
    loop {
        let next = tokio::select! {
            next = stream.next() => next,
            Ok(()) = &mut stop => {
                paper.end()?;
                return Ok(false);
            }
        };
        match next {
            Ok(Some(chunk)) => paper.put(&chunk.text())?,
            Ok(None) => {
                paper.end()?;
                return Ok(true);
            }
            Err(error) => {
                paper.end()?;
                return Err(error.into());
            }
        }
    }
}

fn unread(cause: ReadlineError) -> Failure {
    Failure::other(format!("the terminal could not be read: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_told_from_words() {
        for (line, order) in [
            ("/help", Some(Order::Help)),
            ("/cost", Some(Order::Cost)),
            ("/model gpt-4o", Some(Order::Model(Some("gpt-4o")))),
            ("/model  ", Some(Order::Model(None))),
            ("/rest", Some(Order::Rest)),
            ("/exit", Some(Order::Quit)),
            ("/modell x", Some(Order::Unknown("modell"))),
            ("what is 6 / 7?", None),
        ] {
            assert_eq!(Order::read(line), order, "{line}");
        }
    }
}
