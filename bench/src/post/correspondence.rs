//! Who writes what to whom: threads of one person or two, answers to messages of ours, bounces, strangers and
//! odd mails. Everything a mail needs to find its conversation is in its headers, whatever order mails arrive in.

use super::letter::{Belongs, Letter, Ours};
use super::style::{Draft, Style};
use super::{odd, report, style};
use crate::chance::Chance;
use crate::people::Person;
use crate::words::Language;

/// Addresses that the business takes mail for.
pub const INBOXES: [&str; 2] = ["support@example.com", "sales@example.com"];

/// Each of so many people writes several times, in threads of their own.
const PEOPLE: u64 = 300;
/// Colleagues who are only ever in copy, so that no thread is theirs alone.
const COLLEAGUES: std::ops::Range<u64> = 5_000..5_040;

const SUBJECTS: [&str; 6] = [
    "Question about order",
    "Rückfrage zur Lieferung",
    "Réclamation nº",
    "注文について",
    "Parcel",
    "Broken screen, case",
];

/// `count` mails; half of `ours` bounce, the other half are answered.
pub fn write(count: usize, ours: &[Ours], chance: &mut Chance) -> Vec<Letter> {
    let mut desk = Desk {
        language: Language::learn(),
        chance: chance.branch(1),
        letters: Vec::with_capacity(count),
        threads: 0,
    };
    for (index, message) in ours.iter().enumerate() {
        if index % 2 == 0 {
            desk.bounce(Some((index, message)));
        } else {
            desk.answer(index, message);
        }
    }
    while desk.letters.len() < count {
        match desk.chance.within(0..100) {
            0 => desk.bounce(None),
            1..=3 => desk.odd(),
            4 => desk.stranger(),
            _ => desk.thread(count),
        }
    }
    desk.letters
}

struct Desk {
    language: Language,
    chance: Chance,
    letters: Vec<Letter>,
    threads: usize,
}

impl Desk {
    /// An opening and its replies, by its opener or by a colleague who is in copy of all of it.
    fn thread(&mut self, count: usize) {
        let thread = self.threads;
        self.threads += 1;
        let opener = Person(self.chance.within(0..PEOPLE));
        let colleague = self.chance.hits(0.2).then(|| Person(self.chance.within(COLLEAGUES)));
        let length = 1 + (0..9).take_while(|_| self.chance.hits(0.65)).count();
        let subject = self.subject(thread);
        // One subject that changes on the way: then only references can tell.
        let changes = self.chance.hits(0.05);
        let inbox = INBOXES[self.chance.within(0..2) as usize];
        let (mut chain, mut last) = (Vec::new(), None);
        for place in 0..length {
            if self.letters.len() >= count {
                return;
            }
            let by_colleague = place > 0 && colleague.is_some() && self.chance.hits(0.4);
            let writer = if by_colleague { colleague.unwrap_or(opener) } else { opener };
            let needs_references = colleague.is_some() || changes;
            let style = if needs_references {
                Style::thorough(&mut self.chance)
            } else {
                Style::any(&mut self.chance)
            };
            let mut draft = self.draft(writer, inbox, style);
            draft.cc.extend(
                colleague.map(|colleague| if by_colleague { opener } else { colleague }).map(Person::address),
            );
            draft.subject = if changes && place > 0 {
                format!("{subject}, another matter {place}")
            } else {
                subject.clone()
            };
            // Some answer an earlier mail than the last.
            let answered = if self.chance.hits(0.15) {
                self.chance.within(0..chain.len() as u64) as usize
            } else {
                place
            };
            draft.chain = chain[..answered.max(1).min(place)].to_vec();
            draft.quoted =
                last.replace((format!("{} <{}>", writer.name(), writer.address()), draft.text.clone()));
            chain.push(draft.message_id.clone());
            self.letters.push(filed(style, &draft, Belongs::Thread(thread)));
        }
    }

    /// A customer answers a message of ours.
    fn answer(&mut self, index: usize, ours: &Ours) {
        let style = Style::thorough(&mut self.chance);
        let mut draft = self.draft(Person(0), INBOXES[0], style);
        draft.name = "Customer".to_owned();
        draft.address.clone_from(&ours.to);
        draft.subject.clone_from(&ours.subject);
        draft.chain = vec![ours.message_id.clone()];
        self.letters.push(filed(style, &draft, Belongs::Ours(index)));
    }

    /// Somebody to whom an opening was forwarded, and who was never part of it.
    fn stranger(&mut self) {
        let opening = Person(self.chance.within(0..PEOPLE));
        let thread = self.threads;
        self.threads += 1;
        let subject = self.subject(thread);
        let style = Style::thorough(&mut self.chance);
        let mut draft = self.draft(opening, INBOXES[0], style);
        draft.subject.clone_from(&subject);
        let forwarded = draft.message_id.clone();
        self.letters.push(filed(style, &draft, Belongs::Thread(thread)));
        let number = self.letters.len() as u64;
        let mut draft = self.draft(Person(100_000 + number), INBOXES[0], style);
        draft.subject = subject;
        draft.chain = vec![forwarded];
        self.letters.push(filed(style, &draft, Belongs::Alone));
    }

