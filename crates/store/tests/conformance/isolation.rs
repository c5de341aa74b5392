//! Two businesses with the same things in one database: no list of one shows the other, no change of one touches the other.

use std::fmt::Debug;

use domain::access::{Actor, Role};
use domain::channel::Channel;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{
    AccountId, ApiKeyId, AttachmentId, ContactId, ConversationId, EpochId, Ids, JobId, JournalId, MessageId,
    RouteId, TenantId, ThreadId, UserId,
};
use domain::message::{EventKind, MessageState};
use domain::page::PageRequest;
use domain::threading::Rule;
use store::accounts::Health;
use store::conversations::Filter;
use store::deliveries::Lane;
use store::messages::Change;
use store::{
    Error, Tx, accounts, api_keys, attachments, attempts, audit, contacts, conversations, counters,
    deliveries, feed, idempotency, jobs, journal, message_events, messages, routes, settings, tenants,
    threads, users,
};

use crate::dump::{self, OF_NO_TENANT};
use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample::{self, hash};
use crate::sharing;
use crate::together;

on_both! {
    no_list_shows_another_tenant,
    no_change_touches_another_tenant,
    every_key_begins_with_the_tenant,
}

/// One of everything.
#[derive(Debug, Clone)]
struct Business {
    user: UserId,
    key: ApiKeyId,
    account: AccountId,
    route: RouteId,
    contact: ContactId,
    conversation: ConversationId,
    thread: ThreadId,
    message: MessageId,
    attachment: AttachmentId,
    entry: JournalId,
    job: JobId,
    together: together::Together,
    shared: sharing::Shared,
    papers: crate::contacts::Papers,
    mailbox: crate::mailboxes::Read,
    suppression: domain::ids::SuppressionId,
    webhook: (domain::ids::WebhookId, domain::ids::WebhookDeliveryId),
    replay: (domain::ids::WebhookId, domain::ids::WebhookReplayId),
}

fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<Business, Error> {
    let name = format!("T{}", tenant.0);
    tenants::insert(tx, tenant, &name, at(0))?;
    settings::put(tx, tenant, "language", "en")?;
    let user = sample::member(ids, &name, Role::Owner);
    users::insert(tx, tenant, &user, &user.email.to_lowercase(), "hash")?;
    store::sessions::insert(tx, &sample::session(tenant, user.id, &name))?;
    let link =
        store::links::Link { purpose: store::links::Purpose::SignIn, tenant, user: None, expires_at: at(9) };
    store::links::insert(tx, &hash(&name), &link, at(0))?;
    let key = sample::api_key(ids, tenant, "key");
    api_keys::insert(tx, &key, &hash(&key.id.to_string()))?;
    let account = sample::account(ids, tenant, "Mail");
    accounts::insert(tx, &account)?;
    let route = sample::route(ids, tenant, &format!("support@{name}.example.com"));
    routes::insert(tx, &route)?;
    let contact = sample::contact(ids, "Jane");
    contacts::insert(tx, tenant, &sample::known(&contact, "jane@example.com"))?;
    let papers = crate::contacts::Papers::kept(tx, tenant, ids)?;
    let conversation = sample::conversation(ids, contact.id);
    conversations::insert(tx, tenant, &conversation)?;
    let thread = sample::thread(ids, conversation.id, contact.id);
    threads::insert(tx, tenant, &thread)?;
    threads::join(tx, tenant, thread.id, "joe@example.com")?;
    let mut message = sample::message(ids, conversation.id, thread.id, contact.id);
    message.provider_message_id = Some("same".into());
    messages::insert(tx, tenant, &message, &sample::body())?;
    let attachment = sample::attachment(ids, "a.pdf");
    attachments::insert(tx, tenant, message.id, std::slice::from_ref(&attachment))?;
    attempts::insert(tx, tenant, message.id, &sample::attempt(1, account.id))?;
    message_events::insert(tx, tenant, message.id, &sample::event("one", 0, EventKind::Queued))?;
    deliveries::insert(tx, &sample::delivery(tenant, message.id, account.id, 0))?;
    let job = sample::job(ids, tenant, 0);
    jobs::insert(tx, &job, at(0))?;
    let entry = sample::entry(ids, tenant, "same", 0);
    journal::insert(tx, &entry, None, b"bytes")?;
    feed::append(tx, tenant, FeedType::MessageQueued, at(0), &feed::Facts::default())?;
    idempotency::reserve(tx, tenant, "same", &hash("same"), at(0))?;
    let written = audit::Entry {
        seq: 1,
        at: at(0),
        actor: Actor::system(),
        action: "x".into(),
        subject: "y".into(),
        detail: "{}".into(),
        hash: "h".into(),
    };
    audit::append(tx, tenant, &written)?;
    let together = together::found(tx, tenant, ids, user.id)?;
    let shared = sharing::found(tx, tenant, ids, user.id)?;
    crate::search::found(tx, tenant, message.id)?;
    crate::views::found(tx, tenant, ids)?;
    let mailbox = crate::mailboxes::found(tx, tenant, ids)?;
    let suppression = crate::suppressions::found(tx, tenant, ids)?;
    let webhook = crate::webhooks::found(tx, tenant, ids)?;
    let replay = crate::webhook_replays::found(tx, tenant, ids)?;
    crate::reconciling::found(tx, tenant, account.id, message.id)?;
    Ok(Business {
        user: user.id,
        key: key.id,
        account: account.id,
        route: route.id,
        contact: contact.id,
        conversation: conversation.id,
        thread: thread.id,
        message: message.id,
        attachment: attachment.id,
        entry: entry.id,
        job: job.id,
        together,
        shared,
        papers,
        mailbox,
        suppression,
        webhook,
        replay,
    })
}

