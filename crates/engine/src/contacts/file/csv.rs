//! Comma-separated values (RFC 4180), read as kindly as spreadsheets write them, and written so that a spreadsheet runs no
//! formula of a stranger's choice.

use super::{Table, TableRow};

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// How much of a file is looked at to find its separator.
const LOOKED_AT: usize = 64 * 1024;

/// Reads a table whose first row names the columns. Blank rows are counted and left out.
pub(crate) fn read(text: &str) -> Table {
    let (text, separator, skipped) = opened(text);
    let mut records = Records { rest: text.chars().peekable(), separator };
    let mut number = skipped;
    let mut table = Table::default();
    while let Some(cells) = records.next_record() {
        number += 1;
        let cells: Vec<String> = cells.iter().map(|cell| harmless(cell)).collect();
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if table.columns.is_empty() {
            table.columns = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        } else {
            table.rows.push(TableRow { number, cells });
        }
    }
    table
}

/// The text behind a `sep=;` that some spreadsheets write first, the separator, and how many rows were skipped.
fn opened(text: &str) -> (&str, char, u32) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut named = first.trim_end_matches('\r').trim_matches('"').chars();
    if named.by_ref().take(4).collect::<String>().eq_ignore_ascii_case("sep=")
        && let (Some(separator), None) = (named.next(), named.next())
    {
        return (rest, separator, 1);
    }
    (text, likely_separator(text), 0)
}

/// The one that stands most often outside quotes in the first row.
fn likely_separator(text: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0)];
    let mut is_quoted = false;
    for character in text.chars().take(LOOKED_AT) {
        match character {
            '"' => is_quoted = !is_quoted,
            '\n' | '\r' if !is_quoted && counts.iter().any(|(_, count)| *count > 0) => break,
            other if !is_quoted => {
                for (separator, count) in &mut counts {
                    *count += usize::from(other == *separator);
                }
            }
            _ => {}
        }
    }
    // The first of those that are equal: with none at all, a comma.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(',', |(separator, _)| *separator)
}

struct Records<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    separator: char,
}

impl Records<'_> {
    /// The next row; a quote that is never closed ends with the file.
    fn next_record(&mut self) -> Option<Vec<String>> {
        self.rest.peek()?;
        let (mut cells, mut cell) = (Vec::new(), String::new());
        // Only a quote at the beginning of a cell opens; elsewhere it is a character as any.
        let (mut is_quoted, mut is_fresh) = (false, true);
        while let Some(character) = self.rest.next() {
            if is_quoted {
                match character {
                    '"' if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                    '"' => is_quoted = false,
                    // Line breaks in cells are of one kind, whoever wrote them.
                    '\r' if self.rest.peek() == Some(&'\n') => {}
                    other => cell.push(other),
                }
                continue;
            }
            match character {
                '"' if is_fresh => is_quoted = true,
                '\n' => break,
                '\r' => {
                    self.rest.next_if_eq(&'\n');
                    break;
                }
                other if other == self.separator => {
                    cells.push(std::mem::take(&mut cell));
                    is_fresh = true;
                    continue;
                }
                other => cell.push(other),
            }
            is_fresh = false;
        }
        cells.push(cell);
        Some(cells)
    }
}

/// Text before which an apostrophe was put, so that it is no formula, is what it was.
fn harmless(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA)
}

/// Writes rows.
#[derive(Debug, Default)]
pub(crate) struct Csv {
    text: String,
}

impl Csv {
    pub(crate) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            self.cell(cell);
        }
        self.text.push_str("\r\n");
    }

    fn cell(&mut self, cell: &str) {
        // Apostrophes that stand there already count: only so can all of it be read back.
        let guard = if is_formula(cell.trim_start_matches('\'')) { "'" } else { "" };
        if cell.contains(['"', ',', ';', '\t', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
            self.text.push('"');
            self.text.push_str(guard);
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(guard);
            self.text.push_str(cell);
        }
    }

    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text).rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn separators_quotes_and_line_breaks_are_read_as_spreadsheets_write_them() {
        assert_eq!(cells("a,b\n1,2\r\n3,4\r5,6"), [["1", "2"], ["3", "4"], ["5", "6"]]);
        assert_eq!(cells("a;b\n1;2,3"), [["1", "2,3"]]);
        assert_eq!(cells("a\tb\n\"x\ty\"\t2"), [["x\ty", "2"]]);
        assert_eq!(cells("sep=;\r\na;b\r\n1;2"), [["1", "2"]]);
        assert_eq!(cells("a,b\n\"say \"\"hi\"\"\",\"two\r\nlines\""), [["say \"hi\"", "two\nlines"]]);
        assert_eq!(cells("a,b\n5\" pipe,\"open"), [["5\" pipe", "open"]]);
        assert_eq!(cells("a\n\"x\" y"), [["x y"]]);
        assert_eq!(cells(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn rows_have_the_numbers_of_a_spreadsheet() {
        let numbers = |text| read(text).rows.iter().map(|row| row.number).collect::<Vec<_>>();
        assert_eq!(numbers("a,b\n1,2\n\n,\n3,4\n"), [2, 5]);
        assert_eq!(numbers("a,b\n,\"'\t\"\n1,2"), [3], "a guarded blank is blank");
        assert_eq!(numbers("sep=,\na,b\n\"x\ny\",2\n3,4"), [3, 4]);
    }

    #[test]
    fn no_cell_is_a_formula_for_a_spreadsheet() {
        let mut csv = Csv::default();
        csv.row(["=1+1", "+49", "-5", "@x", "'=1", "plain", "it's", "\tx", "a=b"]);
        assert_eq!(csv.take(), "'=1+1,'+49,'-5,'@x,''=1,plain,it's,\"'\tx\",a=b\r\n");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(
            rows in proptest::collection::vec(proptest::collection::vec("[ -~äß€\n\t;,'\"=+@-]{0,12}", 3), 0..6)
        ) {
            let mut csv = Csv::default();
            csv.row(["one", "two", "three"]);
            for row in &rows {
                csv.row(row.iter().map(String::as_str));
            }
            let kept: Vec<_> =
                rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
            prop_assert_eq!(cells(&csv.take()), kept);
        }

        #[test]
        fn no_text_makes_reading_fail(text in "\\PC*|[\",;\r\n\ta-z=]{0,200}") {
            drop(read(&text));
        }
    }
}
