//! DKIM keys of SMTP accounts: made here, sealed at once, and known outside by their DNS records only.

use domain::access::{Permission, Principal};
use domain::event::FeedType;
use domain::ids::AccountId;
use domain::invalid::Invalid;
use mail::dkim::{self, Algorithm, Key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::accounts::{self, Account};

use super::change::tell;
use super::connect::{self, seal_context};
use crate::core::Core;
use crate::{Engine, Error, audit};

const DOMAIN: &str = "dkim_domain";
const SELECTORS: &str = "dkim_selectors";
const KEYS: &str = "dkim_private_keys";
/// The one provider that does not sign by itself.
const SIGNS_HERE: &str = "smtp";

/// New keys for an account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDkim {
    /// The domain in whose name mail is signed, usually that of the sender.
    pub domain: String,
    /// Where the public key is published: a name of your choice that no other key has, such as `s2026`. Of two keys the
    /// Ed25519 key gets `-ed25519` behind it.
    pub selector: String,
    /// When absent: RSA.
    #[serde(default = "rsa")]
    pub algorithms: Vec<Algorithm>,
}

fn rsa() -> Vec<Algorithm> {
    vec![Algorithm::Rsa]
}

/// The DKIM keys of an account, by what is published of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Dkim")]
pub struct DkimView {
    /// None when mail is not signed.
    pub domain: Option<String>,
    /// Mail is signed with each of them. Publish them all.
    pub records: Vec<DkimRecord>,
}

/// One TXT record to publish.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DkimRecord {
    pub selector: String,
    pub algorithm: Algorithm,
    /// The full name, without a dot at the end.
    pub name: String,
    /// Always `TXT`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub value: String,
    /// The value in strings of at most 255 bytes, for DNS servers that do not split it themselves.
    pub strings: Vec<String>,
    /// A line for a zone file (BIND).
    pub zone: String,
}

impl Engine {
    /// The records of the keys that an account signs with.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn dkim(&self, principal: &Principal, id: AccountId) -> Result<DkimView, Error> {
        principal.require(Permission::ChannelsRead)?;
        let tenant = principal.tenant;
        let found = self.core.store.read(move |tx| accounts::get(tx, tenant, id)).await?;
        let account = found.ok_or(Error::NotFound("channel account"))?;
        Ok(view(&keys_of(&self.core, &account)?))
    }

    /// Makes keys beside those that there are, and signs with them from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what is wrong; `conflict` for a provider that signs by itself, and when somebody else
    /// was faster.
    pub async fn add_dkim(
        &self,
        principal: &Principal,
        id: AccountId,
        new: NewDkim,
    ) -> Result<DkimView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let made = made(new, &self.core.chance).await?;
        self.change_dkim(principal, id, "channel_account.dkim_added", move |kept| {
            if kept.domain.is_some() && kept.domain != made.domain {
                let detail = "expected the domain of the keys that there are; remove those first";
                return Err(Invalid::at("/domain", detail).into());
            }
            if made.selectors.iter().any(|selector| kept.selectors.contains(selector)) {
                let detail =
                    "expected a selector that no other key has: receivers may still have the old key";
                return Err(Invalid::at("/selector", detail).into());
            }
            kept.domain = made.domain;
            kept.selectors.extend(made.selectors);
            kept.pem.push_str(&made.pem);
            Ok(())
        })
        .await
    }

    /// Stops signing with a key and forgets it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `conflict` when somebody else was faster.
    pub async fn remove_dkim(
        &self,
        principal: &Principal,
        id: AccountId,
        selector: &str,
    ) -> Result<DkimView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let selector = selector.to_ascii_lowercase();
        self.change_dkim(principal, id, "channel_account.dkim_removed", move |kept| {
            let at = kept.selectors.iter().position(|known| *known == selector);
            let at = at.ok_or(Error::NotFound("DKIM key"))?;
            kept.selectors.remove(at);
            let mut blocks = blocks(&kept.pem);
            blocks.remove(at);
            kept.pem = blocks.concat();
            if kept.selectors.is_empty() {
                kept.domain = None;
            }
            Ok(())
        })
        .await
    }

    async fn change_dkim(
        &self,
        principal: &Principal,
        id: AccountId,
        action: &'static str,
        change: impl FnOnce(&mut Kept) -> Result<(), Error>,
    ) -> Result<DkimView, Error> {
        let core = &self.core;
        let (tenant, now) = (principal.tenant, core.clock.now());
        let found = core.store.read(move |tx| accounts::get(tx, tenant, id)).await?;
        let mut account = found.ok_or(Error::NotFound("channel account"))?;
        if account.provider != SIGNS_HERE {
            let detail = "only SMTP accounts sign here: this provider signs mail itself, with the records that it names";
            return Err(Error::conflict("conflict", detail));
        }
        let all = connect::surroundings_settings(core, &account)?;
        let mut kept = Kept::of(&all);
        change(&mut kept)?;
        kept.lay_over(core, &mut account, &all);
        connect::provider_of(core, &account)?;
        let shown = view(&keys_of(core, &account)?);
        let selectors = kept.selectors.clone();
        let changed_at = now.max(account.updated_at.plus(std::time::Duration::from_micros(1)));
        let as_of = std::mem::replace(&mut account.updated_at, changed_at);
        let (row, actor) = (account, principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                let current = accounts::get(tx, tenant, id)?.ok_or(Error::NotFound("channel account"))?;
                if current.updated_at != as_of {
                    let detail = "somebody else changed this account at the same time; try again";
                    return Err(Error::conflict("conflict", detail));
                }
                accounts::update(tx, &row)?;
                let detail = json!({ "selectors": selectors });
                audit::record(tx, tenant, &actor, action, &id.to_string(), &detail, now)?;
                tell(tx, &row, FeedType::ChannelAccountUpdated)
            })
            .await?;
        connect::reload(core, tenant, id).await;
        core.feed.wake();
        Ok(shown)
    }
}

