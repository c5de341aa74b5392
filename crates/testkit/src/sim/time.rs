//! A simulated web server that knows what time it is, right or wrong.

use std::net::{Ipv4Addr, SocketAddr};

use domain::clock::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Starts on loopback; for it, it is always this time.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(now: Timestamp) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port of loopback");
        let address = listener.local_addr().expect("a bound port has an address");
        let date = http_date(now);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 2048];
                // A client that leaves is none of the server's business.
                let _ = stream.read(&mut request).await;
                let answer = format!("HTTP/1.1 204 No Content\r\nDate: {date}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Server { address, _tasks: tasks }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// As in RFC 9110, out of RFC 3339: only the day of the week is nowhere in it.
fn http_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let day = DAYS[usize::try_from(at.day().rem_euclid(7)).unwrap_or_default()];
    let month = MONTHS[text[5..7].parse::<usize>().map_or(0, |month| month - 1)];
    format!("{day}, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19])
}
