//! One piece of a paid call, so many times, for a tool that counts instructions:
//! `counted PIECE TIMES`. Without arguments it prints the names of the pieces.

use std::io::Write;

use blockrun_bench::{Pieces, Problem};

fn main() -> Result<(), Problem> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = given.as_slice() else {
        writeln!(std::io::stdout(), "{}", Pieces::NAMES.join("\n"))?;
        return Ok(());
    };
    let pieces = Pieces::new()?;
    for _ in 0..times.parse()? {
        pieces.play(name)?;
    }
    Ok(())
}
