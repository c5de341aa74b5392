//! Contacts: found by address, word, owner, attribute and time; changed, merged and imported, with all that is kept in step.

use std::collections::BTreeSet;

use domain::access::{Actor, ActorKind};
use domain::channel::Channel;
use domain::contact::AttributeValue;
use domain::ids::{ContactId, Ids, RearrangementId, TenantId};
use serde_json::json;
use store::contact_imports::{self, ContactImport, ImportState};
use store::contacts::{self, Contact, Identity, Known};
use store::rearrangements::{self, Rearrangement};
use store::{Error, Tx, conversations, messages, threads};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    a_contact_is_found_by_its_address,
    an_address_belongs_to_one_contact,
    a_contact_reads_back_whole,
    what_contacts_are_found_by_is_kept_in_step,
    contacts_come_by_name_and_address,
    what_hangs_on_a_contact_moves,
    a_rearrangement_is_undone_once,
    an_import_reads_back_as_far_as_it_came,
}

async fn a_contact_is_found_by_its_address(ground: &Ground) {
    ground
        .write(|tx| {
            let jane = sample::contact(&ids(), "Jane");
            contacts::insert(tx, OURS, &sample::known(&jane, "Jane@example.com"))?;
            assert_eq!(contacts::by_identity(tx, OURS, Channel::Email, "jane@example.com")?, Some(jane.id));
            assert_eq!(contacts::by_identity(tx, OURS, Channel::Console, "jane@example.com")?, None);
            assert_eq!(contacts::by_identity(tx, THEIRS, Channel::Email, "jane@example.com")?, None);
            let identity =
                Identity { channel: Channel::Email, address: "Jane@example.com".into(), since: at(0) };
            assert_eq!(contacts::identities(tx, OURS, jane.id)?, [identity]);
            contacts::seen(tx, OURS, jane.id, at(4))?;
            let now = Contact { last_seen_at: Some(at(4)), ..jane };
            assert_eq!(contacts::get(tx, OURS, now.id)?, Some(now.clone()));
            assert_eq!(contacts::ids_seen(tx, OURS, (at(4), at(5)), 9)?, [now.id]);
            assert_eq!(contacts::ids_seen(tx, OURS, (at(0), at(4)), 9)?, []);
            Ok(())
        })
        .await;
}

async fn an_address_belongs_to_one_contact(ground: &Ground) {
    let twice = ground
        .store
        .write(OURS, |tx| {
            let ids = ids();
            for name in ["Jane", "Joe"] {
                contacts::insert(tx, OURS, &sample::known(&sample::contact(&ids, name), "j@example.com"))?;
            }
            Ok::<(), Error>(())
        })
        .await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
}

/// What a business keeps beside its contacts' names: attributes, an import, a merge.
#[derive(Debug, Clone)]
pub struct Papers {
    whole: ContactId,
    import: ContactImport,
    merge: RearrangementId,
}

