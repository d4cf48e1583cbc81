//! `blockrun gateway init`.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, IsTerminal, Write, stderr, stdin},
    path::PathBuf,
};

use clap::Args;

use crate::output::{Failure, print, remark};

/// Writes a settings file with comments, for its owner alone; one that is there is never overwritten.
/// What no option says is asked on a terminal, and has its default elsewhere. Keys are not in it: it
/// names the variables that hold them.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "gateway.toml")]
    file: PathBuf,
    /// What the log calls the upstream [default: openai].
    #[arg(long)]
    name: Option<String>,
    /// What comes before /chat/completions there [default: https://api.openai.com/v1].
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Variable that holds the upstream's key; empty for none [default: OPENAI_API_KEY].
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// Models of the catalog that it answers: a full id, or a beginning with a * [default: openai/*].
    #[arg(long, value_name = "ID")]
    models: Option<String>,
    /// What it calls them; a * stands for the rest of the id [default: *].
    #[arg(long, value_name = "ID")]
    models_there: Option<String>,
    /// What is charged on top of the catalog's rates, in hundredths of a percent [default: 1000].
    #[arg(long, value_name = "N")]
    margin_bps: Option<u32>,
}

/// Writes the file and says what comes next.
pub(crate) fn run(arguments: &InitArguments) -> Result<(), Failure> {
    let text = arguments.text()?;
    let file = &arguments.file;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut open| open.write_all(text.as_bytes()));
    let name = file.display();
    written.map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => Failure::other(format!(
            "{name} is there already; move it away or name another with --file"
        )),
        _ => Failure::other(format!("{name} cannot be written: {cause}")),
    })?;
    print(&format!("wrote {name}"))?;
    remark(&format!("next: blockrun gateway doctor --practice --config {name}"))?;
    remark(&format!("then: blockrun gateway --practice --config {name}"))
}

impl InitArguments {
    fn text(&self) -> Result<String, Failure> {
        let name = said(self.name.as_deref(), "name of the upstream", "openai")?;
        let base_url = said(self.base_url.as_deref(), "base URL", "https://api.openai.com/v1")?;
        let key_env = said(self.key_env.as_deref(), "variable with its key", "OPENAI_API_KEY")?;
        let models = said(self.models.as_deref(), "models that it answers", "openai/*")?;
        let there = said(self.models_there.as_deref(), "what it calls them", "*")?;
        let margin = self.margin_bps.unwrap_or(1_000);
        let key = match key_env.as_str() {
            "" => String::new(),
            name => format!(
                "# The environment variable that holds its key. The key is never written here.\n\
                 key_env = \"{name}\"\n"
            ),
        };
        Ok(include_str!("init.toml")
            .replace("MARGIN", &margin.to_string())
            .replace("UPSTREAM_NAME", &name)
            .replace("BASE_URL", &base_url)
            .replace("KEY_LINES\n", &key)
            .replace("MODELS_HERE", &models)
            .replace("MODELS_THERE", &there))
    }
}

/// What the option says, else the answer on a terminal, else the default.
fn said(option: Option<&str>, question: &str, default: &str) -> Result<String, Failure> {
    let value = match option {
        Some(value) => value.to_owned(),
        None if stdin().is_terminal() && stderr().is_terminal() => asked(question, default)?,
        None => default.to_owned(),
    };
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if value.chars().all(is_plain) {
        return Ok(value);
    }
    Err(Failure::other(format!(
        "{question}: {value:?} holds a quote, a backslash or a control sign"
    )))
}

fn asked(question: &str, default: &str) -> Result<String, Failure> {
    let unread = |cause| Failure::other(format!("the answer cannot be read: {cause}"));
    write!(stderr(), "{question} [{default}]: ").map_err(unread)?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(unread)?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default } else { answer }.to_owned())
}
