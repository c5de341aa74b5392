//! Replays: what a webhook was to get since a time, asked for by a person and sent again in the background.

use std::time::Duration;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{WebhookId, WebhookReplayId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::webhook_replays::{self, ReplayState, WebhookReplay};
use store::{feed, webhooks_out};

use super::again::switched_on;
use super::health::tell;
use crate::{Engine, Error, audit, house_settings};

/// What is sent again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookReplay {
    /// Events at or after; at most as long ago as the log is kept.
    pub since: Timestamp,
    /// `true`: only what did not arrive, which is what failed and what happened while the webhook was off.
    #[serde(default)]
    pub only_failed: bool,
}

/// A replay, and how far it has come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookReplay")]
pub struct WebhookReplayView {
    pub id: WebhookReplayId,
    pub webhook_id: WebhookId,
    pub state: ReplayState,
    pub since: Timestamp,
    pub only_failed: bool,
    /// Events from `since` to when it was asked for.
    pub total: i64,
    /// How many of them it has looked at.
    pub done: i64,
    /// How many of those are sent again; the log of deliveries tells whether they arrived.
    pub replayed: i64,
    /// Why it was cancelled.
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<WebhookReplay> for WebhookReplayView {
    fn from(replay: WebhookReplay) -> WebhookReplayView {
        WebhookReplayView {
            id: replay.id,
            webhook_id: replay.webhook,
            state: replay.state,
            since: replay.since,
            only_failed: replay.only_failed,
            total: replay.last_seq - replay.first_seq,
            done: replay.reached_seq - replay.first_seq,
            replayed: replay.replayed,
            reason: replay.reason,
            created_at: replay.created_at,
            updated_at: replay.updated_at,
        }
    }
}

impl Engine {
    /// Begins to send again what a webhook was to get since a time; it goes on by itself, also after a crash.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `webhook_disabled`; a conflict while another replay of it runs; [`Error::Invalid`]; missing
    /// permission.
    pub async fn replay_webhook(
        &self,
        by: &Principal,
        id: WebhookId,
        asked: NewWebhookReplay,
    ) -> Result<WebhookReplayView, Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        let NewWebhookReplay { since, only_failed } = asked;
        let replay_id: WebhookReplayId = self.core.ids.next();
        let replay = self
            .core
            .store
            .write(tenant, move |tx| {
                let webhook = switched_on(tx, tenant, id)?;
                let days = house_settings::read(tx, tenant)?.webhook_log_days;
                // Beyond it a delivery may be forgotten, and would come again under another id.
                if now.since(since) > Duration::from_hours(24 * u64::from(days)) {
                    let detail = format!("expected a time within the last {days} days");
                    return Err(Invalid::at("/since", detail).into());
                }
                if let Some(other) = webhook_replays::running_of(tx, tenant, id)? {
                    let detail = format!("the replay {} of this webhook is not at its end yet", other.id);
                    return Err(Error::conflict("conflict", detail));
                }
                let first_seq = feed::last_before(tx, tenant, since)?;
                let replay = WebhookReplay {
                    id: replay_id,
                    webhook: id,
                    state: ReplayState::Running,
                    since,
                    only_failed,
                    first_seq,
                    last_seq: feed::last(tx, tenant)?,
                    reached_seq: first_seq,
                    replayed: 0,
                    reason: None,
                    created_at: now,
                    updated_at: now,
                };
                webhook_replays::insert(tx, tenant, &replay)?;
                let (subject, detail) = (
                    id.to_string(),
                    json!({ "replay": replay.id, "since": since, "only_failed": only_failed }),
                );
                audit::record(tx, tenant, &actor, "webhook.replayed", &subject, &detail, now)?;
                tell(tx, &webhook, now)?;
                Ok(replay)
            })
            .await?;
        self.core.feed.wake();
        self.core.webhooks.look_again();
        Ok(replay.into())
    }

    /// One replay.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn webhook_replay(
        &self,
        principal: &Principal,
        id: WebhookReplayId,
    ) -> Result<WebhookReplayView, Error> {
        principal.require(Permission::SettingsWrite)?;
        let tenant = principal.tenant;
        let replay = self.core.store.read(move |tx| webhook_replays::get(tx, tenant, id)).await?;
        Ok(replay.ok_or(Error::NotFound("replay"))?.into())
    }

    /// Replays of a webhook, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn webhook_replays(
        &self,
        principal: &Principal,
        id: WebhookId,
        page: PageRequest,
    ) -> Result<Page<WebhookReplayView>, Error> {
        principal.require(Permission::SettingsWrite)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "whr_z".to_owned(), |cursor| cursor.id);
        let rows = self
            .core
            .store
            .read(move |tx| {
                if webhooks_out::get(tx, tenant, id)?.is_none() {
                    return Err(Error::NotFound("webhook"));
                }
                Ok(webhook_replays::list(tx, tenant, id, &before, limit + 1)?)
            })
            .await?;
        let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
        Ok(page.map(WebhookReplayView::from))
    }
}
