//! `chancery setup`: the owner account without a browser.

use std::io::Read as _;

use anyhow::Context as _;
use clap::Args;
use domain::secret::Secret;
use engine::access::{NewOwner, SetUpBy};
use serde_json::json;

use super::with_new_engine;
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub struct Setup {
    /// The owner's email address
    #[arg(long, short)]
    email: String,
    /// The owner's name [default: the part of the address before the @]
    #[arg(long)]
    name: Option<String>,
    /// What the business is called
    #[arg(long)]
    business: Option<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    #[arg(long)]
    json: bool,
}

impl Setup {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let email: domain::address::EmailAddress = self.email.parse().context("--email")?;
        let name = self.name.unwrap_or_else(|| email.local().to_owned());
        let password = password(self.password_stdin)?;
        let owner = NewOwner { business: self.business, name, email: email.clone(), password };
        let member =
            with_new_engine(&settings, async |engine| Ok(engine.set_up(SetUpBy::Operator, owner).await?))
                .await?;
        let sentence = format!(
            "{email} owns this server now. Start it with: chancery serve --data {}",
            settings.data.display()
        );
        output::result(self.json, &json!({ "user_id": member.id, "email": member.email }), &sentence)
    }
}

/// A password from standard input (its first line), or typed without an echo.
pub fn password(from_stdin: bool) -> anyhow::Result<Secret> {
    if !from_stdin {
        let typed = rpassword::prompt_password("Password: ")?;
        let again = rpassword::prompt_password("Again: ")?;
        anyhow::ensure!(typed == again, "the two passwords differ");
        return Ok(Secret::new(typed));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("the password could not be read from standard input")?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    anyhow::ensure!(!password.is_empty(), "standard input was empty; expected the password");
    Ok(Secret::new(password))
}