    fn bounce(&mut self, ours: Option<(usize, &Ours)>) {
        let number = self.letters.len();
        let message_id = format!("bounce-{number}@mx.example.com");
        let (belongs, bytes) = match ours {
            Some((index, Ours { to, subject, message_id: original, .. })) => {
                let bounced = report::Bounced { recipient: to, subject, message_id: original };
                (Belongs::BounceOf(index), report::write(&message_id, &bounced))
            }
            None => {
                let original = format!("never-sent-{number}@elsewhere.example.com");
                let bounced = report::Bounced {
                    recipient: "gone@elsewhere.example.com",
                    subject: "News",
                    message_id: &original,
                };
                (Belongs::Foreign, report::write(&message_id, &bounced))
            }
        };
        self.letters.push(Letter {
            message_id: Some(message_id),
            subject: "Undelivered Mail Returned to Sender".to_owned(),
            belongs,
            envelope_from: None,
            envelope_to: vec![INBOXES[0].to_owned()],
            bare_line_ends: false,
            bytes: bytes.into(),
        });
    }

    fn odd(&mut self) {
        let number = self.letters.len();
        let subject = format!("Odd letter {number}");
        let from = Person(200_000 + number as u64);
        let odd = odd::write(self.chance.draw(), number, from, &subject);
        self.letters.push(Letter {
            message_id: odd.message_id,
            subject,
            belongs: Belongs::Alone,
            envelope_from: Some(from.address()),
            envelope_to: vec![INBOXES[0].to_owned()],
            bare_line_ends: odd.bare_line_ends,
            bytes: odd.bytes.into(),
        });
    }

    fn subject(&mut self, thread: usize) -> String {
        format!("{} {thread}", SUBJECTS[self.chance.within(0..6) as usize])
    }

    fn draft(&mut self, writer: Person, inbox: &str, style: Style) -> Draft {
        let number = self.letters.len();
        let mut text = String::new();
        let bytes = self.chance.within(80..1_500) as usize;
        self.language.write(&mut self.chance, bytes, "\r\n", &mut text);
        text.push_str("\r\n");
        let accents = style != Style::OldClient && self.chance.hits(0.2);
        if accents {
            text.push_str("Mit freundlichen Grüßen, à bientôt, よろしく\r\n");
        }
        let automatic = self.chance.hits(0.02);
        let attachment = match self.chance.within(0..100) {
            0..=3 => Some(self.file(2_000..60_000)),
            4 if self.chance.hits(0.1) => Some(self.file(600_000..1_500_000)),
            _ => None,
        };
        Draft {
            name: if accents { writer.accented_name().to_owned() } else { writer.name() },
            address: writer.address(),
            to: vec![inbox.to_owned()],
            message_id: style.message_id(number, &mut self.chance),
            text,
            extra: if automatic { "Auto-Submitted: auto-replied\r\n".to_owned() } else { String::new() },
            attachment,
            seconds: number as u64 * 7,
            ..Draft::default()
        }
    }

    fn file(&mut self, size: std::ops::Range<u64>) -> Vec<u8> {
        let size = self.chance.within(size);
        (0..size / 8).flat_map(|_| self.chance.draw().to_le_bytes()).collect()
    }
}

fn filed(style: Style, draft: &Draft, belongs: Belongs) -> Letter {
    // A mail to both inboxes is one mail.
    let mut envelope_to = draft.to.clone();
    if draft.seconds.is_multiple_of(11) {
        envelope_to = INBOXES.map(str::to_owned).to_vec();
    }
    Letter {
        message_id: Some(draft.message_id.clone()),
        subject: draft.subject_in(style),
        belongs,
        envelope_from: Some(draft.address.clone()),
        envelope_to,
        bare_line_ends: false,
        bytes: style::write(style, draft).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::{Belongs, Ours, write};
    use crate::chance::Chance;

    #[test]
    fn the_same_seed_writes_the_same_mails_and_each_is_another() {
        let ours: Vec<Ours> = (0..4)
            .map(|number| Ours {
                id: format!("msg_{number}"),
                conversation: format!("cnv_{number}"),
                message_id: format!("ours-{number}@example.com"),
                to: format!("customer-{number}@example.com"),
                subject: format!("Your order {number}"),
            })
            .collect();
        let letters = write(500, &ours, &mut Chance::from_seed(3));
        let again = write(500, &ours, &mut Chance::from_seed(3));
        assert_eq!(letters.len(), 500);
        assert!(letters.iter().zip(&again).all(|(one, other)| one.bytes == other.bytes));
        let ids: Vec<&String> = letters.iter().filter_map(|letter| letter.message_id.as_ref()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let bounces = letters.iter().filter(|letter| matches!(letter.belongs, Belongs::BounceOf(_))).count();
        assert_eq!(bounces, 2);
        let mut threads: HashMap<usize, usize> = HashMap::new();
        for letter in &letters {
            if let Belongs::Thread(thread) = letter.belongs {
                *threads.entry(thread).or_default() += 1;
            }
        }
        assert!(threads.values().any(|mails| *mails > 3) && threads.values().any(|mails| *mails == 1));
    }
}
