//! Trying a mailbox: signing in and opening every folder, without fetching anything.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::ids::MailboxId;
use net::check::CheckStep;
use net::imap::ImapFault;
use store::accounts::Health;
use store::mailboxes;

use super::health::{self, Alarm};
use super::{credentials, view};
use crate::accounts::Checked;
use crate::{Engine, Error};

impl Engine {
    /// Signs in and opens the folders. A stopped mailbox that passes is read again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; that the check itself fails is an answer, not an error.
    pub async fn check_mailbox(&self, principal: &Principal, id: MailboxId) -> Result<Checked, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let tenant = principal.tenant;
        let found = core.store.read(move |tx| mailboxes::get(tx, tenant, id)).await?;
        let mailbox = found.ok_or(Error::NotFound("mailbox"))?;
        let settings = view::settings_of(&mailbox);
        let seat = core.mailboxes.seat(tenant, id);
        let mut steps = Vec::new();
        let mut needs_person = false;
        match credentials::connect(core, &seat, &mailbox, &settings, &mut steps).await {
            Ok(mut imap) => {
                for folder in &settings.folders {
                    let step = format!("folder {folder}");
                    match imap.select(folder).await {
                        Ok(selected) => {
                            steps.push(CheckStep::passed(step, format!("{} mails", selected.exists)));
                        }
                        Err(fault) => steps.push(CheckStep::failed(step, fault.to_string())),
                    }
                }
                imap.logout().await;
            }
            Err(fault) => {
                needs_person = !fault.is_temporary();
                note_last(&mut steps, &fault);
            }
        }
        let failed = steps.iter().find(|step| !step.ok).map(|step| step.detail.clone());
        let health = match (&failed, mailbox.health) {
            (None, _) => Health::Ok,
            (Some(_), Health::Stopped) => Health::Stopped,
            (Some(_), _) if needs_person => Health::Stopped,
            (Some(_), _) => Health::Failing,
        };
        let ok = failed.is_none();
        health::note(core, tenant, id, health, failed, Alarm::No).await;
        Arc::clone(core).mailboxes.look_again();
        Ok(Checked { ok, steps })
    }
}

/// A fault before the first step is one of its own.
fn note_last(steps: &mut Vec<CheckStep>, fault: &ImapFault) {
    if steps.iter().all(|step| step.ok) {
        steps.push(CheckStep::failed("settings", fault.to_string()));
    }
}