/// The three settings, as they are changed together.
struct Kept {
    domain: Option<String>,
    selectors: Vec<String>,
    pem: String,
}

impl Kept {
    fn of(all: &Value) -> Kept {
        let text = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let split = text(SELECTORS);
        let selectors =
            split.split(',').map(|one| one.trim().to_ascii_lowercase()).filter(|one| !one.is_empty());
        let domain = text(DOMAIN).trim_end_matches('.').to_ascii_lowercase();
        let mut pem = text(KEYS);
        if !pem.is_empty() {
            pem.push('\n');
        }
        Kept { domain: Some(domain).filter(|domain| !domain.is_empty()), selectors: selectors.collect(), pem }
    }

    /// Puts the settings in their places: two in the open, one under seal with the other secrets.
    fn lay_over(&self, core: &Core, account: &mut Account, all: &Value) {
        let open = [(DOMAIN, self.domain.clone()), (SELECTORS, Some(self.selectors.join(",")))];
        if let Some(settings) = account.settings.as_object_mut() {
            for (name, value) in open {
                settings.remove(name);
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    settings.insert(name.to_owned(), Value::String(value));
                }
            }
        }
        let kept = account.secrets_set.iter().filter(|name| *name != KEYS);
        let mut secrets: Map<String, Value> =
            kept.filter_map(|name| Some((name.clone(), all.get(name)?.clone()))).collect();
        if !self.pem.is_empty() {
            secrets.insert(KEYS.to_owned(), Value::String(self.pem.clone()));
        }
        account.secrets_set = secrets.keys().cloned().collect();
        let text = Value::Object(secrets).to_string();
        account.secrets = core.vault.seal(&seal_context(account.tenant, account.id), text.as_bytes());
    }
}

/// Makes the keys. RSA takes a while, so nobody waits behind it.
async fn made(new: NewDkim, chance: &domain::chance::Chance) -> Result<Kept, Error> {
    let mut algorithms = new.algorithms;
    algorithms.dedup();
    if algorithms.is_empty() || algorithms.len() > 2 {
        return Err(Invalid::at("/algorithms", "expected rsa, ed25519 or both").into());
    }
    let selector = new.selector.trim().to_ascii_lowercase();
    let domain = new.domain.trim().trim_end_matches('.').to_ascii_lowercase();
    let of_two = algorithms.len() == 2;
    let selectors: Vec<String> = algorithms
        .iter()
        .map(|algorithm| match algorithm {
            Algorithm::Ed25519 if of_two => format!("{selector}-ed25519"),
            _ => selector.clone(),
        })
        .collect();
    let chance = chance.clone();
    let making = tokio::task::spawn_blocking(move || {
        algorithms
            .iter()
            .map(|algorithm| dkim::make(*algorithm, &chance).reveal().clone())
            .collect::<String>()
    });
    let pem = making.await.expect("making a key does not panic");
    // The same rules as for settings, under the names of this request.
    providers::dkim_keys(Some(&domain), Some(&selectors.join(",")), &pem).map_err(|invalid| {
        let mut invalid = invalid;
        for fault in &mut invalid.faults {
            fault.pointer = if fault.pointer.ends_with(DOMAIN) { "/domain" } else { "/selector" }.to_owned();
        }
        invalid
    })?;
    Ok(Kept { domain: Some(domain), selectors, pem })
}

/// The keys of an account, opened; none where it does not sign.
pub(crate) fn keys_of(core: &Core, account: &Account) -> Result<Vec<Key>, Invalid> {
    if account.provider != SIGNS_HERE {
        return Ok(Vec::new());
    }
    let kept = Kept::of(&connect::surroundings_settings(core, account)?);
    providers::dkim_keys(kept.domain.as_deref(), Some(&kept.selectors.join(",")), &kept.pem)
}

fn view(keys: &[Key]) -> DkimView {
    let records = keys.iter().map(|key| {
        let record = key.record();
        DkimRecord {
            selector: key.selector.clone(),
            algorithm: key.algorithm,
            kind: "TXT",
            strings: record.strings().into_iter().map(str::to_owned).collect(),
            zone: record.zone_line(),
            name: record.name,
            value: record.value,
        }
    });
    DkimView { domain: keys.first().map(|key| key.domain.clone()), records: records.collect() }
}

/// The keys of a PEM text, each with its lines.
fn blocks(pem: &str) -> Vec<String> {
    pem.split_inclusive("-----END").fold(Vec::new(), |mut blocks: Vec<String>, piece| {
        match (blocks.last_mut(), piece.find("-----BEGIN")) {
            (Some(last), Some(start)) => {
                last.push_str(&piece[..start]);
                blocks.push(piece[start..].to_owned());
            }
            (None, Some(start)) => blocks.push(piece[start..].to_owned()),
            (Some(last), None) => last.push_str(piece),
            (None, None) => {}
        }
        blocks
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parted_with_their_lines() {
        let one = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let two = "-----BEGIN RSA PRIVATE KEY-----\nBBBB\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(blocks(&format!("{one}{two}")), [one, two]);
        assert!(blocks("").is_empty());
    }
}
