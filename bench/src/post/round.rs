//! In what order and by which door mails arrive: replies before what they answer, some twice, some twice at once.

use std::sync::Arc;

use super::letter::Letter;
use crate::chance::Chance;
use crate::smtp::client::How;

/// A way into the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Door {
    Smtp,
    Lmtp,
    Api,
}

/// One delivery of a mail.
#[derive(Debug, Clone)]
pub struct Posting {
    pub letter: usize,
    pub door: Door,
    pub how: How,
    /// For the API.
    pub idempotency_key: Option<String>,
    pub bytes: Arc<[u8]>,
}

/// How many of all postings bring a mail that another posting brings too: one in five.
const REPEATED: usize = 4;

/// All deliveries in the order in which they begin.
pub fn plan(letters: &[Letter], doors: &[Door], chance: &mut Chance) -> Vec<Posting> {
    let mut placed: Vec<(u64, Posting)> = Vec::with_capacity(letters.len() * 5 / 4);
    for (number, letter) in letters.iter().enumerate() {
        // Most mails are nearly in order; some are overtaken by hundreds.
        let late = if chance.hits(0.3) { chance.within(0..400) } else { chance.within(0..12) };
        let at = number as u64 + late;
        let first = posting(number, letter, doors, chance);
        if number % REPEATED == 0 {
            let again = again(&first, letter, doors, chance);
            // Beside each other or long after.
            let later = if chance.hits(0.4) { chance.within(0..3) } else { chance.within(0..2_000) };
            placed.push((at + later, again));
        }
        placed.push((at, first));
    }
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, posting)| posting).collect()
}

fn posting(number: usize, letter: &Letter, doors: &[Door], chance: &mut Chance) -> Posting {
    let mut door = doors[chance.within(0..doors.len() as u64) as usize];
    if letter.bare_line_ends {
        door = Door::Api;
    }
    let how = match chance.within(0..50) {
        0 => How::BrokenOff,
        1..=12 => How::Chunks,
        _ => How::Data,
    };
    // A key of the caller's own replaces the content as the key, so it is only for mails with a Message-ID.
    let key = (letter.message_id.is_some() && chance.hits(0.4)).then(|| format!("letter-{number}"));
    Posting { letter: number, door, how, idempotency_key: key, bytes: Arc::clone(&letter.bytes) }
}

/// The same mail once more: by the same door, by another, or by another way through the world.
fn again(first: &Posting, letter: &Letter, doors: &[Door], chance: &mut Chance) -> Posting {
    let mut again = first.clone();
    match chance.within(0..5) {
        0 | 1 => {}
        2 if letter.message_id.is_some() => {
            let mut bytes =
                b"Received: from relay.example.com by mx.example.com; Fri, 20 Nov 2026 16:00:00 +0000\r\n"
                    .to_vec();
            bytes.extend_from_slice(&letter.bytes);
            again = Posting {
                idempotency_key: None,
                bytes: bytes.into(),
                ..posting(first.letter, letter, doors, chance)
            };
        }
        _ => again = posting(first.letter, letter, doors, chance),
    }
    again
}

#[cfg(test)]
mod tests {
    use super::{Door, plan};
    use crate::chance::Chance;
    use crate::post::correspondence;

    #[test]
    fn a_fifth_comes_twice_and_some_replies_come_first() {
        let mut chance = Chance::from_seed(5);
        let letters = correspondence::write(1_000, &[], &mut chance);
        let postings = plan(&letters, &[Door::Smtp, Door::Lmtp, Door::Api], &mut chance);
        assert_eq!(postings.len(), 1_250);
        let overtaken = postings.windows(2).filter(|pair| pair[0].letter > pair[1].letter).count();
        assert!(overtaken > 100, "{overtaken}");
        assert!(postings.iter().all(|posting| posting.bytes.ends_with(&letters[posting.letter].bytes)));
    }
}
