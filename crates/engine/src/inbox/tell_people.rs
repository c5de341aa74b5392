//! Who is told of what happens in a conversation: the one it is given to, its team, and who waits for it.

use domain::access::{Actor, Principal};
use domain::clock::Timestamp;
use domain::ids::{MessageId, TenantId, UserId};
use domain::notification::NotificationKind;
use store::Tx;
use store::conversations::Conversation;
use store::teams;

use super::notifications::{News, notify};
use crate::Error;
use crate::core::Core;

/// Tells the new assignee, or the members of the new team.
pub(super) fn of_change(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    principal: &Principal,
    (was, is): (&Conversation, &Conversation),
    now: Timestamp,
) -> Result<(), Error> {
    if was.assignee != is.assignee
        && let Some(user) = is.assignee.as_deref().and_then(|user| user.parse().ok())
    {
        let sentence = format!("{} assigned {} to you.", principal.name, quoted(is));
        let news = news(principal, is, NotificationKind::Assigned, &sentence);
        notify(tx, &core.ids, tenant, user, &news, now)?;
    }
    if was.team != is.team
        && let Some(team) = is.team
    {
        let sentence = format!("{} gave {} to your team.", principal.name, quoted(is));
        let news = news(principal, is, NotificationKind::TeamAssigned, &sentence);
        for user in teams::members(tx, tenant, team)? {
            notify(tx, &core.ids, tenant, user, &news, now)?;
        }
    }
    Ok(())
}

fn news<'a>(
    principal: &'a Principal,
    is: &Conversation,
    kind: NotificationKind,
    sentence: &'a str,
) -> News<'a> {
    News { kind, conversation: Some(is.id), subject: None, actor: &principal.actor, sentence }
}

/// Tells the assignee that the contact wrote.
pub(crate) fn of_reply(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    conversation: &Conversation,
    message: MessageId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(user) = conversation.assignee.as_deref().and_then(|user| user.parse().ok()) else {
        return Ok(());
    };
    let sentence = format!("There is a new message in {}.", quoted(conversation));
    let news = News {
        kind: NotificationKind::Replied,
        conversation: Some(conversation.id),
        subject: Some(message.to_string()),
        actor: &Actor::system(),
        sentence: &sentence,
    };
    notify(tx, &core.ids, tenant, user, &news, now)
}

/// Tells the assignee and the one who snoozed it that a conversation is back.
pub(super) fn of_waking(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    conversation: &Conversation,
    snoozed_by: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut people: Vec<UserId> = Vec::with_capacity(2);
    for user in [conversation.assignee.as_deref(), snoozed_by].into_iter().flatten() {
        // A key may have snoozed it.
        if let Ok(user) = user.parse()
            && !people.contains(&user)
        {
            people.push(user);
        }
    }
    let sentence = format!("{} is back: its time has come.", quoted(conversation));
    for user in people {
        let news = News {
            kind: NotificationKind::Woke,
            conversation: Some(conversation.id),
            subject: None,
            actor: &Actor::system(),
            sentence: &sentence,
        };
        notify(tx, &core.ids, tenant, user, &news, now)?;
    }
    Ok(())
}

/// The subject in quotation marks, cut to what a line holds.
pub(super) fn quoted(conversation: &Conversation) -> String {
    let subject = conversation.subject.trim();
    if subject.is_empty() {
        return "a conversation without a subject".to_owned();
    }
    let mut cut: String = subject.chars().take(80).collect();
    if cut.len() < subject.len() {
        cut.push('…');
    }
    format!("“{cut}”")
}
