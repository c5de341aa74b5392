//! Counts connections, all of them and those from each place, so that nobody takes every one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Limits;

/// Those that are open.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_place: HashMap<IpAddr, usize>,
}

/// One connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    place: Option<IpAddr>,
}

impl Connections {
    /// Counts one more, unless there are too many.
    pub(super) fn enter(self: &Arc<Self>, address: Option<IpAddr>, limits: &Limits) -> Option<Place> {
        let place = address.map(network);
        let mut open = self.0.lock();
        if open.all >= limits.max_connections {
            return None;
        }
        if let Some(place) = place {
            let here = open.by_place.entry(place).or_default();
            if *here >= limits.max_connections_per_address {
                return None;
            }
            *here += 1;
        }
        open.all += 1;
        drop(open);
        Some(Place { connections: Arc::clone(self), place })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock();
        open.all -= 1;
        let Some(place) = self.place else { return };
        if let Some(here) = open.by_place.get_mut(&place) {
            *here -= 1;
            if *here == 0 {
                open.by_place.remove(&place);
            }
        }
    }
}

/// Whoever has one IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_does_not_take_all() {
        let connections = Arc::new(Connections::default());
        let limits = Limits { max_connections: 3, max_connections_per_address: 2, ..Limits::default() };
        let enter = |address: Option<&str>| connections.enter(address.map(|it| it.parse().unwrap()), &limits);
        let first = enter(Some("2001:db8::1")).unwrap();
        let _second = enter(Some("2001:db8::2")).unwrap();
        assert!(enter(Some("2001:db8::3")).is_none());
        let third = enter(Some("192.0.2.1")).unwrap();
        assert!(enter(None).is_none() && enter(Some("192.0.2.2")).is_none());
        drop((first, third));
        assert!(enter(Some("2001:db8::3")).is_some() && enter(None).is_some());
    }
}
