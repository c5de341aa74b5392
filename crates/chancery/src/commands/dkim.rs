//! `chancery dkim`: keys with which SMTP accounts sign mail. The private keys stay in the vault.

use clap::{Subcommand, ValueEnum};
use domain::ids::AccountId;
use engine::accounts::{DkimView, NewDkim};
use mail::dkim::Algorithm;

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Dkim {
    /// Make keys for an account, sign with them from now on, and print the DNS records to publish
    New {
        /// The domain in whose name mail is signed, usually that of the sender
        #[arg(long)]
        domain: String,
        /// A name of your choice that no other key has, such as s2026
        #[arg(long)]
        selector: String,
        /// RSA is known everywhere; Ed25519 is quicker and not known everywhere; both sign side by side
        #[arg(long, value_enum, default_value_t = Kind::Rsa)]
        algorithm: Kind,
        /// The SMTP account
        #[arg(long)]
        account: AccountId,
        #[arg(long)]
        json: bool,
    },
    /// Print the DNS records of an account's keys
    Show {
        /// The SMTP account
        #[arg(long)]
        account: AccountId,
        #[arg(long)]
        json: bool,
    },
    /// Stop signing with a key and forget it
    Remove {
        /// The SMTP account
        #[arg(long)]
        account: AccountId,
        /// The key's selector
        #[arg(long)]
        selector: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    Rsa,
    Ed25519,
    Both,
}

impl Dkim {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| {
            let (shown, json) = match self {
                Dkim::New { domain, selector, algorithm, account, json } => {
                    let algorithms = match algorithm {
                        Kind::Rsa => vec![Algorithm::Rsa],
                        Kind::Ed25519 => vec![Algorithm::Ed25519],
                        Kind::Both => vec![Algorithm::Rsa, Algorithm::Ed25519],
                    };
                    let new = NewDkim { domain, selector, algorithms };
                    (engine.add_dkim(&operator(), account, new).await?, json)
                }
                Dkim::Show { account, json } => (engine.dkim(&operator(), account).await?, json),
                Dkim::Remove { account, selector, json } => {
                    (engine.remove_dkim(&operator(), account, &selector).await?, json)
                }
            };
            output::result(json, &shown, text(&shown).trim_end())
        })
        .await
    }
}

fn text(shown: &DkimView) -> String {
    if shown.records.is_empty() {
        return "Mail of this account is not signed here.".to_owned();
    }
    let mut text = String::from("Publish these TXT records:\n");
    for record in &shown.records {
        text.push_str(&format!(
            "\nName:  {}\nValue: {}\nZone:  {}\n",
            record.name, record.value, record.zone
        ));
    }
    text.push_str("\nWhen they are published: chancery doctor --only dns\n");
    text
}
