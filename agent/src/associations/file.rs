//! A file of associations as it comes: comma, semicolon or tab, UTF-8 or GB18030, read row by row.

use std::io::{BufRead, BufReader, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::GB18030;

use super::fault::{Column, Fault, FileError};

/// Bytes read at once; the delimiter is looked for in the first of them.
const CHUNK_BYTES: usize = 64 * 1024;
/// The longest row: a quotation mark that is never closed does not swallow the file.
const ROW_BYTES_MAX: usize = 16 * 1024;
/// The most columns; others than ours are read over.
const COLUMNS_MAX: usize = 64;
/// The longest value that is shown of a row that is wrong.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// What columns are called by those who export them, in small letters.
const NAMES: [(Column, &[&str]); 5] = [
    (
        Column::Child,
        &[
            "child",
            "child_code",
            "code",
            "unit",
            "子码",
            "子级码",
            "下级码",
            "产品码",
            "瓶码",
            "单品码",
            "小标",
        ],
    ),
    (
        Column::Parent,
        &[
            "parent",
            "parent_code",
            "package",
            "case",
            "父码",
            "父级码",
            "上级码",
            "包装码",
            "箱码",
            "托码",
            "大标",
        ],
    ),
    (
        Column::Product,
        &[
            "product",
            "gtin",
            "sku",
            "商品",
            "产品",
            "商品条码",
            "商品编码",
            "产品编码",
            "产品名称",
            "商品名称",
        ],
    ),
    (Column::Lot, &["lot", "batch", "批次", "批号", "生产批次", "生产批号"]),
    (
        Column::Time,
        &["time", "at", "date", "时间", "关联时间", "包装时间", "生产时间", "采集时间", "扫码时间"],
    ),
];

/// One row: its place in the file, the header being 1, and what its columns say; empty where there is no column.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) number: u64,
    values: [String; 5],
}

impl Row {
    pub(super) fn get(&self, column: Column) -> &str {
        self.values.get(column.index()).map_or("", String::as_str)
    }
}

/// A row, or which one it is and what is wrong with its form.
pub(super) type Taken = Result<Row, (u64, Fault)>;

