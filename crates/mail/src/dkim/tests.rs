//! Signatures against the examples of the standards, against every kind of mail, and against each other.

use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::chance::Chance;
use domain::clock::Timestamp;
use proptest::prelude::*;

use super::{Algorithm, Key, Record, canonical, make, sign};

/// RFC 8463 appendix A.2.
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

fn relaxed_body(given: &str) -> String {
    let mut out = Vec::new();
    canonical::body(given.as_bytes(), |piece| out.extend_from_slice(piece));
    String::from_utf8(out).unwrap()
}

fn relaxed_header(given: &str) -> String {
    let mut out = Vec::new();
    canonical::header(given.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

fn ed25519() -> Key {
    // PKCS #8 around the seed (RFC 8410 section 7).
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend(STANDARD.decode(SEED).unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    Key::read_all("football.example.com", &["brisbane"], &pem).unwrap().remove(0)
}

/// Undoes what `sign` does with one signature, from its text alone, and says whether it is right.
fn verifies(mail: &[u8], header: &str, published: &str) -> bool {
    let tag = |name: &str| -> String {
        let found = header.split(';').find_map(|part| {
            let part = part.trim_start_matches(|c: char| c.is_whitespace());
            let part = part.strip_prefix("DKIM-Signature:").unwrap_or(part).trim_start();
            part.strip_prefix(&format!("{name}="))
        });
        found.unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect()
    };
    let (head, body) = canonical::parts(mail);
    let mut whole = Vec::new();
    canonical::body(body, |piece| whole.extend_from_slice(piece));
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &whole);
    if STANDARD.encode(hash) != tag("bh") {
        return false;
    }
    let mut fields: Vec<(String, &[u8])> = canonical::fields(head)
        .map(|field| (String::from_utf8_lossy(field.name).to_ascii_lowercase(), field.whole))
        .collect();
    let mut input = Vec::new();
    for name in tag("h").split(':') {
        if let Some(at) = fields.iter().rposition(|(known, _)| known == name) {
            let (_, whole) = fields.remove(at);
            canonical::header(whole, &mut input);
            input.extend_from_slice(b"\r\n");
        }
    }
    let (before, _) = header.rsplit_once("\tb=").unwrap();
    canonical::header(format!("{before}\tb=").as_bytes(), &mut input);
    let key = STANDARD.decode(published.rsplit_once("p=").unwrap().1).unwrap();
    let signature = STANDARD.decode(tag("b")).unwrap();
    if tag("a") == "rsa-sha256" {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&input, &signature).is_ok()
    } else {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &input);
        UnparsedPublicKey::new(&ED25519, key).verify(digest.as_ref(), &signature).is_ok()
    }
}

