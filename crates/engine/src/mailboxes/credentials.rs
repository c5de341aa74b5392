//! From sealed secrets to a connection that is signed in: passwords as they are, access tokens fetched when the last one has
//! expired or was refused.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::{MailboxId, TenantId};
use domain::invalid::Invalid;
use domain::secret::Secret;
use net::check::CheckStep;
use net::http::GuardPolicy;
use net::imap::{Imap, ImapConfig, ImapFault, SignIn, Timeouts};
use net::oauth::{Granted, OAuth, OAuthFault};
use serde_json::{Map, Value};
use store::mailboxes::{self, Mailbox};

use super::readers::Seat;
use super::settings::{Authentication, MailboxSettings};
use crate::core::Core;
use crate::receive::LARGEST_MAIL;

/// An access token and how long it is good for.
#[derive(Debug)]
pub(super) struct Token {
    access: Secret,
    expires_at: Timestamp,
    /// The settings with which it was got: with others it is another identity's.
    settings_of: Timestamp,
}

/// A token is renewed so long before its end.
const MARGIN: Duration = Duration::from_mins(2);

/// Connects and signs in. A token that is refused is renewed once: it may have been taken back before its time.
pub(super) async fn connect(
    core: &Arc<Core>,
    seat: &Seat,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    steps: &mut Vec<CheckStep>,
) -> Result<Imap, ImapFault> {
    let config = config(core, settings, sign_in(core, seat, mailbox, settings, false, steps).await?);
    let connected = Imap::connect(&config, steps).await;
    match connected {
        Err(ImapFault::Credentials(_)) if settings.authentication == Authentication::Xoauth2 => {
            steps.clear();
            let sign_in = sign_in(core, seat, mailbox, settings, true, steps).await?;
            Imap::connect(&ImapConfig { sign_in, ..config }, steps).await
        }
        other => other,
    }
}

fn config(core: &Core, settings: &MailboxSettings, sign_in: SignIn) -> ImapConfig {
    ImapConfig {
        host: settings.host.clone(),
        port: settings.port,
        security: settings.security,
        username: settings.username.clone(),
        sign_in,
        policy: GuardPolicy { allow_private: core.options.allow_private, allow_loopback: true },
        root_ca_pem: settings.root_ca_pem.clone(),
        max_mail_bytes: LARGEST_MAIL,
        timeouts: Timeouts::default(),
    }
}

async fn sign_in(
    core: &Arc<Core>,
    seat: &Seat,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    renew: bool,
    steps: &mut Vec<CheckStep>,
) -> Result<SignIn, ImapFault> {
    if settings.authentication == Authentication::Password {
        let secrets = open(core, mailbox).map_err(|invalid| ImapFault::Setup(invalid.to_string()))?;
        return Ok(SignIn::Password(
            secret(&secrets, "password").unwrap_or_else(|| Secret::new(String::new())),
        ));
    }
    // One at a time: a server that gives a new refresh token with each answer takes each old one only once.
    let mut token = seat.token.lock().await;
    let now = core.clock.now();
    if let Some(token) = token.as_ref()
        && !renew
        && token.expires_at > now.plus(MARGIN)
        && token.settings_of == mailbox.updated_at
    {
        return Ok(SignIn::AccessToken(token.access.clone()));
    }
    match renewed(core, mailbox, settings).await {
        Ok(granted) => {
            steps.push(CheckStep::passed("token", "the token server gave an access token"));
            let expires_at = now.plus(granted.expires_in);
            let access = granted.access_token;
            *token = Some(Token { access: access.clone(), expires_at, settings_of: mailbox.updated_at });
            Ok(SignIn::AccessToken(access))
        }
        Err(fault) => {
            steps.push(CheckStep::failed("token", fault.to_string()));
            Err(fault)
        }
    }
}

async fn renewed(
    core: &Arc<Core>,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
) -> Result<Granted, ImapFault> {
    let (tenant, id) = (mailbox.tenant, mailbox.id);
    let stored =
        |error: store::Error| ImapFault::Unreachable(format!("the credentials cannot be read now: {error}"));
    // As they are now: the refresh token may be another one than when the reader began.
    let current = core.store.read(move |tx| mailboxes::get(tx, tenant, id)).await.map_err(stored)?;
    let Some(current) = current else { return Err(ImapFault::Setup("the mailbox was removed".to_owned())) };
    let secrets = open(core, &current).map_err(|invalid| ImapFault::Setup(invalid.to_string()))?;
    let oauth = OAuth {
        token_url: settings.token_url.clone().unwrap_or_default(),
        client_id: settings.client_id.clone().unwrap_or_default(),
        client_secret: secret(&secrets, "client_secret"),
        refresh_token: secret(&secrets, "refresh_token").unwrap_or_else(|| Secret::new(String::new())),
    };
    let granted = oauth.refresh(&core.surroundings.http).await.map_err(|fault| match fault {
        OAuthFault::Unreachable(words) => ImapFault::Unreachable(words),
        OAuthFault::Refused(words) => ImapFault::Credentials(words),
    })?;
    if let Some(fresh) = &granted.refresh_token
        && fresh.reveal() != oauth.refresh_token.reveal()
    {
        keep(core, current, secrets, fresh).await;
    }
    Ok(granted)
}

/// How often it is tried to keep a refresh token: the old one is worth nothing any more.
const TRIES: u32 = 5;

async fn keep(core: &Arc<Core>, mailbox: Mailbox, mut secrets: Map<String, Value>, fresh: &Secret) {
    let (tenant, id) = (mailbox.tenant, mailbox.id);
    secrets.insert("refresh_token".to_owned(), Value::String(fresh.reveal().clone()));
    let (old, new) = (mailbox.secrets, seal(core, tenant, id, secrets));
    for attempt in 1..=TRIES {
        let (from, to) = (old.clone(), new.clone());
        match core.store.write(tenant, move |tx| mailboxes::set_secrets(tx, tenant, id, &from, &to)).await {
            // Otherwise a person has just set others.
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(mailbox = %id, attempt, %error, "A new refresh token could not be kept yet.");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    tracing::error!(mailbox = %id, "A new refresh token was lost; somebody has to sign in to this mailbox again.");
}

fn secret(secrets: &Map<String, Value>, name: &str) -> Option<Secret> {
    secrets.get(name).and_then(Value::as_str).map(|text| Secret::new(text.to_owned()))
}

pub(super) fn open(core: &Core, mailbox: &Mailbox) -> Result<Map<String, Value>, Invalid> {
    let sealed = |_| Invalid::at("", "the stored credentials cannot be opened with this master key");
    let opened = core.vault.open(&context(mailbox.tenant, mailbox.id), &mailbox.secrets).map_err(sealed)?;
    Ok(serde_json::from_slice(&opened).unwrap_or_default())
}

pub(super) fn seal(core: &Core, tenant: TenantId, id: MailboxId, secrets: Map<String, Value>) -> Vec<u8> {
    core.vault.seal(&context(tenant, id), Value::Object(secrets).to_string().as_bytes())
}

/// What the seal is bound to, so that credentials cannot be moved to another mailbox.
fn context(tenant: TenantId, id: MailboxId) -> String {
    format!("mailbox:{}:{id}", tenant.0)
}
