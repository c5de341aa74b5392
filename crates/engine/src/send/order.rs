//! A message about to be accepted: everything that must be known before the transaction.

use std::sync::Arc;

use domain::access::Principal;
use domain::conversation::ConversationState;
use domain::ids::MessageId;
use domain::invalid::Invalid;
use store::threads;

use super::files::{self, Files};
use super::forward;
use super::request::{MessageRequest, NewMessage};
use super::routing::{self, Standing};
use super::sender::{Link, Sender};
use crate::inbox::{ChangeOrder, ConversationChange};
use crate::{Engine, Error};

/// A message about to be accepted.
pub(super) struct Order {
    pub id: MessageId,
    pub new: NewMessage,
    pub sender: Arc<Sender>,
    pub link: Arc<Link>,
    pub files: Files,
    /// What resolves the conversation with it.
    pub resolve: Option<ChangeOrder>,
    pub place: String,
}

fn check_limits(new: &NewMessage, files: &Files, link: &Link) -> Result<(), Invalid> {
    if link.account.sender_address.is_none() && new.channel == domain::channel::Channel::Email {
        return Err(Invalid::at("/account", "this account has no sender address; set one under Channels"));
    }
    let Some(manifest) = providers::find(&link.account.provider) else { return Ok(()) };
    let capabilities = &manifest.capabilities;
    let recipients = new.to.len() + new.cc.len() + new.bcc.len();
    if let Some(most) = capabilities.max_recipients
        && recipients > most as usize
    {
        return Err(Invalid::at(
            "/to",
            format!("{} takes at most {most} recipients a message", manifest.title),
        ));
    }
    let size = files.contents.iter().map(|file| file.bytes.len()).sum::<usize>()
        + new.text.as_ref().map_or(0, String::len)
        + new.html.as_ref().map_or(0, String::len);
    if let Some(most) = capabilities.max_message_bytes
        && size as u64 > most
    {
        return Err(Invalid::at(
            "/attachments",
            format!("{} takes at most {most} bytes a message", manifest.title),
        ));
    }
    Ok(())
}

impl Engine {
    /// Everything that must be known before the transaction: types, account, files on disk.
    pub(super) async fn prepare(
        &self,
        principal: &Principal,
        mut request: MessageRequest,
        place: &str,
    ) -> Result<Order, Error> {
        let core = &self.core;
        if request.channel.is_none() {
            request.channel = Some(core.senders.usual_channel(principal.tenant, request.account));
        }
        let mut new = request.parse().map_err(|invalid| invalid.under(place))?;
        let sender = match self.sender_of_conversation(principal, &new).await? {
            Some(sender) => sender,
            None => core
                .senders
                .choose(
                    principal.tenant,
                    new.channel,
                    new.account,
                    new.from.as_ref().map(|from| &from.address),
                    (core.clock.now(), &core.chance),
                )
                .map_err(|invalid| invalid.under(place))?,
        };
        let link = sender.link();
        let tenant = principal.tenant;
        if let Some(forwarded) = new.forward_of {
            forward::add(core, tenant, &mut new, forwarded).await.map_err(|error| error.under(place))?;
        }
        if let Some(delay) = new.delay {
            new.send_at = Some(core.clock.now().plus(delay));
        }
        let new_files = std::mem::take(&mut new.files);
        let files = files::gather(core, principal, new_files, new.forward_of)
            .await
            .map_err(|error| error.under(place))?;
        check_limits(&new, &files, &link).map_err(|invalid| invalid.under(place))?;
        let resolve = if new.resolve {
            let state = Some(ConversationState::Resolved);
            let change = ConversationChange { state, ..ConversationChange::default() };
            Some(ChangeOrder::read(core, principal, change)?)
        } else {
            None
        };
        Ok(Order { id: core.ids.next(), new, sender, link, files, resolve, place: place.to_owned() })
    }

    /// A reply goes out through the account that its conversation came in through, or began with: the other side knows
    /// that address. While that one cannot send, one that sends as the same address steps in. None when the caller names
    /// an account or a sender, or when the conversation's is not in use any more.
    async fn sender_of_conversation(
        &self,
        principal: &Principal,
        new: &NewMessage,
    ) -> Result<Option<Arc<Sender>>, Error> {
        let (Some(conversation), None, None) = (new.conversation, new.account, &new.from) else {
            return Ok(None);
        };
        let (tenant, channel) = (principal.tenant, new.channel);
        let thread = self
            .core
            .store
            .read(move |tx| threads::latest_of_conversation(tx, tenant, conversation, channel))
            .await?;
        let sender = thread
            .and_then(|thread| thread.account)
            .and_then(|account| self.core.senders.get(tenant, account))
            .filter(|sender| {
                let account = &sender.link().account;
                account.enabled && account.channel == channel
            });
        let Some(sender) = sender else { return Ok(None) };
        let (core, now) = (&self.core, self.core.clock.now());
        if sender.standing(now) != Standing::Unusable {
            return Ok(Some(sender));
        }
        let link = sender.link();
        let address = link.sender.as_ref().map(|sender| &sender.address);
        let mut others = core.senders.candidates(tenant, channel, now);
        others.retain(|one| one.standing != Standing::Unusable && one.speaks_as(address));
        let stand_in = routing::choose(&others, |whole| core.chance.below(whole));
        Ok(stand_in.and_then(|one| core.senders.get(tenant, one.account)).or(Some(sender)))
    }
}
