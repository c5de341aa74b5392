//! Conversations, threads and messages with all that hangs on them.

use domain::access::{Actor, ActorKind};
use domain::automatic::Automatic;
use domain::channel::Channel;
use domain::conversation::{ConversationState, Priority};
use domain::failure::OnUnknown;
use domain::message::{Direction, EventKind, MessageState};
use domain::threading::Rule;
use store::messages::{Body, Change, Envelope, Message};
use store::{attachments, attempts, conversations, message_events, messages, threads};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    a_conversation_reads_back_whole,
    threads_are_found_by_subject_and_conversation,
    a_message_reads_back_whole,
    a_message_changes_state,
    files_attempts_and_events_keep_their_order,
}

async fn a_conversation_reads_back_whole(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let row = sample::conversation(&ids, ids.next());
            conversations::insert(tx, OURS, &row)?;
            assert_eq!(conversations::get(tx, OURS, row.id)?, Some(row.clone()));
            let is = conversations::Conversation {
                state: ConversationState::Snoozed,
                priority: Priority::Urgent,
                contact: ids.next(),
                subject: "Another".into(),
                assignee: Some("usr_1".into()),
                team: Some(ids.next()),
                tags: vec![ids.next(), ids.next()],
                snoozed_until: Some(at(99)),
                merged_into: Some(ids.next()),
                inbound_count: 2,
                in_tray: true,
                claims: Some(ids.next()),
                unread: 3,
                message_count: 4,
                last_message: Some(ids.next()),
                last_direction: Some(Direction::Inbound),
                last_preview: "Hello".into(),
                last_activity_at: at(8),
                ..row.clone()
            };
            conversations::replace(tx, OURS, &row, &is)?;
            assert_eq!(conversations::get(tx, OURS, is.id)?, Some(is.clone()));
            Ok(())
        })
        .await;
}

async fn threads_are_found_by_subject_and_conversation(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (jane, conversation, other) = (ids.next(), ids.next(), ids.next());
            let old = sample::thread(&ids, conversation, jane);
            let new = threads::Thread {
                account: Some(ids.next()),
                last_activity_at: at(9),
                ..sample::thread(&ids, conversation, jane)
            };
            for thread in [&new, &old] {
                threads::insert(tx, OURS, thread)?;
                assert_eq!(threads::get(tx, OURS, thread.id)?.as_ref(), Some(thread));
            }
            assert_eq!(threads::by_subject(tx, OURS, jane, "invoice 7")?.as_ref(), Some(&new));
            assert_eq!(threads::by_subject(tx, OURS, ids.next(), "invoice 7")?, None);
            assert_eq!(
                threads::latest_of_conversation(tx, OURS, conversation, Channel::Email)?.as_ref(),
                Some(&new)
            );
            assert_eq!(threads::latest_of_conversation(tx, OURS, conversation, Channel::Console)?, None);
            threads::touch(tx, OURS, old.id, at(10))?;
            assert_eq!(threads::by_subject(tx, OURS, jane, "invoice 7")?.unwrap().id, old.id);
            threads::join(tx, OURS, old.id, "joe@example.com")?;
            threads::join(tx, OURS, old.id, "joe@example.com")?;
            assert!(threads::takes_part(tx, OURS, old.id, "joe@example.com")?);
            assert!(!threads::takes_part(tx, OURS, new.id, "joe@example.com")?);
            assert!(!threads::takes_part(tx, THEIRS, old.id, "joe@example.com")?);
            assert_eq!(threads::participants(tx, OURS, old.id)?, ["joe@example.com"]);
            let ids_of =
                |threads: Vec<threads::Thread>| threads.into_iter().map(|one| one.id).collect::<Vec<_>>();
            assert_eq!(ids_of(threads::of_conversation(tx, OURS, conversation)?), [old.id, new.id]);
            assert!(threads::of_conversation(tx, THEIRS, conversation)?.is_empty());
            for thread in [old.id, new.id] {
                threads::move_to(tx, OURS, thread, other, jane)?;
            }
            assert_eq!(threads::latest_of_conversation(tx, OURS, other, Channel::Email)?.unwrap().id, old.id);
            assert_eq!(threads::latest_of_conversation(tx, OURS, conversation, Channel::Email)?, None);
            Ok(())
        })
        .await;
}

