//! Whatever a mail server answers, and wherever the network cuts it, the replies are the same and safe to show.

#![no_main]

use libfuzzer_sys::fuzz_target;

// Two files of `net`, taken in by their path: they are private there, and the whole crate would bring an HTTP client and
// a TLS library along.
#[path = "../../crates/net/src/smtp/client/replies.rs"]
#[expect(dead_code, reason = "not all of it is fuzzed")]
mod replies;
#[path = "../../crates/net/src/smtp/reply.rs"]
#[expect(dead_code, reason = "not all of it is fuzzed")]
mod reply;
mod smtp {
    pub use crate::reply::Reply;
}

use replies::Replies;
use smtp::Reply;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes.chunks(bytes.len().max(1)));
    let cut = read(bytes.chunks(1));
    assert_eq!(whole, cut, "the same bytes, cut otherwise, are other replies");
    for reply in whole.0 {
        assert!((200..600).contains(&reply.code));
        assert!(
            !reply.text.contains(|c: char| c.is_control() && c != '\n'),
            "{:?} could forge a log line",
            reply.text
        );
        assert!(reply.code_text().starts_with(&reply.code.to_string()));
        assert!(reply.to_string().contains(&reply.text));
        let classes = [reply.is_positive(), reply.is_temporary(), reply.is_permanent()];
        assert!(classes.into_iter().filter(|class| *class).count() <= 1, "{reply} is of two classes");
    }
});

/// The replies up to the end, or up to what is none; and whether it came to that.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Reply>, bool) {
    let mut replies = Replies::default();
    let mut found = Vec::new();
    for piece in pieces {
        replies.receive(piece);
        loop {
            match replies.next() {
                Ok(Some(reply)) => found.push(reply),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}
