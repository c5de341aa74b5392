//! Whatever a client says to the receiver, and wherever the network cuts it: the replies are the same, every message is
//! within its limits, and nothing that was not meant as a message becomes one.

#![no_main]

use libfuzzer_sys::fuzz_target;

// Files of `net`, taken in by their path: they are private there, and the whole crate would bring an HTTP client and a
// TLS library along.
#[path = "../../crates/net/src/smtp/server/chunk.rs"]
mod chunk;
#[path = "../../crates/net/src/smtp/server/command.rs"]
mod command;
#[path = "../../crates/net/src/smtp/server/hops.rs"]
mod hops;
#[path = "../../crates/net/src/smtp/server/lines.rs"]
mod lines;
#[path = "../../crates/net/src/smtp/server/rehearsal.rs"]
mod rehearsal;
#[path = "../../crates/net/src/smtp/server/session.rs"]
#[expect(dead_code, reason = "not all of it is fuzzed")]
mod session;
#[path = "../../crates/net/src/smtp/reply.rs"]
#[expect(dead_code, reason = "not all of it is fuzzed")]
mod reply;
mod smtp {
    pub use crate::reply::Reply;
}

use rehearsal::{Rehearsal, rehearse};
use session::Protocol;

const MOST_BYTES: usize = 2_000;

fuzz_target!(|bytes: &[u8]| {
    for protocol in [Protocol::Smtp, Protocol::Lmtp] {
        let whole = rehearse(protocol, [bytes], MOST_BYTES);
        // What was said before TLS began is forgotten, so there it matters what came when.
        let sizes: &[usize] = if has(bytes, b"STARTTLS") { &[] } else { &[1, 3, 7] };
        for &size in sizes {
            let cut = rehearse(protocol, bytes.chunks(size), MOST_BYTES);
            assert_eq!(whole, cut, "the same bytes, cut otherwise, are another session");
        }
        check(&whole, bytes);
    }
});

fn check(rehearsal: &Rehearsal, said: &[u8]) {
    assert!(rehearsal.replies.len() <= said.len(), "more is answered than was said");
    for reply in &rehearsal.replies {
        assert!((200..600).contains(&reply.code));
        assert!(!reply.text.contains('\r'));
    }
    let by_dot = !has(said, b"BDAT");
    for message in &rehearsal.messages {
        assert!(message.len() <= MOST_BYTES);
        if by_dot {
            let text = String::from_utf8_lossy(message).replace("\r\n", "");
            assert!(!text.contains(['\r', '\n']), "a bare line end came through");
        }
    }
}

fn has(said: &[u8], word: &[u8]) -> bool {
    said.windows(word.len()).any(|found| found.eq_ignore_ascii_case(word))
}
