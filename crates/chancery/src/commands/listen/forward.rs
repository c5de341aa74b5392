//! Gives events to a program on this machine, as a webhook would: with the object, and signed.

use std::time::{Duration, Instant};

use domain::chance::Chance;
use domain::clock::Clock;
use domain::webhook;
use engine::feed::Facts;
use engine::webhooks::{WebhookSecretKey, signed_headers, subject};
use net::http::{Client, Request};
use serde_json::Value;

use super::stream::{StreamedEvent, authorised, client};

const TIME_OUT: Duration = Duration::from_secs(15);
/// Of an answer only the status matters.
const READ: usize = 1024;

pub struct Forward {
    client: Client,
    url: String,
    server: String,
    key: String,
    secret: WebhookSecretKey,
}

impl Forward {
    /// With a new secret, which is good for as long as this command runs.
    pub fn new(url: &str, server: &str, key: &str) -> anyhow::Result<Forward> {
        let client = client();
        client.check_url(url).map_err(|detail| anyhow::anyhow!("--forward-to {url}: {detail}"))?;
        let secret = WebhookSecretKey::new(&Chance::system());
        Ok(Forward { client, url: url.to_owned(), server: server.to_owned(), key: key.to_owned(), secret })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn secret(&self) -> String {
        self.secret.written()
    }

    /// Posts one event, once; says what came back.
    pub async fn send(&self, event: &StreamedEvent) -> String {
        let mut data = event.data.clone();
        if let Some((name, object)) = self.object(event).await {
            data[name] = object;
        }
        let body = webhook::body(event.kind.as_str(), event.at, Some(event.seq), &data);
        let id = format!("evt_{}", event.seq);
        let secrets = [self.secret.clone()];
        let headers = signed_headers(&secrets, &id, Clock::system().now(), &body);
        let mut request = Request::post_json(&self.url, body, TIME_OUT);
        for (name, value) in headers {
            let value = value.parse().expect("ids, numbers and base 64 are plain characters");
            request.headers.insert(name, value);
        }
        let begun = Instant::now();
        match self.client.send_for_beginning(request, READ).await {
            Ok(answer) => format!("{} in {} ms", answer.status.as_u16(), begun.elapsed().as_millis()),
            Err(error) => error.to_string(),
        }
    }

    /// The object that an event is about, when the server shows it to this key.
    async fn object(&self, event: &StreamedEvent) -> Option<(&'static str, Value)> {
        let facts: Facts = serde_json::from_value(event.data.clone()).ok()?;
        let subject = subject(event.kind, &facts)?;
        let url = format!("{}{}{}", self.server, subject.path, subject.id);
        let request = authorised(Request::get(url, TIME_OUT), &self.key).ok()?;
        let answer = self.client.send(request).await.ok()?;
        if !answer.status.is_success() {
            return None;
        }
        Some((subject.name, serde_json::from_slice(&answer.body).ok()?))
    }
}
