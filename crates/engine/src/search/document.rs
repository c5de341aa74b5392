//! What the index takes in of a message or a note.

use domain::address::Mailbox;
use domain::message::Direction;
use domain::search::{Field, Query, Term, fold, folded};
use domain::threading::Rule;
use store::attachments::Attachment;
use store::entries::Entry;
use store::search::{Document, Mark, Material};

use super::plain;
use crate::inbox::House;

/// Of a longer body the rest is not found. PostgreSQL knows the places of some sixteen thousand words.
const BODY: (usize, usize) = (64 * 1024, 12_000);
const SUBJECT: (usize, usize) = (2_000, 200);
const PEOPLE: (usize, usize) = (8_000, 1_000);
/// Words of a name that are asked for; a longer one is known by them.
const NAME: usize = 20;

/// A message.
pub(super) fn of_message(
    source: String,
    message: &Material,
    files: &[Attachment],
    house: &House,
) -> Document {
    let envelope = &message.envelope;
    let mut sender = envelope.from.as_ref().map(named).unwrap_or_default();
    if message.author.id.is_some() {
        sender.push(' ');
        sender.push_str(&house.author(&message.author).name);
    }
    let recipients: Vec<String> =
        envelope.to.iter().chain(&envelope.cc).chain(&envelope.bcc).map(named).collect();
    let mut recipients = recipients.join(" ");
    // What we call somebody is looked for as well as what the letter calls him.
    let of_contact = match message.direction {
        Direction::Inbound => &mut sender,
        Direction::Outbound => &mut recipients,
    };
    add_name(of_contact, &message.contact_name);
    let mut body = plain::text_of(message.text.as_deref(), message.html.as_deref()).into_owned();
    for file in files {
        body.push('\n');
        body.push_str(&file.filename);
    }
    // What a reply quotes stands in the conversation already; only of the first message it may be nowhere else.
    if let (Rule::New, Some(quoted)) = (message.rule, &envelope.quoted) {
        body.push('\n');
        body.push_str(quoted);
    }
    let mut marks = vec![match message.direction {
        Direction::Inbound => Mark::Inbound,
        Direction::Outbound => Mark::Outbound,
    }];
    if files.iter().any(|file| !file.inline) {
        marks.push(Mark::File);
    }
    Document {
        doc: message.doc,
        source,
        at: message.at,
        subject: folded(&message.subject, SUBJECT.0, SUBJECT.1),
        sender: folded(&sender, PEOPLE.0, PEOPLE.1),
        recipients: folded(&recipients, PEOPLE.0, PEOPLE.1),
        body: folded(&body, BODY.0, BODY.1),
        marks,
    }
}

/// A note.
pub(super) fn of_note(doc: Option<i64>, note: &Entry, house: &House) -> Document {
    Document {
        doc,
        source: note.id.to_string(),
        at: note.at,
        sender: folded(&house.author(&note.author).name, PEOPLE.0, PEOPLE.1),
        body: folded(&note.body, BODY.0, BODY.1),
        marks: vec![Mark::Note],
        ..Document::default()
    }
}

/// Adds a name, unless all its words are there.
fn add_name(people: &mut String, name: &str) {
    let known = fold(people);
    if fold(name).iter().any(|word| !known.contains(word)) {
        people.push(' ');
        people.push_str(name);
    }
}

/// A query for what carries each word of a name, among its people; none for a name without words.
pub(super) fn called(name: &str) -> Option<Query> {
    let among =
        |field, word: &String| Term { field: Some(field), words: vec![word.clone()], is_prefix: false };
    let words = fold(name).into_iter().take(NAME);
    let wanted: Vec<Vec<Term>> =
        words.map(|word| vec![among(Field::Sender, &word), among(Field::Recipients, &word)]).collect();
    (!wanted.is_empty()).then(|| Query { wanted, ..Query::default() })
}

fn named(mailbox: &Mailbox) -> String {
    format!("{} {}", mailbox.name.as_deref().unwrap_or_default(), mailbox.address)
}