/// All that we can list or look up, as text.
fn everything_seen(tx: &mut Tx<'_>, theirs: &Business) -> Result<Vec<String>, Error> {
    let page = PageRequest { limit: 100, after: None };
    let mut seen = Vec::new();
    let mut see = |thing: &dyn Debug| seen.push(format!("{thing:?}"));
    see(&users::list(tx, OURS, &page)?.rows);
    see(&users::names(tx, OURS)?);
    see(&users::get(tx, OURS, theirs.user)?);
    see(&api_keys::list(tx, OURS, &page)?.rows);
    see(&api_keys::names(tx, OURS)?);
    see(&api_keys::get(tx, OURS, theirs.key)?);
    see(&accounts::list(tx, OURS)?);
    see(&accounts::names(tx, OURS)?);
    see(&accounts::get(tx, OURS, theirs.account)?);
    see(&routes::list(tx, OURS)?);
    theirs.papers.look(tx, &mut see)?;
    crate::suppressions::look(tx, theirs.suppression, &mut see)?;
    see(&contacts::newest(tx, OURS, "~", 100)?);
    see(&contacts::by_name(tx, OURS, ("", ""), 100)?);
    see(&contacts::ids_with_word(tx, OURS, "jane", 100)?);
    see(&contacts::ids_named(tx, OURS, "jane", 100)?);
    see(&contacts::ids_on_channel(tx, OURS, Channel::Email, 100)?);
    see(&contacts::ids_seen(tx, OURS, (at(-100), at(1_000_000)), 100)?);
    see(&contacts::many(tx, OURS, &[theirs.contact])?);
    see(&contacts::known(tx, OURS, theirs.contact)?);
    see(&contacts::conversations_of(tx, OURS, theirs.contact)?);
    see(&contacts::threads_of(tx, OURS, theirs.contact)?);
    see(&contacts::messages_in(tx, OURS, &[theirs.conversation], theirs.contact)?);
    see(&contacts::get(tx, OURS, theirs.contact)?);
    see(&contacts::identities(tx, OURS, theirs.contact)?);
    see(&contacts::by_identity(tx, OURS, Channel::Email, "jane@example.com")?);
    let open = ConversationState::Open;
    for filter in [
        Filter::All,
        Filter::State(open),
        Filter::Unassigned(open),
        Filter::Assignee("usr_1".into(), open),
        Filter::Contact(theirs.contact),
        Filter::Tray,
    ] {
        see(&conversations::list(tx, OURS, &filter, &(at(99), "~".into()), 100)?);
    }
    see(&conversations::get(tx, OURS, theirs.conversation)?);
    see(&threads::get(tx, OURS, theirs.thread)?);
    see(&threads::by_subject(tx, OURS, theirs.contact, "invoice 7")?);
    see(&threads::latest_of_conversation(tx, OURS, theirs.conversation, Channel::Email)?);
    see(&messages::list(tx, OURS, &messages::Filter::default(), "~", 100)?);
    let of_theirs = messages::Filter { conversation: Some(theirs.conversation), ..Default::default() };
    see(&messages::list(tx, OURS, &of_theirs, "~", 100)?);
    see(&messages::of_conversation(tx, OURS, theirs.conversation, "~", 100)?);
    see(&messages::get(tx, OURS, theirs.message)?);
    see(&messages::body(tx, OURS, theirs.message)?.is_some());
    see(&messages::by_provider_id(tx, OURS, "same")?);
    see(&attachments::of_message(tx, OURS, theirs.message)?);
    see(&attempts::of_message(tx, OURS, theirs.message)?);
    see(&message_events::of_message(tx, OURS, theirs.message)?);
    see(&deliveries::get(tx, OURS, theirs.message)?);
    see(&deliveries::next_due(tx, OURS, theirs.account, Lane::Prompt)?);
    see(&deliveries::waiting_behind(tx, (OURS, theirs.account, Lane::Prompt), at(99), None, 100)?);
    see(&deliveries::claim(tx, ids().next(), (OURS, theirs.account, Lane::Prompt), at(99), 100)?);
    see(&deliveries::waiting(tx, OURS, theirs.account, 100)?);
    see(&journal::list(tx, OURS, (None, ""), "~", 100)?);
    see(&journal::get(tx, OURS, theirs.entry)?);
    see(&journal::body(tx, OURS, theirs.entry)?.is_some());
    see(&journal::by_key(tx, OURS, "same")?);
    see(&audit::list(tx, OURS, &page)?.rows.len());
    see(&crate::search::seen_by_us(tx, theirs.message)?);
    see(&store::views::list(tx, OURS, "usr_theirs")?);
    Ok(seen)
}

