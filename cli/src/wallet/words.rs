//! `blockrun wallet create --mnemonic`: a wallet that can be written down.

use blockrun_llm::wallet::{DEFAULT_DERIVATION_PATH, SecretKey, new_mnemonic};

use super::{ask, keep, told};
use crate::output::{Failure, remark};

/// Words in a line.
const ACROSS: usize = 4;

/// The words are shown before there is a wallet, and only what was written down becomes one.
pub(super) fn create(encrypt: bool) -> Result<(), Failure> {
    let home = keep::home()?;
    home.check_vacant().map_err(told)?;
    if !ask::somebody() {
        return Err(Failure::usage(
            "the words of a new wallet are shown on a terminal only, to somebody who writes them down; \
             without --mnemonic a wallet is made anywhere",
        ));
    }
    let passphrase = ask::new(encrypt)?;
    let phrase = new_mnemonic()?;
    let key = SecretKey::from_mnemonic(&phrase, "", DEFAULT_DERIVATION_PATH)?;
    let words: Vec<_> = phrase.split(' ').collect();
    show(&words)?;
    // Any of them will do, as long as it is not always the same.
    let asked = usize::from(key.address()[0]) % words.len();
    while ask::line(&format!("Type word {}, to show that you have them", asked + 1))?
        != words[asked]
    {
        remark("That is another word. Ctrl-C ends this, and there will be no wallet.")?;
    }
    keep::new(&home, &key, passphrase.as_ref())
}

/// On standard error, where the terminal is: a wallet's address may go to a file meanwhile.
fn show(words: &[&str]) -> Result<(), Failure> {
    remark("These 12 words are the wallet. Write them down; they are not shown again.\n")?;
    for (row, line) in words.chunks(ACROSS).enumerate() {
        let numbered = line.iter().enumerate();
        let cells = numbered.map(|(at, word)| format!("{:>4}  {word:<9}", row * ACROSS + at + 1));
        remark(cells.collect::<String>().trim_end())?;
    }
    remark(&format!(
        "\nTheir account is the one at {DEFAULT_DERIVATION_PATH}, the first one in most wallets. Whoever \
         has them can take all of its money."
    ))
}
