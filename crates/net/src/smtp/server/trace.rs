//! The trace of a mail's way (RFC 5321 section 4.4): our own `Received:` line, and the count of all of them, by which a
//! mail that goes in circles is known.

use domain::address::EmailAddress;
use domain::clock::Timestamp;

use super::SessionPeer;
use super::session::Protocol;

/// Our line for a mail, ended by CR LF.
#[must_use]
pub fn received(
    peer: &SessionPeer,
    to: &[EmailAddress],
    utf8: bool,
    hostname: &str,
    at: Timestamp,
) -> String {
    let hello = printable(&peer.hello);
    let place = match peer.address {
        Some(address) if address.is_ipv6() => format!("[IPv6:{address}]"),
        Some(address) => format!("[{address}]"),
        None => "local".to_owned(),
    };
    // With several recipients their addresses are nobody's business but ours.
    let recipient = match to {
        [only] => format!("\r\n\tfor <{only}>"),
        _ => String::new(),
    };
    let (with, date) = (with(peer, utf8), date(at));
    format!("Received: from {hello} ({place})\r\n\tby {hostname} with {with}{recipient};\r\n\t{date}\r\n")
}

fn date(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let printed =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).unwrap_or_default();
    // The form of HTTP, with the zone in the digits that RFC 5322 asks for.
    format!("{}+0000", printed.strip_suffix("GMT").unwrap_or(&printed))
}

/// The registered names of RFC 3848 and RFC 6531.
fn with(peer: &SessionPeer, utf8: bool) -> &'static str {
    match (peer.protocol, peer.extended, utf8, peer.tls) {
        (Protocol::Smtp, false, ..) => "SMTP",
        (Protocol::Smtp, true, false, false) => "ESMTP",
        (Protocol::Smtp, true, false, true) => "ESMTPS",
        (Protocol::Smtp, true, true, false) => "UTF8SMTP",
        (Protocol::Smtp, true, true, true) => "UTF8SMTPS",
        (Protocol::Lmtp, _, false, false) => "LMTP",
        (Protocol::Lmtp, _, false, true) => "LMTPS",
        (Protocol::Lmtp, _, true, false) => "UTF8LMTP",
        (Protocol::Lmtp, _, true, true) => "UTF8LMTPS",
    }
}

/// The name that the other side gave itself, with nothing in it that could end a line or a comment.
fn printable(hello: &str) -> String {
    let kept: String = hello
        .chars()
        .filter(|character| character.is_alphanumeric() || "-._:[]".contains(*character))
        .collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_who_and_how_and_cannot_be_forged() {
        let peer = SessionPeer {
            protocol: Protocol::Smtp,
            address: Some("192.0.2.1".parse().unwrap()),
            hello: "mx.example.org (x)\t;".to_owned(),
            extended: true,
            tls: true,
        };
        let at = "2026-11-20T12:00:00Z".parse().unwrap();
        let to = ["joe@example.com".parse().unwrap()];
        assert_eq!(
            received(&peer, &to, false, "us.example.com", at),
            "Received: from mx.example.orgx ([192.0.2.1])\r\n\tby us.example.com with ESMTPS\r\n\tfor <joe@example.com>;\r\n\tFri, 20 Nov 2026 12:00:00 +0000\r\n"
        );
        let local = SessionPeer { protocol: Protocol::Lmtp, address: None, hello: String::new(), ..peer };
        let line = received(&local, &[], true, "us.example.com", at);
        assert!(
            line.starts_with("Received: from unknown (local)\r\n\tby us.example.com with UTF8LMTPS;"),
            "{line}"
        );
    }
}
