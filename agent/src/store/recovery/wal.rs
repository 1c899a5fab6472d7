//! Does the log beside the file still hold every commit that was acknowledged? SQLite reads a damaged log up to the
//! damage and says nothing: what came after would be missing as if it had never been.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER_BYTES: usize = 32;
const FRAME_BYTES: usize = 24;
/// The last bit of the magic number: checksums are taken of big-endian words.
const MAGIC: u32 = 0x377f_0682;

type Sums = (u32, u32);

/// True when commits are missing that had been acknowledged.
///
/// A power cut leaves one transaction torn, the last one. A broken frame with a commit behind it, and something of the
/// same log behind that, is no such thing: that commit began after the broken one was on the disk.
pub(super) fn has_lost_commits(path: &Path) -> io::Result<bool> {
    let mut log = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut log, &mut header)? || header == [0; HEADER_BYTES] {
        // Never begun: a header is on the disk before the first commit.
        return Ok(false);
    }
    let (summed, stored) = header.split_at(HEADER_BYTES - 8);
    let big_endian = word(&header, 0) & 1 == 1;
    let mut sums = sum((0, 0), summed, big_endian);
    let page_bytes = usize::try_from(word(&header, 8)).unwrap_or_default();
    let known = word(&header, 0) & !1 == MAGIC && (512..=65_536).contains(&page_bytes);
    if !known || sums != (word(stored, 0), word(stored, 4)) {
        return Ok(true);
    }
    let salts = (word(&header, 16), word(&header, 20));
    let mut frame = vec![0; FRAME_BYTES + page_bytes];
    let (mut broken, mut commit_behind) = (false, false);
    while fill(&mut log, &mut frame)? {
        let ours = (word(&frame, 8), word(&frame, 12)) == salts;
        if !broken {
            let (head, page) = frame.split_at(FRAME_BYTES);
            let expected =
                sum(sum(sums, head.get(..8).unwrap_or_default(), big_endian), page, big_endian);
            broken = !ours || expected != (word(head, 16), word(head, 20));
            sums = expected;
        } else if ours {
            if commit_behind {
                return Ok(true);
            }
            commit_behind = word(&frame, 4) != 0;
        }
    }
    Ok(false)
}

/// SQLite's checksum: two words at a time.
fn sum((mut one, mut two): Sums, bytes: &[u8], big_endian: bool) -> Sums {
    let (words, _) = bytes.as_chunks::<4>();
    for pair in words.chunks_exact(2) {
        if let [left, right] = pair {
            let number = |word: &[u8; 4]| {
                if big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) }
            };
            one = one.wrapping_add(number(left)).wrapping_add(two);
            two = two.wrapping_add(number(right)).wrapping_add(one);
        }
    }
    (one, two)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>());
    found.copied().map_or(0, u32::from_be_bytes)
}

/// Fills the buffer; false at the end of the file, also in the middle of a frame.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rusqlite::Connection;
    use rusqlite::config::DbConfig;

    use super::*;

    const PAGE: usize = 4_096;
    const FRAME: usize = FRAME_BYTES + PAGE;

    /// A log with several commits of one frame or more each.
    fn log() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let connection = Connection::open(&file).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch("create table t (x)").unwrap();
        for n in 0..6 {
            connection.execute("insert into t values (?1)", [vec![n; 5_000]]).unwrap();
        }
        drop(connection);
        let path = folder.path().join("x.db-wal");
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() > HEADER_BYTES + 8 * FRAME, "{}", bytes.len());
        (folder, path, bytes)
    }

    #[test]
    fn a_whole_log_a_torn_end_and_none_are_no_loss() {
        let (_folder, path, bytes) = log();
        assert!(!has_lost_commits(&path).unwrap());
        for cut in [0, 20, HEADER_BYTES, HEADER_BYTES + 100, bytes.len() - FRAME, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(!has_lost_commits(&path).unwrap(), "cut at {cut}");
        }
        // The last transaction torn in its middle.
        let mut torn = bytes.clone();
        let last = torn.len() - FRAME + 2_000;
        torn[last..last + 64].fill(0xa5);
        std::fs::write(&path, &torn).unwrap();
        assert!(!has_lost_commits(&path).unwrap());
        std::fs::write(&path, [0; 9_000]).unwrap();
        assert!(!has_lost_commits(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!has_lost_commits(&path).unwrap());
    }

    #[test]
    fn garbage_before_later_commits_is_a_loss() {
        let (_folder, path, bytes) = log();
        for at in
            [0, 17, HEADER_BYTES + 30, HEADER_BYTES + 2 * FRAME + 8, HEADER_BYTES + 3 * FRAME + 500]
        {
            let mut bad = bytes.clone();
            bad[at..at + 12].fill(0x5a);
            std::fs::write(&path, &bad).unwrap();
            assert!(has_lost_commits(&path).unwrap(), "garbage at {at}");
        }
    }
}
