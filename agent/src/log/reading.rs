//! Reading the log files back, newest line first: a piece of a file at a time, whatever is in it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{LOG_FILE, LOG_FILE_BEFORE};

/// Bytes read at once; a longer line comes in pieces of this.
const PIECE_BYTES: u64 = 64 * 1024;
/// Characters shown of a line that the agent did not write.
const FOREIGN_CHARACTERS_MAX: usize = 2_000;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the maker.
    #[serde(alias = "TRACE")]
    Trace,
    /// For the maker.
    #[serde(alias = "DEBUG")]
    Debug,
    /// What happened.
    #[serde(alias = "INFO")]
    Info,
    /// Look at it.
    #[serde(alias = "WARN")]
    Warn,
    /// Somebody must act.
    #[serde(alias = "ERROR")]
    Error,
}

/// Where a line begins: which file, and where in it. A file that is renamed keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    inode: u64,
    offset: u64,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Where it begins.
    pub id: Place,
    /// When; none for a line that the agent did not write.
    pub at: Option<Timestamp>,
    /// How much it matters.
    pub level: Option<Level>,
    /// The sentence, or the line as it is.
    pub message: String,
    /// Its handles.
    pub fields: Map<String, Value>,
}

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words in the sentence or its handles, in lower case; empty = all.
    words: String,
    /// Lines of this level and those that matter more; none = all, also those without a level.
    level: Option<Level>,
}

/// A line as the agent writes it.
#[derive(Deserialize)]
struct Written {
    timestamp: String,
    level: Level,
    fields: Map<String, Value>,
}

impl Place {
    /// Of a line whose place does not matter.
    pub const NOWHERE: Self = Self { inode: 0, offset: 0 };
}

impl Filter {
    /// Lines with these words, without regard to case, that matter at least so much.
    #[must_use]
    pub fn new(words: &str, level: Option<Level>) -> Self {
        Self { words: words.trim().to_lowercase(), level }
    }

    /// True when the line is wanted.
    #[must_use]
    pub fn takes(&self, line: &Line) -> bool {
        if self.level.is_some() && line.level < self.level {
            return false;
        }
        let has = |text: &str| text.to_lowercase().contains(&self.words);
        let handle = |(name, value): (&String, &Value)| match value.as_str() {
            Some(text) => has(&format!("{name}={text}")),
            None => has(&format!("{name}={value}")),
        };
        has(&line.message) || line.fields.iter().any(handle)
    }
}

impl Line {
    /// Reads a line; one that is not the agent's own is shown as it is.
    #[must_use]
    pub fn parse(id: Place, bytes: &[u8]) -> Self {
        match serde_json::from_slice::<Written>(bytes) {
            Ok(Written { timestamp, level, mut fields }) => {
                let at = OffsetDateTime::parse(&timestamp, &Rfc3339).ok();
                let at =
                    at.and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok());
                let message = match fields.remove("message") {
                    Some(Value::String(message)) => message,
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                Self { id, at: at.map(Timestamp), level: Some(level), message, fields }
            }
            Err(_) => {
                let text = String::from_utf8_lossy(bytes);
                let message = text.trim_end().chars().take(FOREIGN_CHARACTERS_MAX).collect();
                Self { id, at: None, level: None, message, fields: Map::new() }
            }
        }
    }
}

/// The wanted lines before `before`, newest first, at most `size`; and where the next ones are, if there may be more.
pub fn newest(
    folder: &Path,
    filter: &Filter,
    before: Option<Place>,
    size: usize,
) -> io::Result<(Vec<Line>, Option<Place>)> {
    let mut lines = Vec::new();
    let mut skipping = before;
    for mut file in files(folder)? {
        let mut end = file.bytes;
        match skipping {
            Some(place) if place.inode != file.inode => continue,
            Some(place) => end = end.min(place.offset),
            None => {}
        }
        skipping = None;
        let mut backwards = Backwards { file: &mut file, begin: end, held: Vec::new() };
        while let Some((id, bytes)) = backwards.next()? {
            let line = Line::parse(id, &bytes);
            if filter.takes(&line) {
                lines.push(line);
            }
            if lines.len() >= size {
                return Ok((lines, Some(id)));
            }
        }
    }
    Ok((lines, None))
}

/// The files of the log that there are, oldest first.
pub fn paths(folder: &Path) -> impl Iterator<Item = PathBuf> {
    [LOG_FILE_BEFORE, LOG_FILE]
        .map(|name| folder.join(name))
        .into_iter()
        .filter(|path| path.exists())
}

struct Log {
    file: File,
    inode: u64,
    bytes: u64,
}

/// The files of the log that there are, newest first; one that is renamed meanwhile is there once.
fn files(folder: &Path) -> io::Result<Vec<Log>> {
    let mut files: Vec<Log> = Vec::new();
    for name in [LOG_FILE, LOG_FILE_BEFORE] {
        let file = match File::open(folder.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let known = file.metadata()?;
        if files.iter().all(|other| other.inode != known.ino()) {
            files.push(Log { file, inode: known.ino(), bytes: known.len() });
        }
    }
    Ok(files)
}

/// The lines of a file from its end to its beginning.
struct Backwards<'f> {
    file: &'f mut Log,
    /// Where `held` begins in the file.
    begin: u64,
    held: Vec<u8>,
}

