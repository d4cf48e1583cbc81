//! A mirrored pattern of coloured cells over a band with a word.

use alloy::primitives::B256;

use crate::catalog::PictureSize;

/// What is written in the band, and its letters: seven rows of five points, the left one first.
const WORD: &str = "PRACTICE";
const LETTERS: [(char, [u8; 7]); 7] = [
    ('P', [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000]),
    ('R', [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001]),
    ('A', [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    ('C', [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('E', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111]),
];
/// Points of a letter with the space beside it, and of the band's height.
const LETTER: u32 = 6;
const BAND: u32 = 11;

/// Colours of the cells; the band's two follow them in the palette.
const COLOURS: u8 = 4;
const PAPER: u8 = COLOURS;
const INK: u8 = COLOURS + 1;

/// What is to be seen.
pub(super) struct Pattern {
    pub(super) size: PictureSize,
    seed: B256,
    /// Cells from top to bottom, and from left to right.
    cells: u32,
    /// Pixels of a point of the band.
    point: u32,
}

impl Pattern {
    /// A pattern of 8 by 8 cells, or of 16 by 16 when it is fine.
    pub(super) fn new(seed: B256, size: PictureSize, fine: bool) -> Self {
        let word = WORD.len() as u32 * LETTER + 2;
        let point = (size.width.min(4 * size.height) / (word * 3 / 2)).max(1);
        Self { size, seed, cells: if fine { 16 } else { 8 }, point }
    }

    /// Red, green and blue of each colour.
    pub(super) fn palette(&self) -> Vec<u8> {
        let from_seed = self.seed.iter().take(usize::from(COLOURS) * 3).copied();
        // Paper and ink are the same for all, so that the word can be read on every picture.
        from_seed.chain([255, 255, 255]).chain([20, 20, 20]).collect()
    }

    /// The colour of each pixel, row by row.
    pub(super) fn pixels(&self) -> Vec<u8> {
        let PictureSize { width, height } = self.size;
        let top = height.saturating_sub(BAND * self.point);
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            match y.checked_sub(top) {
                None => pixels.extend((0..width).map(|x| self.cell(x, y, top))),
                Some(below) => pixels.extend((0..width).map(|x| self.band(x, below))),
            }
        }
        pixels
    }

    /// The right half mirrors the left one.
    fn cell(&self, x: u32, y: u32, top: u32) -> u8 {
        let column = x * self.cells / self.size.width;
        let column = column.min(self.cells - 1 - column);
        let index = (y * self.cells / top) * (self.cells / 2) + column;
        let byte = self.seed[(index / 4) as usize % self.seed.len()];
        (byte >> (index % 4 * 2)) % COLOURS
    }

    fn band(&self, x: u32, below: u32) -> u8 {
        let (column, row) = (x / self.point, below / self.point);
        let points = self.size.width / self.point;
        let start = points.saturating_sub(WORD.len() as u32 * LETTER) / 2;
        let within = column.checked_sub(start).zip(row.checked_sub((BAND - 7) / 2));
        let lit = within.is_some_and(|(column, row)| is_lit(column, row));
        if lit { INK } else { PAPER }
    }
}

/// Whether a point of the word is ink.
fn is_lit(column: u32, row: u32) -> bool {
    let letter = WORD.chars().nth((column / LETTER) as usize);
    let points = LETTERS.iter().find(|(known, _)| Some(*known) == letter);
    let row = points.and_then(|(_, rows)| rows.get(row as usize));
    let bit = (LETTER - 2).checked_sub(column % LETTER);
    row.zip(bit).is_some_and(|(row, bit)| row >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_can_be_read() {
        let line = |row| -> String {
            (0..48).map(|column| if is_lit(column, row) { '#' } else { ' ' }).collect()
        };
        assert_eq!(line(0), "####  ####   ###   ###  #####  ###   ###  ##### ");
        assert_eq!(line(3), "####  ####  ##### #       #     #   #     ####  ");
        assert!(!(0..48).any(|column| is_lit(column, 7)) && !is_lit(48, 0));
    }

    #[test]
    fn the_pattern_is_a_mirror_over_a_band() {
        let size = "128x96".parse().unwrap();
        let pattern = Pattern::new(B256::repeat_byte(0b1110_0100), size, false);
        let pixels = pattern.pixels();
        assert_eq!(pixels.len(), 128 * 96);
        let rows: Vec<_> = pixels.chunks(128).collect();
        assert!(rows[0].iter().eq(rows[0].iter().rev()));
        assert!(rows[..80].iter().all(|row| row.iter().all(|colour| *colour < COLOURS)));
        assert!(rows[95].iter().all(|colour| *colour == PAPER));
        assert!(rows[85..].iter().any(|row| row.contains(&INK)));
        assert_eq!(pattern.palette().len(), 18);
    }
}