/// Every change there is, made by us with the ids of theirs.
fn meddle(tx: &mut Tx<'_>, theirs: &Business) -> Result<(), Error> {
    let ids = Ids::new(domain::clock::Clock::manual(at(50)), domain::chance::Chance::seeded(2));
    let epoch: EpochId = ids.next();
    tenants::rename(tx, OURS, "renamed")?;
    settings::put(tx, OURS, "language", "de")?;
    let member = users::Member { id: theirs.user, ..sample::member(&ids, "Mallory", Role::Viewer) };
    users::update(tx, OURS, &users::Member { disabled_at: Some(at(1)), ..member })?;
    assert!(!api_keys::revoke(tx, OURS, theirs.key, at(1))?);
    api_keys::touch(tx, OURS, theirs.key, at(1))?;
    let account = accounts::Account { id: theirs.account, ..sample::account(&ids, OURS, "taken over") };
    assert!(!accounts::update(tx, &account)?);
    assert!(!accounts::delete(tx, OURS, theirs.account, at(1))?);
    accounts::set_health(tx, OURS, theirs.account, Health::Stopped, Some("x"), at(1))?;
    accounts::set_last_sent(tx, OURS, theirs.account, at(1))?;
    accounts::set_last_inbound(tx, OURS, theirs.account, at(1))?;
    assert!(!routes::delete(tx, OURS, theirs.route)?);
    let was = sample::known(
        &contacts::Contact { id: theirs.contact, ..sample::contact(&ids, "x") },
        "x@example.com",
    );
    let is = contacts::Known {
        contact: contacts::Contact { name: "y".into(), ..was.contact.clone() },
        ..was.clone()
    };
    contacts::replace(tx, OURS, &was, &is)?;
    theirs.papers.meddle(tx)?;
    let to_us = (theirs.contact, ids.next());
    assert_eq!(contacts::move_conversations(tx, OURS, &[theirs.conversation], to_us)?, 0);
    assert_eq!(contacts::move_threads(tx, OURS, &[theirs.thread], to_us)?, 0);
    assert_eq!(contacts::move_messages(tx, OURS, &[theirs.conversation], to_us, &[])?, 0);
    contacts::seen(tx, OURS, theirs.contact, at(1))?;
    let was =
        conversations::Conversation { id: theirs.conversation, ..sample::conversation(&ids, theirs.contact) };
    let is = conversations::Conversation { state: ConversationState::Resolved, ..was.clone() };
    conversations::replace(tx, OURS, &was, &is)?;
    conversations::reclaim(tx, OURS, theirs.conversation, ids.next())?;
    threads::touch(tx, OURS, theirs.thread, at(1))?;
    threads::join(tx, OURS, theirs.thread, "mallory@example.com")?;
    threads::move_to(tx, OURS, theirs.thread, ids.next(), ids.next())?;
    let elsewhere = messages::Standing {
        conversation: ids.next(),
        thread: ids.next(),
        contact: ids.next(),
        rule: Rule::Moved,
    };
    messages::move_to(tx, OURS, theirs.message, &elsewhere)?;
    messages::set_state(tx, OURS, theirs.message, MessageState::Failed, &Change::default())?;
    messages::set_sending(tx, OURS, theirs.message)?;
    messages::set_account(tx, OURS, theirs.message, ids.next(), Some(&messages::Envelope::default()))?;
    attempts::insert(tx, OURS, theirs.message, &sample::attempt(2, theirs.account))?;
    message_events::insert(tx, OURS, theirs.message, &sample::event("two", 0, EventKind::Sent))?;
    assert!(!deliveries::start(tx, OURS, theirs.message, at(1), epoch)?);
    assert!(!deliveries::cancel(tx, OURS, theirs.message)?);
    deliveries::retry(tx, OURS, theirs.message, at(1))?;
    deliveries::release(tx, OURS, theirs.message, epoch)?;
    assert!(!deliveries::reroute(tx, (OURS, theirs.message), theirs.account, ids.next(), at(1))?);
    deliveries::delete(tx, OURS, theirs.message)?;
    jobs::retry(tx, OURS, theirs.job, at(1), "x")?;
    jobs::delete(tx, OURS, theirs.job)?;
    let entry = journal::Entry { id: theirs.entry, attempts: 7, ..sample::entry(&ids, OURS, "x", 0) };
    journal::finish(tx, &entry)?;
    journal::count_attempt(tx, &entry)?;
    journal::put_aside(tx, &entry)?;
    assert!(!journal::replay(tx, OURS, theirs.entry, epoch)?);
    together::meddle(tx, &theirs.together)?;
    sharing::meddle(tx, &theirs.shared)?;
    crate::mailboxes::meddle(tx, &theirs.mailbox)?;
    crate::suppressions::meddle(tx, theirs.suppression)?;
    crate::webhooks::meddle(tx, theirs.webhook)?;
    crate::webhook_replays::meddle(tx, theirs.replay)?;
    crate::reconciling::meddle(tx, theirs.account, theirs.message)?;
    feed::append(tx, OURS, FeedType::MessageFailed, at(1), &feed::Facts::default())?;
    crate::search::meddle(tx, theirs.message)?;
    counters::add(tx, OURS, "conversations.open", 1)?;
    idempotency::finish(tx, OURS, "same", 200, b"ours")?;
    idempotency::take_over(tx, OURS, "same", &hash("ours"), at(1))?;
    idempotency::release(tx, OURS, "same")
}

