//! Columns for people: aligned, two blanks between, nothing after the last.

use super::ink::{Ink, Inks};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One entry of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    ink: Option<Ink>,
}

impl Cell {
    /// A coloured entry.
    pub fn new(ink: Ink, text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ink: Some(ink) }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell { text: text.into(), ink: None }
    }
}

/// Rows of entries.
#[derive(Debug, Clone)]
pub struct Table<const N: usize> {
    aligns: [Align; N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table whose columns stand so.
    pub fn new(aligns: [Align; N]) -> Table<N> {
        Table { aligns, rows: Vec::new() }
    }

    /// Adds a row at the end.
    pub fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// The lines of the table, one after the other.
    pub fn lines(&self, inks: Inks) -> impl Iterator<Item = String> + '_ {
        let widths: [usize; N] =
            std::array::from_fn(|column| self.rows.iter().map(|row| row[column].width()).max().unwrap_or(0));
        self.rows.iter().map(move |row| self.line(row, &widths, inks))
    }

    fn line(&self, row: &[Cell; N], widths: &[usize; N], inks: Inks) -> String {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(widths[column] - cell.width());
            let text = cell.ink.map_or_else(|| cell.text.clone(), |ink| inks.paint(ink, &cell.text));
            let parts = match self.aligns[column] {
                Align::Left => [text, blanks],
                Align::Right => [blanks, text],
            };
            line.push_str(if column > 0 { "  " } else { "" });
            line.extend(parts);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["images".into(), "1,024".into(), "".into()]);
        table.row([Cell::new(Ink::Added, "é.csv"), "7".into(), "new".into()]);
        let lines: Vec<String> = table.lines(Inks::none()).collect();
        assert_eq!(lines, ["images  1,024", "é.csv       7  new"]);
        let coloured = table.lines(Inks::new(true)).last().unwrap();
        assert_eq!(coloured, "\u{1b}[32mé.csv\u{1b}[0m       7  new");
    }
}
