//! Every query of the store on both databases with the same assertions, and the rules that keep the two equal.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_store as store;

/// Makes each test twice: `sqlite::name` and `postgres::name`. The latter runs when the test command has started a server.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let ground = crate::ground::Ground::sqlite().await;
                Box::pin(super::$name(&ground)).await;
                ground.end().await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some(ground) = crate::ground::Ground::postgres().await else { return };
                Box::pin(super::$name(&ground)).await;
                ground.end().await;
            })+
        }
    };
}

mod backup;
mod channels;
mod claims;
mod collisions;
mod contacts;
mod counting;
mod coverage;
mod dump;
mod full_disk;
mod ground;
mod inbox;
mod isolation;
mod lists;
mod mailboxes;
mod people;
mod queue;
mod reconciling;
mod sample;
mod search;
mod sharing;
mod suppressions;
mod tables;
mod text;
mod together;
mod transactions;
mod versions;
mod views;
mod webhook_replays;
mod webhooks;