impl Papers {
    pub fn kept(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<Papers, Error> {
        let mut known = whole(ids.next());
        known.identities[0].address = "whole@example.com".into();
        contacts::insert(tx, tenant, &known)?;
        let import = new_import(ids);
        contact_imports::insert(tx, tenant, &import)?;
        let merge = Rearrangement {
            id: ids.next(),
            kind: "contact_merge".into(),
            subject_id: known.contact.id.to_string(),
            actor: Actor::system(),
            at: at(0),
            undone_at: None,
            before: json!({ "source": ids.next::<domain::ids::Contact>() }),
        };
        rearrangements::insert(tx, tenant, &merge)?;
        Ok(Papers { whole: known.contact.id, import, merge: merge.id })
    }

    /// Looks at theirs as us.
    pub fn look(&self, tx: &mut Tx<'_>, see: &mut dyn FnMut(&dyn std::fmt::Debug)) -> Result<(), Error> {
        see(&contacts::ids_of_owner(tx, OURS, "usr_1", 100)?);
        see(&contacts::ids_with_attribute(tx, OURS, ("company", "acme ltd"), 100)?);
        see(&contacts::name_keys(tx, OURS, &[self.whole])?);
        see(&contacts::ids_merged_into(tx, OURS, self.whole)?);
        see(&contact_imports::list(tx, OURS, "~", 100)?);
        see(&contact_imports::get(tx, OURS, self.import.id)?);
        see(&rearrangements::get(tx, OURS, self.merge)?);
        see(&rearrangements::list(tx, OURS, &self.whole.to_string(), 100)?);
        Ok(())
    }

    pub fn assert_unseen(&self, seen: &str) {
        for id in [self.whole.to_string(), self.import.id.to_string(), self.merge.to_string()] {
            assert!(!seen.contains(&id), "{id} of another tenant was shown");
        }
    }

    /// Tries to change theirs as us.
    pub fn meddle(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let import = ContactImport { state: ImportState::Failed, done: 9, ..self.import.clone() };
        contact_imports::progress(tx, OURS, &import)?;
        assert!(!rearrangements::mark_undone(tx, OURS, self.merge, at(1))?);
        let mut was = whole(self.whole);
        was.identities.clear();
        let mut is = was.clone();
        is.contact.attributes.clear();
        contacts::replace(tx, OURS, &was, &is)
    }
}

fn new_import(ids: &Ids) -> ContactImport {
    ContactImport {
        id: ids.next(),
        state: ImportState::Running,
        request: json!({ "format": "csv" }),
        sha256: "00".into(),
        total: 0,
        done: 0,
        result: json!({}),
        actor: Actor::system(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Everything that can be known of somebody.
fn whole(id: ContactId) -> Known {
    let attributes = [
        ("company".to_owned(), AttributeValue::Text("Acme Ltd".into())),
        ("vip".to_owned(), AttributeValue::Truth(true)),
        ("orders".to_owned(), AttributeValue::Number(12.into())),
    ];
    let contact = Contact {
        attributes: attributes.into(),
        owner: Some("usr_1".into()),
        time_zone: Some("Europe/Berlin".into()),
        locale: Some("de-AT".into()),
        last_seen_at: Some(at(3)),
        ..Contact::new(id, "Jane Doe".into(), at(1))
    };
    let identities = [
        (Channel::Email, "Jane@example.com"),
        (Channel::Email, "jane.doe@acme.example.com"),
        (Channel::Sms, "+15550100123"),
    ];
    let identities = identities
        .iter()
        .zip(1..)
        .map(|((channel, address), since)| Identity {
            channel: *channel,
            address: (*address).into(),
            since: at(since),
        })
        .collect();
    Known { contact, identities }
}

async fn a_contact_reads_back_whole(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (jane, joe) =
                (whole(ids.next()), sample::known(&sample::contact(&ids, "Joe"), "joe@example.com"));
            for known in [&jane, &joe] {
                contacts::insert(tx, OURS, known)?;
                assert_eq!(contacts::known(tx, OURS, known.contact.id)?.as_ref(), Some(known));
            }
            let both = contacts::many(tx, OURS, &[joe.contact.id, ids.next(), jane.contact.id])?;
            assert_eq!(both, [joe.clone(), jane.clone()]);
            let rows = vec![jane.contact.clone(), joe.contact.clone()];
            assert_eq!(contacts::with_identities(tx, OURS, rows)?, [jane, joe]);
            assert_eq!(contacts::many(tx, OURS, &[])?, []);
            Ok(())
        })
        .await;
}

async fn what_contacts_are_found_by_is_kept_in_step(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = whole(ids.next());
            let id = jane.contact.id;
            contacts::insert(tx, OURS, &jane)?;
            for word in ["jan", "doe", "jane.doe@acme", "acme.example.com", "1555"] {
                assert!(contacts::ids_with_word(tx, OURS, word, 9)?.contains(&id), "{word}");
            }
            assert_eq!(contacts::ids_with_word(tx, OURS, "ane", 9)?, []);
            assert_eq!(contacts::ids_with_word(tx, OURS, "j", 1)?.len(), 1);
            assert_eq!(contacts::ids_of_owner(tx, OURS, "usr_1", 9)?, [id]);
            assert_eq!(contacts::ids_named(tx, OURS, "JANE DOE", 9)?, [id]);
            assert_eq!(contacts::ids_with_attribute(tx, OURS, ("company", "acme ltd"), 9)?, [id]);
            assert_eq!(contacts::ids_with_attribute(tx, OURS, ("vip", "true"), 9)?, [id]);
            assert_eq!(contacts::ids_with_attribute(tx, OURS, ("orders", "12"), 9)?, [id]);
            assert_eq!(contacts::ids_on_channel(tx, OURS, Channel::Sms, 9)?, [id]);
            assert_eq!(contacts::ids_on_channel(tx, OURS, Channel::Whatsapp, 9)?, []);
            assert_eq!(contacts::attribute_names(tx, OURS, 9)?, ["company", "orders", "vip"]);
            assert_eq!(contacts::attribute_names(tx, OURS, 2)?, ["company", "orders"]);

            let mut now = jane.clone();
            now.contact.name = "Janet Roe".into();
            now.contact.attributes.remove("vip");
            now.contact.owner = None;
            now.identities.remove(2);
            contacts::replace(tx, OURS, &jane, &now)?;
            assert_eq!(contacts::known(tx, OURS, id)?.as_ref(), Some(&now));
            for (word, found) in [("doe", false), ("1555", false), ("roe", true), ("jane@example.com", true)]
            {
                assert_eq!(contacts::ids_with_word(tx, OURS, word, 9)?.contains(&id), found, "{word}");
            }
            assert_eq!(contacts::ids_of_owner(tx, OURS, "usr_1", 9)?, []);
            assert_eq!(contacts::ids_with_attribute(tx, OURS, ("vip", "true"), 9)?, []);
            assert_eq!(contacts::by_identity(tx, OURS, Channel::Sms, "+15550100123")?, None);

            let mut merged = now.clone();
            merged.contact.merged_into = Some(ids.next());
            merged.identities.clear();
            contacts::replace(tx, OURS, &now, &merged)?;
            assert_eq!(contacts::known(tx, OURS, id)?.as_ref(), Some(&merged));
            assert_eq!(contacts::ids_with_word(tx, OURS, "ja", 9)?, []);
            assert_eq!(contacts::attribute_names(tx, OURS, 9)?, Vec::<String>::new());
            assert_eq!(contacts::newest(tx, OURS, "~", 9)?, []);
            assert_eq!(contacts::by_name(tx, OURS, ("", ""), 9)?, []);
            Ok(())
        })
        .await;
}

