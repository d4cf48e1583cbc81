//! `blockrun completions` and `blockrun man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{
    args::command,
    output::{Failure, print, write},
};

/// Print what teaches a shell to complete this command.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page, or write those of all commands.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Command whose page it is, such as chat, or wallet fund [default: blockrun itself].
    #[arg(conflicts_with = "to")]
    of: Vec<String>,
    /// Folder to write the pages of all commands into.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// Prints the script.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "blockrun", &mut script);
    write(&script)
}

/// Prints a page, in the form that `man` reads.
pub(crate) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let mut command = command();
    if let Some(folder) = &arguments.to {
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder));
        let shown = folder.display();
        written.map_err(|cause| Failure::other(format!("{shown} was not written: {cause}")))?;
        return print(&shown.to_string());
    }
    command.build();
    for name in &arguments.of {
        let named = command.find_subcommand(name).cloned();
        command = named.ok_or_else(|| {
            Failure::usage(format!("{name:?} is no command here; `blockrun --help` lists them"))
        })?;
    }
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|cause| Failure::other(format!("the page could not be made: {cause}")))?;
    write(&page)
}
