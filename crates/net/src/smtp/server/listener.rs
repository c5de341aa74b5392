//! Where connections come in: a port, or a socket in the file system for programs on the same machine.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

/// One of the two.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// The file is removed when this is dropped.
    Unix(UnixListener, SocketFile),
}

/// The file of a socket.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What can be spoken over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

impl Listener {
    /// Listens on a socket in the file system. Whoever may enter its folder may deliver. A file that a server left behind
    /// when it was killed is replaced; one that is in use is not.
    ///
    /// # Errors
    /// When the path is in use, or cannot be written.
    pub fn unix(path: &Path) -> io::Result<Listener> {
        if std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there"));
            }
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        let file = SocketFile(path.to_owned());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
        Ok(Listener::Unix(listener, file))
    }

    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Wire>, Option<IpAddr>)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Some(address.ip())))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), None))
            }
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Listener {
        Listener::Tcp(listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_replaced_only_when_nobody_listens_on_it() {
        let path = std::env::temp_dir().join(format!("chancery-listener-{}.sock", std::process::id()));
        let first = Listener::unix(&path).unwrap();
        assert_eq!(Listener::unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let Listener::Unix(socket, file) = first else { unreachable!("it is a socket") };
        drop(socket);
        assert!(path.exists());
        let second = Listener::unix(&path).unwrap();
        drop(second);
        assert!(!path.exists());
        std::mem::forget(file);
    }
}
