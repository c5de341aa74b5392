//! What was tried to send a message, and what came of it.

use domain::clock::Timestamp;
use domain::failure::AttemptOutcome;
use domain::ids::{AccountId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Tx};

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    pub account: AccountId,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub outcome: AttemptOutcome,
    pub code: Option<String>,
    /// The provider's words.
    pub detail: String,
}

const INSERT: &str = "
INSERT INTO attempts (tenant_id, message_id, number, account_id, started_at, ended_at, outcome, code, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, message_id, number) DO NOTHING";

/// Adds an attempt.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId, attempt: &Attempt) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            message,
            attempt.number,
            attempt.account,
            attempt.started_at,
            attempt.ended_at,
            attempt.outcome.as_str(),
            attempt.code,
            attempt.detail
        ],
    )
}

const OF_MESSAGE: &str = "
SELECT number, account_id, started_at, ended_at, outcome, code, detail
FROM attempts
WHERE tenant_id = $1 AND message_id = $2
ORDER BY number";

/// The attempts of a message, in their order.
///
/// # Errors
/// Any fault of the database.
pub fn of_message(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<Vec<Attempt>, Error> {
    tx.query(OF_MESSAGE, &args![tenant, message], |row| {
        Ok(Attempt {
            number: row.take()?,
            account: row.take()?,
            started_at: row.take()?,
            ended_at: row.take()?,
            outcome: row.word()?,
            code: row.take()?,
            detail: row.take()?,
        })
    })
}
