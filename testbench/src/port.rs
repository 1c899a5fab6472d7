//! Virtual serial ports: pseudo-terminals behind a path that stays the same when the cable is plugged in again.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

use crate::clock::Deadline;

/// One end of a virtual cable; the other end is the device file at [`VirtualPort::path`].
pub struct VirtualPort {
    path: PathBuf,
    near: File,
    /// Held open so that the line stays up while nobody listens at the far end.
    _far: OwnedFd,
}

impl VirtualPort {
    /// Makes a port that programs open at `path`.
    pub fn new(path: &Path) -> Result<Self> {
        let (near, far) = plug(path)?;
        Ok(Self { path: path.to_owned(), near, _far: far })
    }

    /// Where programs open it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Pulls the cable and plugs it in again: whatever was under way in it is gone, as in a real one.
    pub fn replug(&mut self) -> Result<()> {
        (self.near, self._far) = plug(&self.path)?;
        Ok(())
    }

    /// The same port, for a device that sends what it has when it has it.
    pub fn unwaiting(self) -> Result<Self> {
        fcntl(&self.near, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(self)
    }

    /// Sends bytes of a port that is [`VirtualPort::unwaiting`]; false when the cable has no room for all of them.
    pub fn offer(&mut self, bytes: &[u8]) -> Result<bool> {
        match self.near.write(bytes) {
            Ok(written) => Ok(written == bytes.len()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error).context("the virtual port does not take bytes"),
        }
    }

    /// Sends bytes to whoever listens.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.near.write_all(bytes).context("the virtual port does not take bytes")
    }

    /// The next bytes from the far end, if any come within `wait`.
    pub fn receive(&mut self, wait: Duration) -> Result<Vec<u8>> {
        let millis = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
        let mut ready = [PollFd::new(self.near.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::from(millis)).context("poll")? == 0 {
            return Ok(Vec::new());
        }
        let mut buffer = vec![0; 1024];
        let got = self.near.read(&mut buffer).context("the virtual port does not give bytes")?;
        buffer.truncate(got);
        Ok(buffer)
    }

    /// The first of `wanted` that arrives within `wait`; other bytes are dropped.
    pub fn receive_one_of(&mut self, wanted: &[u8], wait: Duration) -> Result<Option<u8>> {
        let deadline = Deadline::after(wait);
        while let Some(left) = deadline.left() {
            let bytes = self.receive(left)?;
            if let Some(found) = bytes.into_iter().find(|byte| wanted.contains(byte)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Drops whatever has arrived and was not asked for.
    pub fn drain(&mut self) -> Result<()> {
        while !self.receive(Duration::ZERO)?.is_empty() {}
        Ok(())
    }
}

fn plug(path: &Path) -> Result<(File, OwnedFd)> {
    let OpenptyResult { master, slave } = openpty(None, None).context("no pseudo-terminal")?;
    // A program that is started must not hold the cable at both ends.
    for end in [&master, &slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let mut settings = tcgetattr(&slave)?;
    cfmakeraw(&mut settings);
    tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
    let device = ttyname(&slave)?;
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    std::os::unix::fs::symlink(&device, &new)?;
    std::fs::rename(&new, path).with_context(|| format!("cannot plug in {}", path.display()))?;
    Ok((File::from(master), slave))
}