async fn a_message_reads_back_whole(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let bare = sample::message(&ids, ids.next(), ids.next(), ids.next());
            let full = Message {
                direction: Direction::Inbound,
                channel: Channel::Console,
                state: MessageState::Received,
                reason_code: Some("policy".into()),
                reason_detail: Some("because".into()),
                account: Some(ids.next()),
                rule: Rule::References,
                rfc_message_id: Some("one@example.com".into()),
                provider_message_id: Some("provider 1".into()),
                journal: Some(ids.next()),
                author: Actor { kind: ActorKind::Key, id: Some("key_1".into()) },
                attempts: 3,
                file_count: 2,
                automatic: Some(Automatic::Bulk),
                on_unknown: Some(OnUnknown::Resend),
                send_at: Some(at(1)),
                sent_at: Some(at(2)),
                delivered_at: Some(at(3)),
                ..sample::message(&ids, ids.next(), ids.next(), ids.next())
            };
            let full_body = Body {
                envelope: Envelope {
                    cc: vec![sample::mailbox("Joe <joe@example.com>")],
                    bcc: vec![sample::mailbox("ann@example.com")],
                    reply_to: Some(sample::mailbox("reply@example.com")),
                    headers: [("X-Campaign".to_owned(), "spring".to_owned())].into(),
                    in_reply_to: Some("zero@example.com".into()),
                    metadata: serde_json::from_str("{\"order\": {\"id\": 9007199254740993, \"sum\": 1.5}}")
                        .unwrap(),
                    parse_notice: Some("one part was odd".into()),
                    quoted: Some("> Hello".into()),
                    ..sample::body().envelope
                },
                text: None,
                html: Some("<p>Hello</p>".into()),
            };
            for (message, body) in [(&bare, sample::body()), (&full, full_body)] {
                messages::insert(tx, OURS, message, &body)?;
                assert_eq!(messages::get(tx, OURS, message.id)?.as_ref(), Some(message));
                assert_eq!(messages::body(tx, OURS, message.id)?, Some(body));
            }
            assert_eq!(messages::by_rfc_id(tx, OURS, "one@example.com")?, Some(full.id));
            assert_eq!(messages::thread_of_rfc_id(tx, OURS, "one@example.com")?, Some(full.thread));
            assert_eq!(messages::thread_of_rfc_id(tx, THEIRS, "one@example.com")?, None);
            assert_eq!(messages::by_provider_id(tx, OURS, "provider 1")?, Some(full.id));
            assert_eq!(messages::by_rfc_id(tx, THEIRS, "one@example.com")?, None);
            assert_eq!(messages::by_provider_id(tx, OURS, "provider 2")?, None);
            Ok(())
        })
        .await;
}

