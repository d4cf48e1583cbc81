//! Columns, aligned.

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Between two columns.
const GAP: &str = "  ";

/// The rows as lines of equal columns, which may not be wider than `width` signs: the last column is
/// cut where it does not fit. Rows are as long as `columns`.
pub(crate) fn lines(columns: &[Align], rows: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let longest = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(longest).collect();
    rows.iter()
        .map(|row| {
            let cells =
                row.iter().zip(columns).zip(&widths).map(|((cell, align), wide)| match align {
                    Align::Left => format!("{cell:<wide$}"),
                    Align::Right => format!("{cell:>wide$}"),
                });
            let line = cells.collect::<Vec<_>>().join(GAP);
            cut(line.trim_end(), width)
        })
        .collect()
}

fn cut(line: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if line.chars().count() > width => {
            let kept: String = line.chars().take(width.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cut_to_the_terminal() {
        let rows = [["a", "10", "first"], ["long", "7", "the second"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let columns = [Align::Left, Align::Right, Align::Left];
        assert_eq!(lines(&columns, &rows, None), ["a     10  first", "long   7  the second"]);
        assert_eq!(lines(&columns, &rows, Some(15)), ["a     10  first", "long   7  the…"]);
        assert!(lines(&columns, &[], Some(1)).is_empty());
    }
}
