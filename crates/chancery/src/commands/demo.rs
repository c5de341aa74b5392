//! `chancery demo`: a complete living example.

use clap::Args;
use domain::secret::Secret;
use engine::access::{NewOwner, SetUpBy};
use serde_json::json;

use super::operator;
use super::serve::{bind, serve};
use crate::settings::Settings;
use crate::{house, output};

#[derive(Debug, Args)]
pub struct Demo {
    /// Print the address and the sign-in link as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub async fn run(self, mut settings: Settings) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new().prefix("chancery-demo-").tempdir()?;
        anyhow::ensure!(
            settings.database_url.is_none() && !settings.data_was_given,
            "the demo lives in a folder of its own that goes with it; leave --data and --database-url out"
        );
        settings.data = folder.path().to_owned();
        settings.allow_private = true;
        let listener = bind(settings.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let engine = house::open(&settings, url.clone(), true).await?;
        let owner = NewOwner {
            business: Some("Sunny Bakery".to_owned()),
            name: "Olivia Owner".to_owned(),
            email: "olivia@bakery.example.com".parse()?,
            password: Secret::new("demo-password".to_owned()),
        };
        let owner = engine.set_up(SetUpBy::Operator, owner).await?;
        engine.start().await?;
        let town = testkit::demo::Town::start(engine.clone()).await?;
        let token =
            engine.create_sign_in_link(&operator(), owner.id, std::time::Duration::from_hours(12)).await?;
        let link = format!("{url}/sign-in/link?token={}", token.reveal());
        let sentence = format!(
            "Chancery demo: simulated providers and customers, nothing leaves this machine.\n\n  Address       {url}/app/\n  Sign in       {link}\n  or as         olivia@bakery.example.com with demo-password\n\nCustomers write in every few seconds and answer what you send. Stop with Ctrl-C; nothing is kept."
        );
        output::result(self.json, &json!({ "url": url, "sign_in_link": link }), &sentence)?;
        serve(engine, listener).await?;
        town.stop().await;
        Ok(())
    }
}
