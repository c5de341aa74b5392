//! Channel accounts: added, changed, checked, and connected to their senders.

mod change;
mod check;
mod connect;
mod routes;
mod view;

pub use change::{AccountChange, NewAccount};
pub use check::Checked;
pub use routes::{NewRoute, RouteView};
pub use view::{AccountView, HealthView};

pub(crate) use change::hash as webhook_hash;
pub(crate) use connect::{connect_all, reload};
pub(crate) use routes::covers;
