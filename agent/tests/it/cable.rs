//! A serial cable: programs open one end of a pseudo-terminal, the test holds the other.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use sealtrace_agent::clock::Clock;

pub(crate) const ACK: u8 = 0x06;
pub(crate) const NAK: u8 = 0x15;
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A cable: programs open `path`, the test holds the other end.
pub(crate) struct Cable {
    pub(crate) path: PathBuf,
    pub(crate) near: File,
    /// Keeps the line up while nobody listens.
    far: OwnedFd,
}

impl Cable {
    pub(crate) fn new(path: PathBuf) -> Self {
        let (near, far) = plug(&path);
        Self { path, near, far }
    }

    pub(crate) fn replug(&mut self) {
        (self.near, self.far) = plug(&self.path);
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.near.write_all(text.as_bytes()).unwrap();
    }

    /// The first of these bytes to arrive.
    pub(crate) fn hear(&mut self, wanted: &[u8], wait: Duration) -> Option<u8> {
        let clock = Clock::new();
        let wait_ms = u64::try_from(wait.as_millis()).unwrap();
        while let Some(left_ms) = wait_ms.checked_sub(clock.monotonic_ms()).filter(|ms| *ms > 0) {
            let millis = u16::try_from(left_ms).unwrap();
            let mut ready = [PollFd::new(self.near.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ready, PollTimeout::from(millis)).unwrap() == 0 {
                continue;
            }
            let mut byte = [0];
            self.near.read_exact(&mut byte).unwrap();
            if wanted.contains(&byte[0]) {
                return Some(byte[0]);
            }
        }
        None
    }
}

fn plug(path: &Path) -> (File, OwnedFd) {
    let pty = openpty(None, None).unwrap();
    // A program under test must not hold the cable at both ends.
    for end in [&pty.master, &pty.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let mut settings = tcgetattr(&pty.slave).unwrap();
    cfmakeraw(&mut settings);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).unwrap();
    let _ = std::fs::remove_file(path);
    std::os::unix::fs::symlink(ttyname(&pty.slave).unwrap(), path).unwrap();
    (File::from(pty.master), pty.slave)
}

/// Sends a reading until it is answered, as a reader that waits for its answer does.
pub(crate) fn report(cable: &mut Cable, text: &str) {
    for _ in 0..20 {
        cable.send(&format!("{text}\r\n"));
        if cable.hear(&[ACK, NAK], Duration::from_secs(2)).is_some() {
            return;
        }
    }
    panic!("{text} was never answered");
}
