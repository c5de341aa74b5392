//! A small town for `chancery demo`: a simulation of every provider, a shop that sends through them, and customers who write in and
//! answer.

mod customers;
mod script;
mod vendors;

use std::sync::Arc;

use anyhow::Context as _;
use domain::access::{Principal, Role};
use domain::ids::TenantId;
use domain::secret::Secret;
use engine::Engine;
use engine::access::NewUser;
use engine::accounts::{NewAccount, NewRoute};
use engine::receive::SmtpOptions;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::sim::{smtp, smtp2go};
use customers::Customers;
use vendors::Vendors;

/// The business's domain; a reserved one, so that nothing could ever reach a real mailbox.
const DOMAIN: &str = "bakery.example.com";

/// The living example.
pub struct Town {
    tasks: JoinSet<()>,
    mail_server: smtp::Server,
    smtp2go: Arc<smtp2go::Smtp2go>,
}

impl Town {
    /// Builds the town around an engine that runs: accounts, routes, colleagues, customers.
    ///
    /// # Errors
    /// When a port of loopback cannot be had, or the engine refuses what is built.
    pub async fn start(engine: Engine) -> anyhow::Result<Town> {
        let operator = Principal::system(TenantId(1));
        let mail_server = smtp::Server::start(smtp::Options::default()).await?;
        let mut options = smtp2go::Options::new(engine.clock().clone());
        options.tells = true;
        let smtp2go = Arc::new(smtp2go::Smtp2go::start(options).await?);

        let newsletter = json!({
            "base_url": smtp2go.base_url(),
            "api_key": smtp2go.api_key(),
            "from": format!("Sunny Bakery <hello@{DOMAIN}>"),
        });
        let account =
            add_account(&engine, &operator, "Newsletter (SMTP2GO)", "smtp2go", newsletter, (1, 100)).await?;
        if let Some(url) = &account.webhook_url {
            smtp2go.set_webhook(url.clone(), None);
        }
        let address = mail_server.address();
        let support = json!({
            "host": address.ip().to_string(),
            "port": address.port(),
            "security": "none",
            "from": format!("Sunny Bakery <support@{DOMAIN}>"),
        });
        let account =
            add_account(&engine, &operator, "Support mailbox (SMTP)", "smtp", support, (0, 100)).await?;
        for id in [account.id] {
            engine.check_channel_account(&operator, id).await?;
        }
        let route = NewRoute { address: format!("@{DOMAIN}"), account_id: Some(account.id) };
        engine.add_inbound_route(&operator, route).await?;
        for (name, role) in [("Ada Agent", Role::Agent), ("Victor Viewer", Role::Viewer)] {
            let first = name.split(' ').next().unwrap_or(name).to_lowercase();
            let new = NewUser {
                name: name.to_owned(),
                email: format!("{first}@{DOMAIN}").parse()?,
                password: Secret::new("demo-password".to_owned()),
                role,
            };
            engine.create_user(&operator, new).await?;
        }

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the demo's SMTP listener")?;
        let door = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        let receiving = engine.clone();
        tasks.spawn(async move { receiving.serve_smtp(listener, SmtpOptions::default()).await });
        let vendors = Vendors::start(engine.clone(), operator).await?;
        tasks.spawn(vendors.live());
        let customers = Customers::new(engine, door, Arc::clone(&smtp2go));
        customers.read_mail_of(&mail_server);
        tasks.spawn(customers.live());
        Ok(Town { tasks, mail_server, smtp2go })
    }

    /// Sends everybody home.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.mail_server.stop().await;
        drop(self.smtp2go);
    }
}

async fn add_account(
    engine: &Engine,
    operator: &Principal,
    name: &str,
    provider: &str,
    settings: Value,
    (priority, weight): (i64, u32),
) -> anyhow::Result<engine::accounts::AccountView> {
    let settings: Map<String, Value> = settings.as_object().cloned().unwrap_or_default();
    let new = NewAccount {
        name: name.to_owned(),
        provider: provider.to_owned(),
        sender: None,
        settings,
        on_unknown: None,
        rate_per_second: None,
        concurrency: Some(4),
        weight: Some(weight),
        daily_limit: None,
        priority: Some(priority),
        enabled: None,
    };
    Ok(engine.add_channel_account(operator, new).await?)
}