async fn no_list_shows_another_tenant(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let ours = found(tx, OURS, &ids)?;
            let theirs = found(tx, THEIRS, &ids)?;
            let seen = everything_seen(tx, &theirs)?.join("\n");
            let Business {
                user,
                key,
                account,
                route,
                contact,
                conversation,
                thread,
                message,
                attachment,
                entry,
                job,
                ..
            } = &theirs;
            together::assert_unseen(tx, &theirs.together)?;
            crate::webhooks::assert_unseen(tx, theirs.webhook)?;
            crate::webhook_replays::assert_unseen(tx, theirs.replay)?;
            crate::reconciling::assert_unseen(tx, theirs.account, theirs.message)?;
            theirs.papers.assert_unseen(&seen);
            let foreign: [&dyn Debug; 11] =
                [user, key, account, route, contact, conversation, thread, message, attachment, entry, job];
            for id in foreign {
                // The contact and conversation that we asked for stand in no answer either.
                assert!(!seen.contains(&format!("{id:?}")), "{id:?} of another tenant was shown");
            }
            for id in
                [format!("{:?}", ours.message), format!("{:?}", ours.contact), format!("{:?}", ours.user)]
            {
                assert!(seen.contains(&id), "{id} is ours and was not shown");
            }
            Ok(())
        })
        .await;
}

async fn no_change_touches_another_tenant(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            found(tx, OURS, &ids)?;
            let theirs = found(tx, THEIRS, &ids)?;
            let before = dump::of_tenant(tx, THEIRS)?;
            let person = users::get(tx, THEIRS, theirs.user)?;
            meddle(tx, &theirs)?;
            assert_eq!(dump::of_tenant(tx, THEIRS)?, before);
            assert_eq!(users::get(tx, THEIRS, theirs.user)?, person);
            let empty: Vec<&String> =
                before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
            assert!(empty.is_empty(), "these tables were not tried: {empty:?}");
            Ok(())
        })
        .await;
}

/// What has no tenant in its primary key has it nowhere, or is found by a secret before the tenant is known.
async fn every_key_begins_with_the_tenant(ground: &Ground) {
    let tables = ground.read(crate::tables::of_this_database).await;
    for table in tables {
        let first = table.primary_key.first().map(String::as_str);
        let by_secret = ["sessions", "links"].contains(&table.name.as_str());
        if !by_secret && !OF_NO_TENANT.contains(&table.name.as_str()) {
            assert_eq!(first, Some("tenant_id"), "{}", table.name);
        }
    }
}