impl Backwards<'_> {
    fn next(&mut self) -> io::Result<Option<(Place, Vec<u8>)>> {
        loop {
            // The line feed at the very end belongs to the line before it.
            let within = self.held.len().saturating_sub(1);
            let feed =
                self.held.get(..within).and_then(|held| held.iter().rposition(|b| *b == b'\n'));
            let too_long = u64::try_from(self.held.len()).unwrap_or(u64::MAX) >= PIECE_BYTES;
            let line_at = match feed {
                Some(at) => at + 1,
                None if self.begin == 0 || too_long => 0,
                None => {
                    self.read_piece()?;
                    continue;
                }
            };
            let line = self.held.split_off(line_at);
            if line.is_empty() {
                return Ok(None);
            }
            let offset = self.begin.saturating_add(u64::try_from(line_at).unwrap_or_default());
            if line != b"\n" {
                return Ok(Some((Place { inode: self.file.inode, offset }, line)));
            }
        }
    }

    fn read_piece(&mut self) -> io::Result<()> {
        let bytes = self.begin.min(PIECE_BYTES);
        self.begin -= bytes;
        self.file.file.seek(SeekFrom::Start(self.begin))?;
        let mut piece = Vec::new();
        (&mut self.file.file).take(bytes).read_to_end(&mut piece)?;
        piece.append(&mut self.held);
        self.held = piece;
        Ok(())
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}-{}", self.inode, self.offset))
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (inode, offset) = text.split_once('-').ok_or(())?;
        Ok(Self { inode: inode.parse().map_err(drop)?, offset: offset.parse().map_err(drop)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(n: usize, level: &str) -> String {
        format!(
            "{{\"timestamp\":\"2026-11-20T12:30:07.{:03}000Z\",\"level\":\"{level}\",\
             \"fields\":{{\"message\":\"an operator signed in\",\"operator.id\":{n}}},\"target\":\"t\"}}\n",
            n % 1_000
        )
    }

    fn folder(old: &str, new: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOG_FILE_BEFORE), old).unwrap();
        std::fs::write(folder.path().join(LOG_FILE), new).unwrap();
        folder
    }

    /// All wanted lines by pages of `size`.
    fn paged(folder: &Path, filter: &Filter, size: usize) -> Vec<Line> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let (lines, next) = newest(folder, filter, before, size).unwrap();
            assert!(lines.len() <= size);
            all.extend(lines);
            before = next;
            if before.is_none() {
                return all;
            }
        }
    }

    #[test]
    fn every_line_of_both_files_comes_once_newest_first_whatever_the_pages() {
        let lines = |range: std::ops::Range<usize>| -> String {
            range.map(|n| written(n, "INFO")).collect()
        };
        let folder = folder(&lines(0..700), &lines(700..1_000));
        for size in [1, 7, 300, 5_000] {
            let found = paged(folder.path(), &Filter::default(), size);
            let ids: Vec<_> = found.iter().map(|line| line.fields["operator.id"].clone()).collect();
            let expected: Vec<_> = (0..1_000).rev().map(Value::from).collect();
            assert_eq!(ids, expected, "by {size}");
        }
        let first = &paged(folder.path(), &Filter::default(), 9)[999];
        assert_eq!(first.at, Some(Timestamp(1_795_177_807_000)));
        assert_eq!(
            (first.level, first.message.as_str()),
            (Some(Level::Info), "an operator signed in")
        );
    }

    #[test]
    fn words_and_levels_choose_lines_also_by_their_handles() {
        let folder = folder(&written(41, "WARN"), &(written(42, "INFO") + &written(43, "ERROR")));
        let found = |words: &str, level| paged(folder.path(), &Filter::new(words, level), 10).len();
        assert_eq!(found(" SIGNED ", None), 3);
        assert_eq!(found("operator.ID=42", None), 1);
        assert_eq!(found("nothing of it", None), 0);
        assert_eq!(found("", Some(Level::Warn)), 2);
        assert_eq!(found("", Some(Level::Trace)), 3);
    }

    #[test]
    fn what_the_agent_did_not_write_is_shown_as_it_is_and_never_held_at_once() {
        let long = "长".repeat(100_000);
        let text = format!("\n\npanic: \u{1b}[31m boom\n{{\"level\":\n{long}\n\u{0}no end");
        let folder = folder("", &text);
        std::fs::write(folder.path().join(LOG_FILE_BEFORE), [0xff, 0xfe, b'\n']).unwrap();
        let found = paged(folder.path(), &Filter::default(), 2);
        assert_eq!(found[0].message, "\u{0}no end");
        assert!(found.iter().all(|line| line.message.chars().count() <= FOREIGN_CHARACTERS_MAX));
        assert!(found.iter().any(|line| line.message == "panic: \u{1b}[31m boom"));
        assert!(found.iter().any(|line| line.message == "{\"level\":"));
        assert_eq!(found.last().unwrap().message, "\u{fffd}\u{fffd}");
        assert!(paged(folder.path(), &Filter::new("", Some(Level::Trace)), 9).is_empty());
    }

    #[test]
    fn a_page_goes_on_where_it_was_after_the_file_was_renamed() {
        let folder = folder("", &(written(1, "INFO") + &written(2, "INFO")));
        let (lines, next) = newest(folder.path(), &Filter::default(), None, 1).unwrap();
        assert_eq!(lines[0].fields["operator.id"], 2);
        let path = folder.path().join(LOG_FILE);
        std::fs::rename(&path, folder.path().join(LOG_FILE_BEFORE)).unwrap();
        std::fs::write(&path, written(3, "INFO")).unwrap();
        let (lines, next) = newest(folder.path(), &Filter::default(), next, 9).unwrap();
        assert_eq!(
            (lines.len(), lines[0].fields["operator.id"].clone(), next),
            (1, 1.into(), None)
        );
        // What was renamed away altogether is the end.
        let gone = Place { inode: 1, offset: 9 };
        assert_eq!(
            newest(folder.path(), &Filter::default(), Some(gone), 9).unwrap(),
            (vec![], None)
        );
    }
}
