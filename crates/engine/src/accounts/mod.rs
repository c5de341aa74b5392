//! Channel accounts: added, changed, checked, and connected to their senders.

mod catalogue;
mod change;
mod check;
mod connect;
mod routes;
mod view;

pub use catalogue::{LinkView, ProviderView, catalogue};
pub use change::{AccountChange, NewAccount};
pub use check::Checked;
pub use routes::{NewRoute, RouteView};
pub use view::{AccountView, HealthView};

pub(crate) use change::hash as webhook_hash;
pub(crate) use connect::{connect_all, follow_changes, reload};
pub(crate) use routes::covers;
