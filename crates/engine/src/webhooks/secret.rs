//! Secrets of webhooks: made here, sealed by the vault, shown once; and the signatures made with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::chance::Chance;
use domain::ids::{TenantId, WebhookId};
use domain::secret::Secret;
use domain::webhook::signed_content;
use net::signature::{base64, hmac_sha256};

use crate::vault::{Unopened, Vault};

const PREFIX: &str = "whsec_";

/// The key of a webhook's signatures (Standard Webhooks 1.0): 32 bytes, written as `whsec_` and base 64.
#[derive(Debug, Clone)]
pub struct WebhookSecretKey(Secret<Vec<u8>>);

impl WebhookSecretKey {
    #[must_use]
    pub fn new(chance: &Chance) -> WebhookSecretKey {
        WebhookSecretKey(Secret::new(chance.bytes::<32>().to_vec()))
    }

    /// As it is given to whoever checks the signatures.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.reveal()))
    }

    /// The signature of one attempt, with its version.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let tag = hmac_sha256(self.0.reveal(), signed_content(id, seconds, body).as_bytes());
        format!("v1,{}", base64(&tag))
    }

    pub(super) fn seal(&self, vault: &Vault, tenant: TenantId, webhook: WebhookId) -> Vec<u8> {
        vault.seal(&context(tenant, webhook), self.0.reveal())
    }

    pub(super) fn open(
        vault: &Vault,
        tenant: TenantId,
        webhook: WebhookId,
        sealed: &[u8],
    ) -> Result<WebhookSecretKey, Unopened> {
        Ok(WebhookSecretKey(Secret::new(vault.open(&context(tenant, webhook), sealed)?)))
    }
}

fn context(tenant: TenantId, webhook: WebhookId) -> String {
    format!("webhook:{}:{webhook}", tenant.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_matches_the_example_of_the_specification() {
        // https://github.com/standard-webhooks/standard-webhooks, section "Signature scheme" and its reference libraries.
        let key = WebhookSecretKey(Secret::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()));
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(key.written(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }
}