/// Whoever has no name stands where the address would; equal names are told apart by the id.
async fn contacts_come_by_name_and_address(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let mut expected = Vec::new();
            for (name, number) in [("Zoe", 1), ("", 2), ("anna", 3), ("Anna", 4), ("ANNA", 5), ("Émile", 6)]
            {
                let contact = sample::contact(&ids, name);
                let known = sample::known(&contact, &format!("b{number}@example.com"));
                contacts::insert(tx, OURS, &known)?;
                expected.push((known.name_key(), contact.id.to_string()));
            }
            expected.sort();
            let ids: Vec<ContactId> = expected.iter().map(|(_, id)| id.parse().unwrap()).collect();
            let keys = contacts::name_keys(tx, OURS, &ids)?;
            let keys: BTreeSet<_> = keys.into_iter().map(|(name, id)| (name, id.to_string())).collect();
            assert_eq!(keys, expected.iter().cloned().collect());
            assert_eq!(contacts::name_keys(tx, THEIRS, &ids)?, []);
            let (mut found, mut after) = (Vec::new(), (String::new(), String::new()));
            loop {
                let page = contacts::by_name(tx, OURS, (&after.0, &after.1), 2)?;
                let page = contacts::with_identities(tx, OURS, page)?;
                let Some(last) = page.last() else { break };
                after = (last.name_key(), last.contact.id.to_string());
                found.extend(page.iter().map(|known| (known.name_key(), known.contact.id.to_string())));
            }
            assert_eq!(found, expected);
            assert_eq!(found.iter().map(|(_, id)| id).collect::<BTreeSet<_>>().len(), 6);
            Ok(())
        })
        .await;
}

