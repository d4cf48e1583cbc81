//! `blockrun wallet fund`.

use std::{
    fs::OpenOptions,
    io::{IsTerminal, Write, stdout},
    path::Path,
};

use blockrun_llm::wallet::Funding;
use serde_json::json;

use super::{FundArguments, look, told};
use crate::{
    client::ClientArguments,
    output::{Failure, print, remark},
    terminal,
};

/// Black on white, whatever the terminal's own colours are; then its own again.
const INK: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

pub(super) fn run(arguments: FundArguments, client: ClientArguments) -> Result<(), Failure> {
    let client = look::watching(client, look::address()?)?;
    let mut funding = client.funding(arguments.amount).map_err(told)?;
    funding.network = arguments.network.unwrap_or(funding.network);
    if arguments.json {
        print(&json!(funding.details()).to_string())?;
    } else {
        print(&funding.instructions())?;
        if let Some(page) = funding.explorer() {
            print(&format!("Its account for anybody to see\n  {page}"))?;
        }
        if arguments.qr || stdout().is_terminal() {
            print(&code(&funding)?)?;
        }
    }
    match arguments.png {
        Some(file) => picture(&funding, &file),
        None => Ok(()),
    }
}

/// The code for a terminal: in true colours, or with light blocks where there are to be none.
fn code(funding: &Funding) -> Result<String, Failure> {
    let colours = terminal::colours(&stdout());
    let text = funding.qr_text(colours).map_err(told)?;
    let lines = text.lines().map(|line| match colours {
        true => format!("{INK}{line}{PLAIN}"),
        false => line.to_owned(),
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn picture(funding: &Funding, file: &Path) -> Result<(), Failure> {
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    let written =
        made.and_then(|mut out| out.write_all(&funding.qr_png().map_err(std::io::Error::other)?));
    written
        .map_err(|cause| Failure::usage(format!("{} was not written: {cause}", file.display())))?;
    remark(&format!("the QR code is in {}", file.display()))
}
