//! A serial port where the system knows only the old way of setting one up: emulators of other processors do. Speeds
//! are the standard ones there, and everything else is as the profile says.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::termios::{self, BaudRate, ControlFlags, InputFlags, SetArg};
use sealtrace_firmware_config::{DataBits, Flow, Parity, Serial, StopBits};
use tokio::io::{Join, join};
use tokio::net::unix::pipe::{Receiver, Sender};

/// Both directions of a terminal.
pub(super) type Terminal = Join<Receiver, Sender>;

/// True when the system refused because it has never heard of the question.
pub(super) fn is_needed(error: &tokio_serial::Error) -> bool {
    [Errno::ENOTTY, Errno::ENOSYS].map(Errno::desc).contains(&error.description.as_str())
}

/// Opens and sets up what [`is_needed`] was said of.
pub(super) fn open(port: &str, settings: &Serial) -> io::Result<Terminal> {
    let file = File::options()
        .read(true)
        .write(true)
        .custom_flags((OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits())
        .open(port)?;
    file.try_lock()?;
    let mut told = termios::tcgetattr(&file)?;
    termios::cfmakeraw(&mut told);
    termios::cfsetspeed(&mut told, speed(settings.baud)?)?;
    let flags = &mut told.control_flags;
    flags.insert(ControlFlags::CREAD | ControlFlags::CLOCAL);
    flags.remove(ControlFlags::CSIZE);
    flags.insert(match settings.data_bits {
        DataBits::Seven => ControlFlags::CS7,
        DataBits::Eight => ControlFlags::CS8,
    });
    flags.set(ControlFlags::PARENB, settings.parity != Parity::None);
    flags.set(ControlFlags::PARODD, settings.parity == Parity::Odd);
    flags.set(ControlFlags::CSTOPB, settings.stop_bits == StopBits::Two);
    flags.set(ControlFlags::CRTSCTS, settings.flow == Flow::Hardware);
    let software = settings.flow == Flow::Software;
    told.input_flags.set(InputFlags::IXON | InputFlags::IXOFF, software);
    termios::tcsetattr(&file, SetArg::TCSANOW, &told)?;
    let both = file.try_clone()?;
    Ok(join(Receiver::from_file_unchecked(file)?, Sender::from_file_unchecked(both)?))
}

fn speed(baud: u32) -> io::Result<BaudRate> {
    Ok(match baud {
        1_200 => BaudRate::B1200,
        2_400 => BaudRate::B2400,
        4_800 => BaudRate::B4800,
        9_600 => BaudRate::B9600,
        19_200 => BaudRate::B19200,
        38_400 => BaudRate::B38400,
        57_600 => BaudRate::B57600,
        115_200 => BaudRate::B115200,
        230_400 => BaudRate::B230400,
        460_800 => BaudRate::B460800,
        921_600 => BaudRate::B921600,
        _ => return Err(io::Error::new(ErrorKind::InvalidInput, "not a standard speed")),
    })
}

#[cfg(test)]
mod tests {
    use nix::pty::openpty;
    use nix::unistd::ttyname;
    use sealtrace_firmware_config::Profile;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn bytes_pass_both_ways_unchanged() {
        let pair = openpty(None, None).expect("a pseudo-terminal");
        let path = ttyname(&pair.slave).expect("its name");
        let profile = Profile::builtin("virtual-line").expect("a profile");
        let settings = *profile.serial().expect("of a serial reader");
        let mut terminal = open(path.to_str().expect("a path"), &settings).expect("it opens");
        let mut far = tokio::fs::File::from_std(File::from(pair.master));
        far.write_all(b"\x02A\r\n\x00\x03").await.expect("written");
        far.flush().await.expect("flushed");
        let mut heard = [0; 6];
        terminal.read_exact(&mut heard).await.expect("read");
        assert_eq!(&heard, b"\x02A\r\n\x00\x03");
        terminal.write_all(b"\x06\n").await.expect("answered");
        let mut answer = [0; 2];
        far.read_exact(&mut answer).await.expect("heard");
        assert_eq!(&answer, b"\x06\n");
        // Whoever comes second is told so.
        assert!(open(path.to_str().expect("a path"), &settings).is_err());
    }
}
