//! Channel accounts: added, changed, checked, and connected to their senders.

mod catalogue;
mod change;
mod check;
mod connect;
mod dkim;
mod places;
mod request;
mod routes;
mod view;

pub use catalogue::{LinkView, ProviderView, catalogue};
pub use check::Checked;
pub use dkim::{DkimRecord, DkimView, NewDkim};
pub use request::{AccountChange, NewAccount};
pub use routes::{NewRoute, RouteView};
pub use view::{AccountView, HealthView};

pub(crate) use change::hash as webhook_hash;
pub(crate) use connect::{connect_all, follow_changes, provider_of, reload};
pub(crate) use dkim::keys_of as dkim_keys_of;
pub(crate) use routes::covers;
