//! An address that was taken can be written and taken again, and cannot smuggle a line into a command or a header.

#![no_main]

use domain::address::{EmailAddress, Mailbox};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(address) = text.parse::<EmailAddress>() {
        let written = address.to_string();
        assert_eq!(written.parse::<EmailAddress>().as_ref(), Ok(&address), "{written:?} is not taken again");
        assert!(!written.contains(['\r', '\n', '\0', '<', '>', ' ']), "{written:?} could leave its place");
        assert_eq!(address.key(), address.key().to_lowercase());
        check_tags(&address);
    }
    if let Ok(mailbox) = text.parse::<Mailbox>() {
        let name = mailbox.name.unwrap_or_default();
        assert!(!name.contains(['\r', '\n', '\0']), "{name:?} could start a header of its own");
    }
});

fn check_tags(address: &EmailAddress) {
    let bare = mail::address::without_tag(address);
    if let Ok(tagged) = mail::address::plus_tag(address, "r7k2") {
        assert_eq!(mail::address::tag_of(&tagged), Some("r7k2"), "the tag of {tagged} is lost");
        // What is left of `+tag@` or `a.+tag@` would be no address, so there the tag stays.
        if !bare.local().contains('+') {
            assert_eq!(mail::address::without_tag(&tagged), bare);
        }
    }
}
