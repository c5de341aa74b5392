//! A closure that waits for the writer, with its caller waiting for the answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::ids::TenantId;
use tokio::sync::oneshot;

use super::{Error, Tx};

/// Which work goes first. A storm of bulk work must not starve what a person waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits: requests, outcomes of sends.
    Prompt,
    /// Imports, campaigns, clean-up.
    Bulk,
}

/// What a closure made of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
    /// Collided with another transaction: undo, then run again.
    Again,
}

/// A closure with its caller, whatever its types.
pub(crate) trait Work: Send {
    fn tenant(&self) -> Option<TenantId>;
    fn lane(&self) -> Lane;
    /// Runs the closure; may be called more than once, only the last run counts.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Answers the caller: with the closure's result, or with the fault that kept it from being committed.
    fn answer(self: Box<Self>, fault: Option<Error>);
}

/// A write: `FnMut`, because it may be run again.
pub(crate) struct Call<F, T, E> {
    pub tenant: Option<TenantId>,
    pub lane: Lane,
    pub closure: F,
    pub result: Option<Result<T, E>>,
    pub reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work for Call<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    fn lane(&self) -> Lane {
        self.lane
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let result = outlive_panic(|| (self.closure)(tx));
        let (verdict, result) = match (tx.fault(), result) {
            (Some(Error::Collision(_)), result) => (Verdict::Again, result),
            // PostgreSQL keeps nothing of a transaction in which a statement failed, so SQLite does not either.
            (Some(fault), Ok(_)) => (Verdict::Undo, Err(E::from(fault.clone()))),
            (None, Ok(value)) => (Verdict::Keep, Ok(value)),
            (_, Err(error)) => (Verdict::Undo, Err(error)),
        };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, fault: Option<Error>) {
        let Call { result, reply, .. } = *self;
        let answer = match (result, fault) {
            // What a closure refused by itself was never to be committed: its own error says more.
            (Some(Err(error)), _) => Err(error),
            (_, Some(fault)) => Err(E::from(fault)),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => {
                Err(E::from(Error::Unexpected("a closure was answered before it was run".into())))
            }
        };
        // The caller may have gone away; what was committed stays.
        drop(reply.send(answer));
    }
}

/// Runs a caller's closure. A defect in one of them must not end the thread that works for all.
pub(crate) fn outlive_panic<T, E: From<Error>>(closure: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(closure)).unwrap_or_else(|_| {
        tracing::error!("The closure of a transaction panicked; nothing of it was kept.");
        Err(E::from(Error::Unexpected("the closure of a transaction panicked".into())))
    })
}

/// A read: runs once, on a connection that cannot write.
pub(crate) type ReadCall = Box<dyn FnOnce(&mut Tx<'_>) + Send>;
