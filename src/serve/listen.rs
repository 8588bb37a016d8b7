//! The listen addresses of the service: `inet:HOST:PORT`, `unix:PATH`, `dns:HOST:PORT`, or the sockets from systemd.

use super::policy::Peer;
use crate::error::{Error, Result, reason};
use std::{
    fmt, fs, io,
    net::{TcpListener, UdpSocket},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    str::FromStr,
};

/// Permissions of our unix socket: everybody who may enter its folder may connect, as with postgrey's. Postfix's smtpd
/// runs as a user that this service need not know.
const SOCKET_MODE: u32 = 0o666;

/// A listen address, as Postfix writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListenAddress {
    /// `inet:HOST:PORT`; an IPv6 host is in brackets.
    Inet(String),
    /// `unix:PATH`.
    Unix(PathBuf),
    /// `dns:HOST:PORT`, over UDP and TCP.
    Dns(String),
}

impl FromStr for ListenAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("inet", address)) if is_host_and_port(address) => Ok(Self::Inet(address.into())),
            Some(("dns", address)) if is_host_and_port(address) => Ok(Self::Dns(address.into())),
            _ => Err(Error::usage(format!(
                "cannot listen at {text:?}: write inet:HOST:PORT (inet:127.0.0.1:10045), unix:PATH or \
                 dns:HOST:PORT (dns:127.0.0.1:5354)"
            ))),
        }
    }
}

fn is_host_and_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        let bracketed = host.starts_with('[') && host.ends_with(']');
        !host.is_empty() && (bracketed || !host.contains(':')) && port.parse::<u16>().is_ok()
    })
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => write!(f, "inet:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Dns(address) => write!(f, "dns:{address}"),
        }
    }
}

/// A listening socket.
pub(super) enum BoundListener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The sockets of one `--listen`.
pub(super) enum BoundAddress {
    /// For Postfix's protocol. A unix socket comes with its file.
    Policy(BoundListener, Option<SocketFile>),
    /// For DNS, both at the same port.
    Dns(UdpSocket, TcpListener),
}

/// The file of our own socket. Dropping it removes the file.
#[must_use]
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl ListenAddress {
    /// Starts to listen.
    ///
    /// # Errors
    /// The address cannot be used (74): the port is taken, or the address belongs to another machine.
    pub(super) fn bind(&self) -> Result<BoundAddress> {
        self.open().map_err(|e| Error::unwritable(format!("cannot listen at {self}: {}", reason(&e))))
    }

    fn open(&self) -> io::Result<BoundAddress> {
        Ok(match self {
            Self::Inet(address) => {
                BoundAddress::Policy(BoundListener::Tcp(TcpListener::bind(address.as_str())?), None)
            }
            Self::Unix(path) => {
                clear_stale(path)?;
                let listener = UnixListener::bind(path)?;
                let file = SocketFile(path.clone());
                fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
                BoundAddress::Policy(BoundListener::Unix(listener), Some(file))
            }
            Self::Dns(address) => {
                // For port 0, TCP chooses: a machine's connections use many of its ports, and its datagrams few.
                let listener = TcpListener::bind(address.as_str())?;
                let socket = UdpSocket::bind(listener.local_addr()?)?;
                BoundAddress::Dns(socket, listener)
            }
        })
    }
}

/// Removes a socket file without a listener. Any other file stays.
fn clear_stale(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::other(
            "a file that is not a socket is there: remove it, or name another path",
        ));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("another service listens there already")),
    }
}

/// The sockets from systemd (`LISTEN_FDS`, sd_listen_fds(3)), if any.
pub(super) fn inherited() -> Result<Vec<BoundListener>> {
    let mut handed = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handed.len() {
        let listener = match handed.take_unix_listener(index) {
            Ok(listener) => listener.map(BoundListener::Unix),
            Err(_) => handed
                .take_tcp_listener(index)
                .map_err(|e| Error::config(format!("systemd handed over no stream socket: {}", reason(&e))))?
                .map(BoundListener::Tcp),
        };
        listeners.extend(listener);
    }
    Ok(listeners)
}

impl BoundListener {
    /// The next connection.
    pub(super) fn accept(&self) -> io::Result<Peer> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(stream, _)| Peer::Tcp(stream)),
            Self::Unix(listener) => listener.accept().map(|(stream, _)| Peer::Unix(stream)),
        }
    }

    /// The address with the port that the system chose, for `inet:HOST:0`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| "inet".into(), |address| format!("inet:{address}"))
            }
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                path.map_or_else(|| "unix".into(), |path| format!("unix:{}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places_as_postfix_writes_them() {
        for address in
            ["inet:127.0.0.1:10045", "inet:localhost:0", "inet:[::1]:10045", "unix:/run/w/policy", "unix:p"]
        {
            assert_eq!(address.parse::<ListenAddress>().unwrap().to_string(), address);
        }
        for address in [
            "",
            "inet",
            "inet:",
            "inet:10045",
            "inet:::1:10045",
            "inet:h:smtp",
            "inet:h:70000",
            "unix:",
            "/p",
        ] {
            let error = address.parse::<ListenAddress>().unwrap_err();
            assert_eq!(error.exit().code(), 64, "{address}");
        }
    }

    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy");
        let address = ListenAddress::Unix(path.clone());
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "std leaves the file behind");
        let ours = address.bind().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, SOCKET_MODE);
        let error = address.bind().err().unwrap();
        assert!(error.to_string().contains("another service listens there"), "{error}");
        drop(ours);
        assert!(!path.exists(), "ours goes with us");
        fs::write(&path, "letters").unwrap();
        assert!(address.bind().err().unwrap().to_string().contains("not a socket"));
        assert_eq!(fs::read(&path).unwrap(), b"letters");
    }

    #[test]
    fn says_which_place_is_taken() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ListenAddress::Inet(taken.local_addr().unwrap().to_string());
        let error = address.bind().err().unwrap();
        assert_eq!(error.exit().code(), 74);
        assert!(error.to_string().starts_with(&format!("cannot listen at {address}: address")), "{error}");
    }
}