/// What a change leaves out stays: a later report without a provider's id does not forget it.
async fn a_message_changes_state(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let message = sample::message(&ids, ids.next(), ids.next(), ids.next());
            messages::insert(tx, OURS, &message, &sample::body())?;
            let sent = Change {
                attempts: 1,
                provider_message_id: Some("p1".into()),
                sent_at: Some(at(5)),
                ..Change::default()
            };
            messages::set_state(tx, OURS, message.id, MessageState::Sent, &sent)?;
            let bounced = Change {
                attempts: 2,
                reason_code: Some("bad_recipient".into()),
                reason_detail: Some("550".into()),
                delivered_at: Some(at(7)),
                ..Change::default()
            };
            messages::set_state(tx, OURS, message.id, MessageState::Bounced, &bounced)?;
            let expected = Message {
                state: MessageState::Bounced,
                attempts: 2,
                provider_message_id: Some("p1".into()),
                sent_at: Some(at(5)),
                delivered_at: Some(at(7)),
                reason_code: Some("bad_recipient".into()),
                reason_detail: Some("550".into()),
                ..message.clone()
            };
            assert_eq!(messages::get(tx, OURS, message.id)?, Some(expected.clone()));
            messages::set_sending(tx, OURS, message.id)?;
            let (account, body) = (ids.next(), messages::body(tx, OURS, message.id)?.unwrap());
            messages::set_account(tx, OURS, message.id, account, None)?;
            assert_eq!(messages::get(tx, OURS, message.id)?.unwrap().account, Some(account));
            assert_eq!(messages::body(tx, OURS, message.id)?.as_ref(), Some(&body));
            let envelope = messages::Envelope { account_chosen: true, ..body.envelope };
            messages::set_account(tx, OURS, message.id, account, Some(&envelope))?;
            assert_eq!(messages::body(tx, OURS, message.id)?.unwrap().envelope, envelope);
            let expected = Message {
                state: MessageState::Sending,
                reason_code: None,
                reason_detail: None,
                account: Some(account),
                ..expected
            };
            assert_eq!(messages::get(tx, OURS, message.id)?, Some(expected));
            let sums = messages::sums(tx, OURS, message.conversation)?;
            assert_eq!(sums, messages::Sums { messages: 1, inbound: 0 });
            let to = messages::Standing {
                conversation: ids.next(),
                thread: ids.next(),
                contact: ids.next(),
                rule: Rule::Moved,
            };
            messages::move_to(tx, OURS, message.id, &to)?;
            let moved = messages::get(tx, OURS, message.id)?.unwrap();
            assert_eq!((moved.conversation, moved.thread), (to.conversation, to.thread));
            assert_eq!((moved.contact, moved.rule), (to.contact, Rule::Moved));
            assert_eq!(messages::sums(tx, OURS, message.conversation)?.messages, 0);
            Ok(())
        })
        .await;
}

async fn files_attempts_and_events_keep_their_order(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (message, account) = (ids.next(), ids.next());
            let mut files: Vec<_> =
                ["b.pdf", "a.pdf"].iter().map(|name| sample::attachment(&ids, name)).collect();
            files.push(attachments::Attachment {
                content_id: Some("logo".into()),
                inline: true,
                size: i64::MAX,
                ..sample::attachment(&ids, "logo.png")
            });
            files.reverse();
            attachments::insert(tx, OURS, message, &files)?;
            assert_eq!(attachments::of_message(tx, OURS, message)?, files);
            attachments::insert(tx, OURS, ids.next(), &[])?;

            let tries = [3, 1, 2].map(|number| attempts::Attempt {
                ended_at: (number != 2).then(|| at(9)),
                ..sample::attempt(number, account)
            });
            for attempt in &tries {
                attempts::insert(tx, OURS, message, attempt)?;
            }
            attempts::insert(tx, OURS, message, &sample::attempt(1, ids.next()))?;
            assert_eq!(
                attempts::of_message(tx, OURS, message)?,
                [tries[1].clone(), tries[2].clone(), tries[0].clone()]
            );

            let late = sample::event("late", 5, EventKind::Delivered);
            let early = message_events::MessageEvent {
                code: Some("250".into()),
                recipient: None,
                machine: Some(true),
                ..sample::event("early", 1, EventKind::Sent)
            };
            assert!(message_events::insert(tx, OURS, message, &late)?);
            assert!(message_events::insert(tx, OURS, message, &early)?);
            assert!(!message_events::insert(tx, OURS, message, &late)?, "reported twice");
            assert_eq!(message_events::of_message(tx, OURS, message)?, [early, late]);
            Ok(())
        })
        .await;
}
