//! Keeps requests away from addresses inside: loopback, private networks, link-local, and the metadata services there.
//! The check is on the address that is connected to, after the name was resolved, so that no name can point inside.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Where requests may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardPolicy {
    /// Addresses inside are allowed as well: for development, tests and simulated providers.
    pub allow_private: bool,
    /// This machine itself is allowed where the URL spells it, as digits or `localhost`: for addresses that an operator
    /// configures, such as a relay beside the server. A name that only resolves to it is refused all the same.
    pub allow_loopback: bool,
}

const REFUSED: &str = "the address is inside a private network, which is not allowed here";

impl GuardPolicy {
    /// Refuses what can be refused before a name is resolved: addresses in digits and unknown schemes.
    pub(super) fn check_url(self, url: &reqwest::Url) -> Result<(), &'static str> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https are allowed");
        }
        let host = url.host_str().ok_or("the URL names no host")?;
        let digits = host.trim_start_matches('[').trim_end_matches(']');
        match digits.parse::<IpAddr>() {
            Ok(address) if self.allow_loopback && address.is_loopback() => Ok(()),
            Ok(address) if !self.allows(address) => Err(REFUSED),
            _ => Ok(()),
        }
    }

    /// The addresses of a host, given as a name or in digits, that may be connected to.
    ///
    /// # Errors
    /// When the name is not known, or leads only where it may not.
    pub(crate) async fn resolve(self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            let allowed = self.allows(address) || (self.allow_loopback && address.is_loopback());
            return if allowed { Ok(vec![SocketAddr::new(address, port)]) } else { Err(refused()) };
        }
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        let allowed: Vec<SocketAddr> =
            found.iter().copied().filter(|address| self.allows_name(host, address.ip())).collect();
        if allowed.is_empty() {
            return Err(if found.is_empty() {
                io::Error::other("the name has no address")
            } else {
                refused()
            });
        }
        Ok(allowed)
    }

    /// What a name may resolve to.
    fn allows_name(self, name: &str, address: IpAddr) -> bool {
        self.allows(address) || (self.allow_loopback && name == "localhost" && address.is_loopback())
    }

    fn allows(self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }
}

/// Told apart from names that are not known.
fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, REFUSED)
}

/// Resolves names like the system does, and drops every address that the policy forbids.
pub(super) struct GuardedResolver(GuardPolicy);

impl GuardedResolver {
    pub(super) fn new(policy: GuardPolicy) -> GuardedResolver {
        GuardedResolver(policy)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let allowed = policy.resolve(name.as_str(), 0).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the open internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// RFC 6890 and the IANA special-purpose registry.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in another dress: mapped, compatible, NAT64, 6to4.
    if let Some(inner) = embedded_v4(address) {
        return is_public_v4(inner);
    }
    let first = address.segments()[0];
    // Only 2000::/3 is given out; out of it Teredo, documentation and the special 2001::/23 block are not the internet.
    (first & 0xE000) == 0x2000
        && !(first == 0x2001 && address.segments()[1] < 0x0200)
        && !(first == 0x2001 && address.segments()[1] == 0x0DB8)
        && !(first == 0x3FFF && address.segments()[1] < 0x1000)
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let [.., high, low] = segments;
    let tail = Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xFFFF, ..] | [0, 0, 0, 0, 0, 0, ..] | [0x0064, 0xFF9B, 0, 0, 0, 0, ..] => Some(tail),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_reached_only_where_it_is_spelled() {
        let configured = GuardPolicy { allow_loopback: true, ..GuardPolicy::default() };
        let check = |policy: GuardPolicy, url: &str| policy.check_url(&url.parse().unwrap()).is_ok();
        assert!(check(configured, "http://127.0.0.1:8080/v3"));
        assert!(check(configured, "http://[::1]/"));
        assert!(!check(configured, "http://169.254.169.254/latest"));
        assert!(!check(configured, "http://10.0.0.1/"));
        assert!(!check(GuardPolicy::default(), "http://127.0.0.1/"));
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(configured.allows_name("localhost", here));
        assert!(!configured.allows_name("inside.example.com", here));
    }

    #[test]
    fn addresses_inside_are_told_from_the_internet() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
        {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn urls_with_digits_are_checked_however_they_are_written() {
        let strict = GuardPolicy::default();
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]:80/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert!(strict.check_url(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(strict.check_url(&"ftp://example.com/".parse().unwrap()).is_err());
        assert!(strict.check_url(&"https://example.com/".parse().unwrap()).is_ok());
        let open = GuardPolicy { allow_private: true, allow_loopback: false };
        assert!(open.check_url(&"http://127.0.0.1/".parse().unwrap()).is_ok());
    }
}
