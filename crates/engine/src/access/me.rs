//! What somebody who is let in gets to know about themselves.

use domain::access::{ActorKind, Principal};
use store::users::Member;

use crate::{Engine, Error};

/// Who the principal is, where.
#[derive(Debug, Clone)]
pub struct Me {
    pub tenant: String,
    /// The person; nobody when a key asks.
    pub user: Option<Member>,
}

impl Engine {
    /// The principal's tenant, and the person behind it.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn me(&self, by: &Principal) -> Result<Me, Error> {
        let tenant = by.tenant;
        let user = match by.actor.kind {
            ActorKind::User => by.actor.id.as_deref().and_then(|id| id.parse().ok()),
            ActorKind::Key | ActorKind::System => None,
        };
        let me = move |tx: &mut store::Tx<'_>| -> Result<Me, store::Error> {
            let user = match user {
                Some(id) => store::users::get(tx, tenant, id)?,
                None => None,
            };
            Ok(Me { tenant: store::tenants::name(tx, tenant)?.unwrap_or_default(), user })
        };
        Ok(self.core.store.read(me).await?)
    }
}