#[test]
fn the_example_of_rfc_6376_section_3_4_5() {
    let (head, body) = canonical::parts(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n");
    let fields: Vec<String> = canonical::fields(head)
        .map(|field| relaxed_header(std::str::from_utf8(field.whole).unwrap()))
        .collect();
    assert_eq!(fields, ["a:X", "b:Y Z"]);
    assert_eq!(relaxed_body(std::str::from_utf8(body).unwrap()), " C\r\nD E\r\n");
}

#[test]
fn bodies_that_are_empty_or_do_not_end() {
    for (given, expected) in [
        ("", ""),
        ("\r\n", ""),
        ("\r\n\r\n\r\n", ""),
        (" \t\r\n", ""),
        ("a", "a\r\n"),
        ("a\r\n\r\n \r\n", "a\r\n"),
        ("\r\na\r\n\r\n\r\nb  c \r\n", "\r\na\r\n\r\n\r\nb c\r\n"),
    ] {
        assert_eq!(relaxed_body(given), expected, "{given:?}");
    }
    // RFC 6376 section 3.4.4: the SHA-256 of an empty body.
    let signed = sign(b"From: a@example.com\r\n\r\n", &[ed25519()], Timestamp::from_micros(0));
    assert!(String::from_utf8(signed).unwrap().contains("bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"));
}

#[test]
fn the_body_and_the_key_of_rfc_8463() {
    let mail =
        b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
        Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    let key = ed25519();
    assert_eq!(key.record().name, "brisbane._domainkey.football.example.com");
    assert_eq!(key.record().value, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let signed = String::from_utf8(sign(mail, &[key], Timestamp::from_micros(0))).unwrap();
    assert!(signed.contains("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"), "{signed}");
}

#[test]
fn both_keys_sign_every_kind_of_mail() {
    let chance = Chance::seeded(1);
    let pem =
        format!("{}{}", make(Algorithm::Rsa, &chance).reveal(), make(Algorithm::Ed25519, &chance).reveal());
    let keys = Key::read_all("example.com", &["s1", "s1-ed25519"], &pem).unwrap();
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    for mail in [
        "From: a@example.com\r\n\r\n".to_owned(),
        "From: a@example.com\r\nSubject: =?utf-8?B?w6Q=?=\r\n\r\nHi\r\n\r\n\r\n".to_owned(),
        format!(
            "From: a@example.com\r\nTo: b@example.com,\r\n  c@example.com\r\n\r\n{}\r\n",
            "x ".repeat(5_000)
        ),
        "From: ü@example.com\r\nList-Unsubscribe: <https://example.com/u>\r\n\r\nno end".to_owned(),
    ] {
        let signed = String::from_utf8(sign(mail.as_bytes(), &keys, now)).unwrap();
        let headers: Vec<&str> = signed.split_inclusive("DKIM-Signature:").skip(1).collect();
        assert_eq!(headers.len(), 2);
        for (text, key) in headers.iter().zip(&keys) {
            let header = format!("DKIM-Signature:{}", text.trim_end_matches("DKIM-Signature:"));
            assert!(verifies(mail.as_bytes(), &header, &key.record().value), "{header}");
            let changed = mail.replacen("a@", "e@", 1).replacen('ü', "u", 1);
            assert!(!verifies(changed.as_bytes(), &header, &key.record().value));
            // A second sender in front of the first would be shown by many programs.
            let added = format!("From: evil@example.net\r\n{mail}");
            assert!(!verifies(added.as_bytes(), &header, &key.record().value));
        }
        assert!(signed.lines().all(|line| line.len() <= 78), "{signed}");
        assert_eq!(signed.as_bytes(), sign(mail.as_bytes(), &keys, now), "the same again");
    }
}

#[test]
fn keys_are_read_or_refused() {
    let chance = Chance::seeded(2);
    let one = make(Algorithm::Ed25519, &chance);
    assert!(Key::read_all("example.com", &["a", "b"], one.reveal()).is_err());
    assert!(Key::read_all("example.com", &["a"], "hello").is_err());
    assert!(Key::read_all("example.com", &[], "").unwrap().is_empty());
    let key = Key::read_all("example.com", &["a"], one.reveal()).unwrap().remove(0);
    assert_eq!(format!("{key:?}"), "Key(a._domainkey.example.com, ed25519, …)");
}

#[test]
fn long_records_are_split() {
    let record = Record { name: "s._domainkey.example.com".to_owned(), value: "v".repeat(300) };
    assert_eq!(record.strings().iter().map(|string| string.len()).collect::<Vec<_>>(), [255, 45]);
    assert!(record.zone_line().starts_with("s._domainkey.example.com. IN TXT ( \"vvv"));
    let key = Record { name: String::new(), value: "v=DKIM1; k=rsa; p=AB+/=".to_owned() };
    assert!(key.has_key_of("k=rsa;p= AB +/="));
    assert!(
        !key.has_key_of("v=DKIM1; p=") && Record::is_revoked("v=DKIM1; p=") && !Record::is_revoked("v=spf1")
    );
}

proptest! {
    #[test]
    fn a_canonical_body_stays_as_it_is(given in "([ \tab.]{0,6}(\r\n)?){0,12}") {
        let once = relaxed_body(&given);
        prop_assert_eq!(relaxed_body(&once), once.clone());
        prop_assert!(!once.contains("  ") && !once.contains(" \r\n") && !once.ends_with("\r\n\r\n"));
    }

    #[test]
    fn white_space_in_a_header_does_not_count(words in proptest::collection::vec("[a-z]{1,8}", 1..8)) {
        let plain = format!("Subject: {}", words.join(" "));
        let wide = format!("SUBJECT \t:{}  ", words.iter().map(|word| format!("\r\n \t{word}")).collect::<String>());
        prop_assert_eq!(relaxed_header(&plain), relaxed_header(&wide));
    }

    #[test]
    fn any_bytes_can_be_signed(mail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let signed = sign(&mail, &[ed25519()], Timestamp::from_micros(0));
        prop_assert!(signed.ends_with(b"\r\n"));
    }
}