async fn what_hangs_on_a_contact_moves(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (from, to): (ContactId, ContactId) = (ids.next(), ids.next());
            let conversation = sample::conversation(&ids, from);
            conversations::insert(tx, OURS, &conversation)?;
            let thread = sample::thread(&ids, conversation.id, from);
            threads::insert(tx, OURS, &thread)?;
            let (mine, of_other) = (
                sample::message(&ids, conversation.id, thread.id, from),
                sample::message(&ids, conversation.id, thread.id, to),
            );
            for message in [&mine, &of_other] {
                messages::insert(tx, OURS, message, &sample::body())?;
            }
            let all = [conversation.id];
            assert_eq!(contacts::conversations_of(tx, OURS, from)?, all);
            assert_eq!(contacts::threads_of(tx, OURS, from)?, [thread.id]);
            assert_eq!(contacts::messages_in(tx, OURS, &all, to)?, [of_other.id]);
            assert_eq!(contacts::messages_with(tx, OURS, from, "msg_z", 9)?, [of_other.id, mine.id]);
            assert_eq!(contacts::messages_with(tx, OURS, from, &of_other.id.to_string(), 9)?, [mine.id]);
            assert_eq!(contacts::messages_with(tx, THEIRS, from, "msg_z", 9)?, []);
            let entry = store::entries::Entry {
                id: ids.next(),
                conversation: conversation.id,
                kind: store::entries::EntryKind::Note,
                at: at(1),
                author: Actor::system(),
                body: "Called".into(),
                facts: json!({}),
                edited_at: None,
            };
            store::entries::insert(tx, OURS, &entry)?;
            assert_eq!(contacts::entries_with(tx, OURS, from, "ent_z", 9)?, [entry.id]);
            assert_eq!(contacts::entries_with(tx, OURS, to, "ent_z", 9)?, []);
            assert_eq!(contacts::move_conversations(tx, OURS, &all, (from, to))?, 1);
            assert_eq!(contacts::move_conversations(tx, OURS, &all, (from, to))?, 0, "it is another's now");
            assert_eq!(contacts::move_threads(tx, OURS, &[thread.id], (from, to))?, 1);
            assert_eq!(contacts::move_messages(tx, OURS, &all, (from, to), &[])?, 1);
            assert_eq!(contacts::messages_in(tx, OURS, &all, to)?, [mine.id, of_other.id]);
            assert_eq!(contacts::move_messages(tx, OURS, &all, (to, from), &[of_other.id])?, 1);
            assert_eq!(contacts::messages_in(tx, OURS, &all, from)?, [mine.id]);
            Ok(())
        })
        .await;
}

async fn a_rearrangement_is_undone_once(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (source, target): (ContactId, ContactId) = (ids.next(), ids.next());
            let id: RearrangementId = ids.next();
            let row = Rearrangement {
                id,
                kind: "contact_merge".into(),
                subject_id: target.to_string(),
                actor: Actor { kind: ActorKind::User, id: Some("usr_1".into()) },
                at: at(2),
                undone_at: None,
                before: json!({ "source": source }),
            };
            rearrangements::insert(tx, OURS, &row)?;
            assert_eq!(rearrangements::get(tx, OURS, id)?.as_ref(), Some(&row));
            assert_eq!(rearrangements::get(tx, THEIRS, id)?, None);
            assert_eq!(rearrangements::list(tx, OURS, &target.to_string(), 9)?, [row]);
            assert_eq!(contacts::ids_merged_into(tx, OURS, target)?, [source]);
            assert!(!rearrangements::mark_undone(tx, THEIRS, id, at(3))?);
            assert!(rearrangements::mark_undone(tx, OURS, id, at(3))?);
            assert!(!rearrangements::mark_undone(tx, OURS, id, at(4))?);
            assert_eq!(rearrangements::get(tx, OURS, id)?.unwrap().undone_at, Some(at(3)));
            assert_eq!(contacts::ids_merged_into(tx, OURS, target)?, []);
            Ok(())
        })
        .await;
}

async fn an_import_reads_back_as_far_as_it_came(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (first, second) = (new_import(&ids), new_import(&ids));
            for import in [&first, &second] {
                contact_imports::insert(tx, OURS, import)?;
            }
            let further = ContactImport {
                state: ImportState::Done,
                total: 700,
                done: 500,
                result: json!({ "created": 499, "faults": [{ "row": 7 }] }),
                updated_at: at(5),
                ..first
            };
            contact_imports::progress(tx, OURS, &further)?;
            contact_imports::progress(tx, THEIRS, &second)?;
            assert_eq!(contact_imports::get(tx, OURS, further.id)?.as_ref(), Some(&further));
            assert_eq!(contact_imports::get(tx, THEIRS, further.id)?, None);
            assert_eq!(contact_imports::list(tx, OURS, "~", 9)?, [second.clone(), further]);
            assert_eq!(contact_imports::list(tx, OURS, &second.id.to_string(), 9)?.len(), 1);
            Ok(())
        })
        .await;
}