/// The rows of a file behind its header.
pub(super) struct Rows<R> {
    reader: Reader,
    input: BufReader<R>,
    text: Vec<u8>,
    ends: [usize; COLUMNS_MAX],
    number: u64,
    /// Where our columns are.
    places: [Option<usize>; 5],
    /// How many there are.
    width: usize,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    pub(super) fn open(input: R) -> Result<Self, FileError> {
        let mut input = BufReader::with_capacity(CHUNK_BYTES, input);
        let delimiter = delimiter(input.fill_buf()?)?;
        let mut rows = Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            input,
            text: vec![0; ROW_BYTES_MAX],
            ends: [0; COLUMNS_MAX],
            number: 0,
            places: [None; 5],
            width: 0,
        };
        let Some(width) = rows.advance()? else { return Err(FileError::Empty) };
        rows.width = width;
        let header = (0..width).map(|at| text(rows.field(at))).collect::<Option<Vec<String>>>();
        rows.places = columns(&header.ok_or(FileError::HeaderEncoding)?)?;
        Ok(rows)
    }

    /// The next row that is not empty, or what is wrong with its form.
    pub(super) fn next(&mut self) -> Result<Option<Taken>, FileError> {
        let Some(width) = self.advance()? else { return Ok(None) };
        let number = self.number;
        if width != self.width {
            let expected = self.width;
            return Ok(Some(Err((number, Fault::Columns { found: width, expected }))));
        }
        let mut row = Row { number, ..Row::default() };
        for (place, value) in self.places.iter().zip(&mut row.values) {
            let Some(at) = place else { continue };
            match text(self.field(*at)) {
                Some(text) => *value = text,
                None => return Ok(Some(Err((number, Fault::Encoding)))),
            }
        }
        Ok(Some(Ok(row)))
    }

    /// Reads one record; answers how many fields it has.
    fn advance(&mut self) -> Result<Option<usize>, FileError> {
        self.number += 1;
        let (mut bytes, mut fields) = (0, 0);
        loop {
            let input = self.input.fill_buf()?;
            let text = self.text.get_mut(bytes..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(input, text, ends);
            self.input.consume(read);
            bytes += written;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => return Err(FileError::RowTooLong(self.number)),
                ReadRecordResult::OutputEndsFull => {
                    return Err(FileError::TooManyColumns(self.number));
                }
                ReadRecordResult::Record => return Ok(Some(fields)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn field(&self, at: usize) -> &[u8] {
        let end = self.ends.get(at).copied().unwrap_or_default();
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

/// What separates columns, by the first line; and whether this can be a table at all.
fn delimiter(start: &[u8]) -> Result<u8, FileError> {
    if start.is_empty() {
        return Err(FileError::Empty);
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(FileError::Workbook);
    }
    if start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF") {
        return Err(FileError::Utf16);
    }
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let usual = [b',', b';', b'\t'];
    Ok(usual.into_iter().find(|mark| line.contains(mark)).unwrap_or(b','))
}

/// Where our columns are.
fn columns(header: &[String]) -> Result<[Option<usize>; 5], FileError> {
    let mut places = [None; 5];
    for (column, names) in NAMES {
        let mut found = header.iter().enumerate().filter(|(_, name)| {
            let name = name.to_lowercase().replace(' ', "_");
            names.contains(&name.as_str())
        });
        let first = found.next();
        if let (Some((_, first)), Some((_, second))) = (first, found.next()) {
            let (first, second) = (first.clone(), second.clone());
            return Err(FileError::ColumnTwice { column: column.name(), first, second });
        }
        if let (Some((at, _)), Some(place)) = (first, places.get_mut(column.index())) {
            *place = Some(at);
        }
    }
    for column in [Column::Child, Column::Parent] {
        if places.get(column.index()).copied().flatten().is_none() {
            let found = header.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
            return Err(FileError::ColumnMissing { column: column.name(), found });
        }
    }
    Ok(places)
}

/// A field as text, whichever of the two encodings it is in. Neither has the bytes of a delimiter, a quotation mark or
/// the end of a line inside a character, so that fields can be found first.
fn text(field: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(field) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let text = GB18030.decode_without_bom_handling_and_without_replacement(field)?;
            text.into_owned()
        }
    };
    Some(text.trim().to_owned())
}

/// As much of a value as is shown to a person.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(SHOWN_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Short = Result<(u64, String, String), Fault>;

    fn read(file: &[u8]) -> Result<Vec<Short>, FileError> {
        let mut rows = Rows::open(file)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(row.map_err(|(_, fault)| fault).map(|row| {
                (row.number, row.get(Column::Child).to_owned(), row.get(Column::Lot).to_owned())
            }));
        }
        Ok(all)
    }

    fn row(number: u64, child: &str, lot: &str) -> Short {
        Ok((number, child.to_owned(), lot.to_owned()))
    }

    #[test]
    fn headers_are_found_in_both_languages_in_any_order_and_encoding() {
        let english = b"\xEF\xBB\xBFParent,remark,Child,LOT\r\nP,x,C,L1\r\n\r\nP,\"x, y\",D,L2";
        assert_eq!(read(english).unwrap(), [row(2, "C", "L1"), row(3, "D", "L2")]);
        let (chinese, _, _) = GB18030.encode("箱码;瓶码;批次\n甲;乙;一批\n");
        assert_eq!(read(&chinese).unwrap(), [row(2, "乙", "一批")]);
        let tabs = "父码\t子码\t批号\n甲\t乙\t丙\n";
        assert_eq!(read(tabs.as_bytes()).unwrap(), [row(2, "乙", "丙")]);
    }

    #[test]
    fn what_is_no_table_of_associations_is_named() {
        assert!(matches!(read(b""), Err(FileError::Empty)));
        assert!(matches!(read(b"PK\x03\x04rest"), Err(FileError::Workbook)));
        assert!(matches!(read(b"\xFF\xFEc\0"), Err(FileError::Utf16)));
        assert!(matches!(
            read(b"code,when\nA,1\n"),
            Err(FileError::ColumnMissing { column: "parent", .. })
        ));
        let twice = "child,parent,箱码\nA,B,C\n".as_bytes();
        assert!(matches!(read(twice), Err(FileError::ColumnTwice { column: "parent", .. })));
    }

    #[test]
    fn a_row_that_is_cut_short_or_never_ends_is_named() {
        let rows = read(b"child,parent,lot\nA,B,C\nA,B").unwrap();
        assert_eq!(rows[1], Err(Fault::Columns { found: 2, expected: 3 }));
        let rows = read(b"child,parent,lot\nA,B,\xFF\xFF\n").unwrap();
        assert_eq!(rows, [Err(Fault::Encoding)]);
        let open = format!("child,parent\n\"A,B\n{}", "C,D\n".repeat(10_000));
        assert!(matches!(read(open.as_bytes()), Err(FileError::RowTooLong(2))));
        let wide = format!("child,parent{}\n", ",x".repeat(80));
        assert!(matches!(read(wide.as_bytes()), Err(FileError::TooManyColumns(1))));
    }
}
