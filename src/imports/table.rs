//! Tables as people export them: any of the usual separators, quotes, line ends, and a byte-order mark.
//!
//! Quoting is that of RFC 4180. Rows are numbered as a spreadsheet shows them: the header is row 1, and blank rows count.

/// A table in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub separator: char,
    pub header: Vec<String>,
    pub rows: Vec<Row>,
    /// Rows with nothing in them.
    pub blank: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: u64,
    pub cells: Vec<String>,
    /// A quote that never ends swallowed the rest of the file.
    pub is_open: bool,
}

impl Sheet {
    /// Reads a text; `None` if there is no header.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let separator = separator(text);
        let mut records = records(text, separator).into_iter().zip(1..);
        let (header, _) = records.next().filter(|(first, _)| !first.is_blank())?;
        let mut rows = Vec::new();
        let mut blank = 0;
        for (record, number) in records {
            if record.is_blank() {
                blank += 1;
                continue;
            }
            rows.push(Row {
                number,
                cells: record.cells,
                is_open: record.is_open,
            });
        }
        let header = header.cells.iter().map(|cell| cell.trim().to_owned());
        Some(Self {
            separator,
            header: header.collect(),
            rows,
            blank,
        })
    }

    /// Where a column stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        column(&self.header, name)
    }
}

/// Where a column stands: by its name as it is written, or else without regard to case.
pub fn column(header: &[String], name: &str) -> Option<usize> {
    let name = name.trim();
    let exact = header.iter().position(|known| known == name);
    exact.or_else(|| {
        header
            .iter()
            .position(|known| known.to_lowercase() == name.to_lowercase())
    })
}

/// The separator that occurs most often in the header.
fn separator(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    let count = |wanted: char| header.chars().filter(|c| *c == wanted).count();
    let mut best = ',';
    for other in [';', '\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

#[derive(Default)]
struct Record {
    cells: Vec<String>,
    is_open: bool,
}

impl Record {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

fn records(text: &str, separator: char) -> Vec<Record> {
    let mut records = Vec::new();
    let mut record = Record::default();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => quoted = false,
                _ => cell.push(c),
            }
            continue;
        }
        match c {
            '"' if cell.is_empty() => quoted = true,
            _ if c == separator => record.cells.push(std::mem::take(&mut cell)),
            '\r' | '\n' => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                record.cells.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            _ => cell.push(c),
        }
    }
    if quoted || !cell.is_empty() || !record.cells.is_empty() {
        record.cells.push(cell);
        record.is_open = quoted;
        records.push(record);
    }
    records
}

/// What makes a spreadsheet run a cell as a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell as it was meant: without the apostrophe that keeps a spreadsheet from running it.
pub fn meant(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

/// One row as text, with nothing in it that a spreadsheet would run.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>, separator: char) -> String {
    let cells = cells.into_iter().map(|cell| {
        let safe = if is_formula(cell) {
            format!("'{cell}")
        } else {
            cell.to_owned()
        };
        if safe.contains([separator, '"', '\n', '\r']) {
            format!("\"{}\"", safe.replace('"', "\"\""))
        } else {
            safe
        }
    });
    let mut line = cells
        .collect::<Vec<_>>()
        .join(separator.to_string().as_str());
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let rows = Sheet::parse(text).unwrap().rows;
        rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn every_usual_form_is_the_same_table() {
        for text in [
            "name,phone\nAda,1\nBen,2\n",
            "\u{feff}name;phone\r\nAda;1\r\nBen;2",
            "name\tphone\rAda\t1\rBen\t2\r",
            "\"name\",\"phone\"\n\"Ada\",\"1\"\n\"Ben\",\"2\"\n",
        ] {
            assert_eq!(cells(text), [["Ada", "1"], ["Ben", "2"]], "{text:?}");
        }
    }

    #[test]
    fn quotes_hold_separators_newlines_and_quotes() {
        let rows = cells("a,b\n\"1,\"\"x\"\"\r\n2\",3\n");
        assert_eq!(rows, [["1,\"x\"\r\n2", "3"]]);
    }

    #[test]
    fn rows_have_the_numbers_of_a_spreadsheet() {
        let sheet = Sheet::parse("a,b\n1,\"x\ny\"\n\n,\n2,z\n").unwrap();
        let numbers: Vec<u64> = sheet.rows.iter().map(|row| row.number).collect();
        assert_eq!((numbers, sheet.blank), (vec![2, 5], 2));
        let open = Sheet::parse("a\n\"never\nends").unwrap();
        assert!(open.rows[0].is_open);
        assert_eq!(Sheet::parse("\n1,2"), None);
        assert_eq!(Sheet::parse(""), None);
    }

    #[test]
    fn nothing_that_is_written_runs() {
        let written = line(
            [
                "=1+1",
                "+254712345678",
                "-5",
                "@x",
                "\tx",
                "a=b",
                "'quoted'",
            ],
            ',',
        );
        assert_eq!(
            written,
            "'=1+1,'+254712345678,'-5,'@x,'\tx,a=b,'quoted'\r\n"
        );
        assert_eq!(meant("'+254712345678"), "+254712345678");
        assert_eq!(meant("'quoted'"), "'quoted'");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\n é]{1,8}", 3), 1..8),
            separator in prop::sample::select(vec![',', ';', '\t']),
        ) {
            let header = ["one", "two", "three"];
            let mut text = line(header, separator);
            for row in &rows {
                text.push_str(&line(row.iter().map(String::as_str), separator));
            }
            let sheet = Sheet::parse(&text).unwrap();
            let filled: Vec<_> = rows
                .into_iter()
                .filter(|row| row.iter().any(|cell| !cell.trim().is_empty()))
                .collect();
            let read: Vec<_> = sheet.rows.into_iter().map(|row| row.cells).collect();
            prop_assert_eq!(read, filled);
        }
    }
}
