//! Addresses: what was taken is written and taken again, is found by its key, and cannot leave its place.

use domain::address::{EmailAddress, Mailbox};
use proptest::prelude::*;

/// Nearly addresses: the pieces in which parsers go wrong.
fn nearly() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "jane",
        "J",
        "a.b",
        "+tag",
        "@",
        "@",
        "@",
        ".",
        "..",
        "example.com",
        "EXAMPLE",
        "-",
        "_",
        "[",
        "]",
        "[IPv6:",
        "[ipv6:",
        "::1]",
        "2001:DB8::1]",
        "127.0.0.1]",
        "xn--bcher-kva",
        "bücher",
        "İ",
        "ΑΣ",
        "例え",
        "\"",
        "\\",
        "<",
        ">",
        " ",
        "\t",
        "\r\n",
        "\0",
        "\u{85}",
        "\u{202e}",
        "(c)",
        ",",
        ";",
        ":",
        "%",
        "!",
        "é",
        "e\u{301}",
        "Jane Doe ",
    ];
    prop_oneof![
        4 => proptest::collection::vec(proptest::sample::select(PIECES), 1..8).prop_map(|pieces| pieces.concat()),
        2 => "[A-Za-z0-9.+_-]{1,70}@[A-Za-z0-9.-]{1,70}",
        1 => "\\PC{1,20}@\\PC{1,20}",
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_address_reads_back(text in nearly()) {
        let Ok(address) = text.parse::<EmailAddress>() else { return Ok(()) };
        let written = address.to_string();
        prop_assert_eq!(written.parse(), Ok(address.clone()), "{:?}", written);
        prop_assert!(!written.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"\\,;()".contains(c)), "{written:?}");
        prop_assert_eq!(format!("{}@{}", address.local(), address.domain()), written.clone());
        prop_assert!(written.len() <= 254 && !address.local().is_empty() && !address.domain().is_empty());
        let json = serde_json::to_string(&address).unwrap();
        prop_assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), address);
    }

    #[test]
    fn case_does_not_make_another_address(local in "[a-zA-Z0-9+._-]{1,20}", domain in "[a-zA-Z0-9]{1,9}\\.[a-zA-Z]{2,5}") {
        let text = format!("{local}@{domain}");
        let Ok(address) = text.parse::<EmailAddress>() else { return Ok(()) };
        let shouted: EmailAddress = text.to_uppercase().parse().unwrap();
        prop_assert_eq!(address.key(), shouted.key());
        prop_assert_eq!(address.domain(), shouted.domain());
        prop_assert_eq!(address.key(), address.key().to_lowercase());
    }

    #[test]
    fn a_mailbox_reads_back(name in prop_oneof![any::<String>(), "[\"\\\\ <>a,]{0,8}"], address in nearly(), bare in any::<bool>()) {
        let text = if bare { address } else { format!("{name}<{address}>") };
        let Ok(mailbox) = text.parse::<Mailbox>() else { return Ok(()) };
        let written = mailbox.to_string();
        prop_assert_eq!(written.parse(), Ok(mailbox), "{:?} of {:?}", written, text);
        prop_assert!(!written.chars().any(char::is_control));
    }
}
