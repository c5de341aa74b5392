//! Webhooks to programs outside: they follow the event feed, and each event reaches each of them at least once, signed.
//!
//! Rows say what is to be sent; a lane for each webhook sends it. Everything here goes behind the work that somebody waits
//! for, and one webhook never waits for another.

mod attempt;
mod change;
mod content;
mod courier;
mod follow;
mod health;
mod lane;
mod replay;
mod retention;
mod secret;
mod view;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::clock::Timestamp;
use domain::ids::WebhookId;
use net::http::GuardPolicy;
use parking_lot::Mutex;

use crate::core::Core;
use crate::turns::Turns;

pub use attempt::signed_headers;
pub use change::{CreatedWebhook, NewWebhook, RotateSecret, RotatedSecret, WebhookChange};
pub use content::{Subject, subject};
pub use replay::{Replayed, WebhookReplay};
pub use secret::WebhookSecretKey;
pub use view::{
    WebhookAttemptView, WebhookDeliveryDetail, WebhookDeliveryFilter, WebhookDeliveryView,
    WebhookRequestView, WebhookSecretView, WebhookState, WebhookView,
};

pub(crate) use retention::forget_old;

/// What this process knows of its webhooks.
pub(crate) struct Webhooks {
    /// A client of its own: its connections and their troubles are nobody else's.
    http: net::http::Client,
    /// The count of the hub up to which the feed was read.
    followed: AtomicU64,
    /// The courier's.
    turns: Turns,
    /// The webhooks that are being sent to.
    lanes: Mutex<HashSet<WebhookId>>,
}

impl Webhooks {
    pub(crate) fn new(allow_private: bool) -> Webhooks {
        // The addresses are a customer's: nothing inside is reached unless the operator said so (decision 0010).
        let policy = GuardPolicy { allow_private, allow_loopback: false };
        Webhooks {
            http: net::http::Client::new(policy),
            followed: AtomicU64::new(u64::MAX),
            turns: Turns::new(),
            lanes: Mutex::default(),
        }
    }

    /// There may be something to send.
    pub(crate) fn look_again(&self) {
        self.turns.look_again();
    }

    /// Whether nothing is left to do at this time.
    pub(crate) fn is_idle(&self, core: &Core, now: Timestamp) -> bool {
        self.followed.load(Ordering::SeqCst) == core.feed.count()
            && self.lanes.lock().is_empty()
            && self.turns.is_idle(now)
    }
}

/// Follows the feed and sends until the engine stops.
pub(crate) fn start(core: &Arc<Core>) {
    let following = Arc::clone(core);
    core.tasks.spawn(async move { follow::follow(&following).await });
    let sending = Arc::clone(core);
    core.tasks.spawn(async move { courier::run(&sending).await });
}
