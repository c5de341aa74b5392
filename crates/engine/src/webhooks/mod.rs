//! Webhooks to programs outside: they follow the event feed, and each event reaches each of them at least once, signed.
//!
//! Rows say what is to be sent; a lane for each webhook sends it. Everything here goes behind the work that somebody waits
//! for, and one webhook never waits for another.

mod again;
mod attempt;
mod change;
mod content;
mod courier;
mod follow;
mod health;
mod lane;
mod replay;
mod replaying;
mod retention;
mod secret;
mod view;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::clock::Timestamp;
use domain::ids::{WebhookId, WebhookReplayId};
use net::http::GuardPolicy;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::core::Core;
use crate::feed::reader::{self, Progress};
use crate::turns::Turns;

pub use attempt::signed_headers;
pub use change::{CreatedWebhook, NewWebhook, RotateSecret, RotatedSecret, WebhookChange};
pub use content::{Subject, subject};
pub use replay::{NewWebhookReplay, WebhookReplayView};
pub use secret::WebhookSecretKey;
pub use store::webhook_replays::ReplayState;
pub use view::{
    WebhookAttemptView, WebhookDeliveryDetail, WebhookDeliveryFilter, WebhookDeliveryView,
    WebhookRequestView, WebhookSecretView, WebhookState, WebhookView,
};

pub(crate) use retention::forget_old;

/// What this process knows of its webhooks.
pub(crate) struct Webhooks {
    /// A client of its own: its connections and their troubles are nobody else's.
    http: net::http::Client,
    /// How far the feed was read for them.
    followed: Progress,
    /// The courier's.
    turns: Turns,
    /// The webhooks that are being sent to, each with what tells its lane that there is more.
    lanes: Mutex<HashMap<WebhookId, Arc<Notify>>>,
    /// The replays that are worked on.
    replays: Mutex<HashSet<WebhookReplayId>>,
}

impl Webhooks {
    pub(crate) fn new(allow_private: bool) -> Webhooks {
        // The addresses are a customer's: nothing inside is reached unless the operator said so (decision 0010).
        let policy = GuardPolicy { allow_private, allow_loopback: false };
        Webhooks {
            http: net::http::Client::new(policy),
            followed: Progress::new(),
            turns: Turns::new(),
            lanes: Mutex::default(),
            replays: Mutex::default(),
        }
    }

    /// There may be something to send.
    pub(crate) fn look_again(&self) {
        self.turns.look_again();
    }

    /// Whether nothing is left to do at this time.
    pub(crate) fn is_idle(&self, core: &Core, now: Timestamp) -> bool {
        self.followed.is_idle(&core.feed)
            && self.replays.lock().is_empty()
            && self.lanes.lock().is_empty()
            && self.turns.is_idle(now)
    }
}

/// Follows the feed and sends until the engine stops.
pub(crate) fn start(core: &Arc<Core>) {
    reader::start::<follow::Teller>(core);
    let sending = Arc::clone(core);
    core.tasks.spawn(async move { courier::run(&sending).await });
}
