//! The list of addresses to which a simulated vendor delivers nothing.

use parking_lot::Mutex;

/// Addresses by the list of the vendor that they are on, such as `bounces`.
#[derive(Debug, Default)]
pub(super) struct Suppressed(Mutex<Vec<(String, String)>>);

impl Suppressed {
    pub(super) fn add(&self, list: &str, address: &str) {
        self.0.lock().push((list.to_owned(), address.to_lowercase()));
    }

    /// Whether an address is on a list. The address may be percent-encoded.
    pub(super) fn holds(&self, list: &str, address: &str) -> bool {
        let address = plain(address);
        self.0.lock().iter().any(|(of, known)| of == list && *known == address)
    }

    /// Takes an address off a list; false when it is not on it. The address may be percent-encoded.
    pub(super) fn remove(&self, list: &str, address: &str) -> bool {
        let address = plain(address);
        let mut all = self.0.lock();
        let before = all.len();
        all.retain(|(of, known)| of != list || *known != address);
        all.len() < before
    }

    pub(super) fn addresses(&self) -> Vec<String> {
        self.0.lock().iter().map(|(_, address)| address.clone()).collect()
    }
}

fn plain(address: &str) -> String {
    address.replace("%40", "@").replace("%2B", "+").to_lowercase()
}
