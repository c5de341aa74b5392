//! Which resolver is asked.

use std::net::{IpAddr, SocketAddr};

use super::DnsFault;

const PORT: u16 = 53;
const SYSTEM: &str = "/etc/resolv.conf";

/// The resolver that is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResolverChoice {
    /// Those of the machine.
    #[default]
    System,
    This(SocketAddr),
    /// Nobody is asked.
    Off,
}

impl ResolverChoice {
    /// The addresses to ask, in their order.
    pub(super) fn resolvers(self) -> Result<Vec<SocketAddr>, DnsFault> {
        match self {
            ResolverChoice::Off => Err(DnsFault::Off),
            ResolverChoice::This(address) => Ok(vec![address]),
            ResolverChoice::System => {
                // Read each time: laptops and containers change it while they run. It is a few lines.
                let found = of_system(&std::fs::read_to_string(SYSTEM).unwrap_or_default());
                if found.is_empty() { Err(DnsFault::NoResolver) } else { Ok(found) }
            }
        }
    }
}

impl std::str::FromStr for ResolverChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<ResolverChoice, String> {
        match text.trim() {
            "system" => Ok(ResolverChoice::System),
            "off" => Ok(ResolverChoice::Off),
            other => other
                .parse::<SocketAddr>()
                .or_else(|_| other.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT)))
                .map(ResolverChoice::This)
                .map_err(|_| "expected system, off, or an address such as 192.0.2.53:53".to_owned()),
        }
    }
}

impl std::fmt::Display for ResolverChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ResolverChoice::System => formatter.write_str("system"),
            ResolverChoice::Off => formatter.write_str("off"),
            ResolverChoice::This(address) => address.fmt(formatter),
        }
    }
}

fn of_system(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.trim().parse::<IpAddr>().ok())
        .take(3)
        .map(|address| SocketAddr::new(address, PORT))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_back_as_it_was_written() {
        for text in ["system", "off", "192.0.2.53:5353", "[2001:db8::53]:53"] {
            assert_eq!(text.parse::<ResolverChoice>().unwrap().to_string(), text);
        }
        assert_eq!("192.0.2.53".parse::<ResolverChoice>().unwrap().to_string(), "192.0.2.53:53");
        assert!("dns.example.com".parse::<ResolverChoice>().is_err());
    }

    #[test]
    fn the_resolvers_of_the_machine() {
        let text = "# made by hand\nsearch example.com\nnameserver 192.0.2.1\n  nameserver 2001:db8::1\nnameserver x\n";
        let found: Vec<String> = of_system(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53"]);
    }
}
