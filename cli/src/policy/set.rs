//! `blockrun policy set`.

use std::{
    fs::{DirBuilder, File},
    io::{self, ErrorKind as IoKind, Write},
    path::Path,
};

use blockrun_llm::client::PolicyRules;
use clap::Args;
use toml_edit::DocumentMut;

use super::{change::Change, looser::looser};
use crate::{
    output::{Failure, print, remark},
    wallet::{line, somebody},
};

/// Write rules into the account's policy file (~/.blockrun/policy.toml), which binds all its programs.
/// A rule that becomes looser has to be confirmed.
#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    /// Rules: max_cost_per_call, max_session_cost, max_cost_per_hour, max_cost_per_day, model:NAME or
    /// origin:URL (a day's limit for one model or server) in dollars; networks=base,...; payees=pin or
    /// addresses. `RULE=` takes a rule away.
    #[arg(required = true, value_name = "RULE=VALUE")]
    rules: Vec<Change>,
    /// Allow more than before without being asked.
    #[arg(long)]
    yes: bool,
}

/// Writes the file whole or not at all.
pub(super) fn run(arguments: &SetArguments) -> Result<(), Failure> {
    let path = PolicyRules::of_account()
        .ok_or_else(|| Failure::usage("there is no home folder for the policy file: set HOME"))?;
    let old = PolicyRules::read(&path)?.unwrap_or_default();
    let mut file = read(&path)?;
    for rule in &arguments.rules {
        rule.write(&mut file);
    }
    let text = file.to_string();
    let new = PolicyRules::parse(&text)?;
    let looser = looser(&old, &new);
    if !looser.is_empty() && !arguments.yes {
        confirm(&looser)?;
    }
    write(&path, &text)
        .map_err(|cause| Failure::other(format!("{} was not written: {cause}", path.display())))?;
    print(&path.display().to_string())?;
    remark("`blockrun policy show` shows what is in force")
}

fn read(path: &Path) -> Result<DocumentMut, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == IoKind::NotFound => String::new(),
        Err(cause) => {
            return Err(Failure::other(format!("{} was not read: {cause}", path.display())));
        }
    };
    text.parse().map_err(|cause| Failure::usage(format!("{}: {cause}", path.display())))
}

fn confirm(looser: &[String]) -> Result<(), Failure> {
    let what = looser.join("\n  ");
    if !somebody() {
        return Err(Failure::usage(format!(
            "this allows more than before, so it needs --yes; nothing was written:\n  {what}"
        )));
    }
    remark(&format!("This allows more than before:\n  {what}"))?;
    match line("Type yes to write it")?.as_str() {
        "yes" => Ok(()),
        _ => Err(Failure::usage("nothing was written")),
    }
}

/// Beside the old file, then in its place: a reader finds either of them whole.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let mut draft = tempfile::Builder::new().prefix(".policy-").tempfile_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(path)?;
    // The name in the folder too; a system that cannot do it writes it soon.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
