//! `chancery user`: people who sign in.

use anyhow::Context as _;
use clap::Subcommand;
use domain::access::Role;
use domain::page::PageRequest;
use engine::access::NewUser;
use serde_json::json;

use super::setup::password;
use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a person
    Add {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// owner, admin, agent or viewer
        #[arg(long, default_value = "agent")]
        role: Role,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
        #[arg(long)]
        json: bool,
    },
    /// List people
    List {
        #[arg(long)]
        json: bool,
    },
}

impl User {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            User::Add { email, name, role, password_stdin, json } => {
                let email = email.parse().context("--email")?;
                let password = password(password_stdin)?;
                let member = engine.create_user(&operator(), NewUser { name, email, password, role }).await?;
                output::result(json, &json!({ "id": member.id }), &format!("added {} as {role}", member.email))
            }
            User::List { json } => {
                let page = engine.users(&operator(), PageRequest { limit: 200, after: None }).await?;
                for member in page.rows {
                    let value = json!({ "id": member.id, "email": member.email, "name": member.name, "role": member.role });
                    let line = format!("{}  {}  {}  {}", member.id, member.role, member.email, member.name);
                    output::result(json, &value, &line)?;
                }
                Ok(())
            }
        })
        .await
    }
}
