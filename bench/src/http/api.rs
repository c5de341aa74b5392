//! Speaks to the product's API: writes authenticated requests, and makes the few calls that are not
//! part of the measured load.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::connection::Connection;

#[derive(Debug, Clone)]
pub struct Api {
    pub address: SocketAddr,
    key: String,
}

impl Api {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned() }
    }

    /// Appends one request. `headers` are whole lines, each ended by CR LF.
    pub fn write(&self, method: &str, target: &str, headers: &str, body: &[u8], out: &mut Vec<u8>) {
        write!(
            out,
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            self.key,
            body.len()
        )
        .expect("writing to memory cannot fail");
        out.extend_from_slice(body);
    }

    /// Appends a `POST` of JSON with an idempotency key.
    pub fn write_post(&self, target: &str, idempotency_key: &str, body: &[u8], out: &mut Vec<u8>) {
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {idempotency_key}\r\n");
        self.write("POST", target, &headers, body, out);
    }

    pub async fn get(&self, target: &str) -> Result<Value> {
        self.call("GET", target, "", b"").await
    }

    pub async fn send(&self, method: &str, target: &str, body: &Value) -> Result<Value> {
        self.call(method, target, "Content-Type: application/json\r\n", body.to_string().as_bytes()).await
    }

    /// What a `GET` answers, whatever it is.
    pub async fn bytes(&self, target: &str) -> Result<Vec<u8>> {
        let mut request = Vec::new();
        self.write("GET", target, "", b"", &mut request);
        let mut connection = Connection::open(self.address).await?;
        let reply = connection.call(&request).await.with_context(|| format!("GET {target} got no answer"))?;
        if !reply.is_success() {
            bail!("GET {target} was answered {}", reply.words());
        }
        Ok(reply.body.to_vec())
    }

    async fn call(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> Result<Value> {
        let mut request = Vec::new();
        self.write(method, target, headers, body, &mut request);
        let mut connection = Connection::open(self.address).await?;
        let reply =
            connection.call(&request).await.with_context(|| format!("{method} {target} got no answer"))?;
        if !reply.is_success() {
            bail!("{method} {target} was answered {}", reply.words());
        }
        if reply.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(reply.body).with_context(|| format!("{method} {target} answered no JSON"))
    }

    /// Walks a list to its end and hands every element to `each`.
    pub async fn walk(&self, target: &str, mut each: impl FnMut(&Value)) -> Result<u64> {
        let mut cursor: Option<String> = None;
        let mut seen = 0;
        loop {
            let joint = if target.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                None => self.get(&format!("{target}{joint}limit=200")).await?,
                Some(cursor) => {
                    self.get(&format!("{target}{joint}limit=200&cursor={}", escaped(cursor))).await?
                }
            };
            let elements = page["data"].as_array().with_context(|| format!("GET {target} has no `data`"))?;
            for element in elements {
                each(element);
                seen += 1;
            }
            match page["next_cursor"].as_str() {
                Some(next) if cursor.as_deref() == Some(next) => {
                    bail!("GET {target}: the cursor stands still")
                }
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(seen),
            }
        }
    }

    /// True when no outgoing message is waiting or on its way.
    pub async fn is_drained(&self) -> Result<bool> {
        for state in ["queued", "sending", "deferred"] {
            let page = self.get(&format!("/v1/messages?state={state}&direction=outbound&limit=1")).await?;
            if page["data"].as_array().is_some_and(|data| !data.is_empty()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Percent-encodes what may not stand in a query value.
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
