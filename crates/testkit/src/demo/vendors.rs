//! The bakery's mail providers, and the shop that sends through them: an order or an invoice every few seconds. They report
//! what became of it; one address in ten is gone, and now and then a provider is too busy.

use std::collections::HashSet;
use std::time::Duration;

use domain::access::Principal;
use engine::Engine;
use engine::send::{MessageRequest, OneOrMany};
use serde_json::{Value, json};

use super::script::ROLES;
use super::{DOMAIN, add_account};
use crate::sim::vendor::Fault;
use crate::sim::{mailgun, postmark, resend, sendgrid, ses};

/// Between two messages of the shop, and between two looks at what the providers took.
const SHOP_PAUSE: Duration = Duration::from_secs(9);
const LOOK_PAUSE: Duration = Duration::from_millis(1_500);
/// Nobody lives there any more.
const GONE: &str = "old.customer@gone.example.net";

pub(super) struct Vendors {
    engine: Engine,
    operator: Principal,
    mailgun: mailgun::Mailgun,
    sendgrid: sendgrid::Sendgrid,
    ses: ses::Ses,
    /// Where the topic sends; it asks first, so the server has to be there.
    sns_url: String,
    postmark: postmark::Postmark,
    resend: resend::Resend,
    told: HashSet<String>,
    sent: usize,
}

impl Vendors {
    /// Starts the providers and connects an account of each.
    pub(super) async fn start(engine: Engine, operator: Principal) -> anyhow::Result<Vendors> {
        let clock = || engine.clock().clone();
        let domain = || DOMAIN.to_owned();
        let mailgun =
            mailgun::Mailgun::start(mailgun::Options { domain: domain(), ..mailgun::Options::new(clock()) });
        let mailgun = mailgun.await?;
        let sendgrid = sendgrid::Sendgrid::start(sendgrid::Options {
            domain: domain(),
            ..sendgrid::Options::new(clock())
        });
        let sendgrid = sendgrid.await?;
        let ses = ses::Ses::start(ses::Options { domain: domain(), ..ses::Options::new(clock()) }).await?;
        let postmark = postmark::Postmark::start(postmark::Options {
            domain: domain(),
            ..postmark::Options::new(clock())
        });
        let postmark = postmark.await?;
        let resend =
            resend::Resend::start(resend::Options { domain: domain(), ..resend::Options::new(clock()) });
        let resend = resend.await?;

        let orders = format!("Sunny Bakery Orders <orders@{DOMAIN}>");
        let hook = async |name, provider, settings: Value, from: &str, priority, weight| {
            let mut settings = settings;
            settings["from"] = json!(from);
            let account =
                add_account(&engine, &operator, name, provider, settings, (priority, weight)).await?;
            anyhow::Ok(account.webhook_url.unwrap_or_default())
        };
        mailgun.set_webhook(hook("Orders (Mailgun)", "mailgun", mailgun.settings(), &orders, 10, 70).await?);
        sendgrid
            .set_webhook(hook("Orders (SendGrid)", "sendgrid", sendgrid.settings(), &orders, 10, 30).await?);
        let url =
            hook("Orders, in reserve (Postmark)", "postmark", postmark.settings(), &orders, 11, 100).await?;
        postmark.set_webhook(url, None);
        let invoices = format!("Sunny Bakery Invoices <invoices@{DOMAIN}>");
        let sns_url = hook("Invoices (Amazon SES)", "ses", ses.settings(), &invoices, 20, 100).await?;
        let courses = format!("Sunny Bakery Courses <courses@{DOMAIN}>");
        resend.set_webhook(hook("Courses (Resend)", "resend", resend.settings(), &courses, 30, 100).await?);
        let told = HashSet::new();
        Ok(Vendors { engine, operator, mailgun, sendgrid, ses, sns_url, postmark, resend, told, sent: 0 })
    }

    /// Sells and reports until the town closes.
    pub(super) async fn live(mut self) {
        self.ses.subscribe(self.sns_url.clone()).await;
        let mut shop = tokio::time::interval(SHOP_PAUSE);
        let mut look = tokio::time::interval(LOOK_PAUSE);
        loop {
            tokio::select! {
                _ = shop.tick() => self.sell().await,
                _ = look.tick() => self.report().await,
            }
        }
    }

    async fn sell(&mut self) {
        self.sent += 1;
        let number = 4_000 + self.sent;
        let (from, subject, text) = match self.sent % 5 {
            0 => (
                "courses",
                format!("Your place in course {number}"),
                "See you on Saturday at nine. Bring an apron.",
            ),
            3 => ("invoices", format!("Invoice INV-{number}"), "Please find your invoice in your account."),
            _ => ("orders", format!("Your order {number}"), "Thank you! It will be ready tomorrow at eight."),
        };
        if self.sent % 10 == 4 {
            self.mailgun.fail_sending(Fault::RateLimited, 1);
        }
        let to = if self.sent % 10 == 7 { GONE } else { ROLES[self.sent % ROLES.len()].address };
        let request = MessageRequest {
            to: OneOrMany::One(to.to_owned()),
            from: Some(format!("{from}@{DOMAIN}")),
            subject: Some(subject),
            text: Some(text.to_owned()),
            ..MessageRequest::default()
        };
        if let Err(error) = self.engine.accept_message(&self.operator, request, None).await {
            tracing::debug!(%error, "The shop could not send.");
        }
    }

    /// Each provider reports about what it took since the last look.
    async fn report(&mut self) {
        for taken in self.mailgun.taken() {
            if !self.told.insert(taken.id.clone()) {
                continue;
            }
            if taken.recipients.iter().any(|to| to == GONE) {
                self.mailgun.tell(mailgun::Told::failed(&taken, "permanent", "bounce")).await;
                continue;
            }
            for event in ["accepted", "delivered", "opened"] {
                self.mailgun.tell(mailgun::Told::of(&taken, event)).await;
            }
        }
        for taken in self.sendgrid.taken() {
            if !self.told.insert(taken.id.clone()) {
                continue;
            }
            let told = if taken.recipients.iter().any(|to| to == GONE) {
                vec![sendgrid::Told::bounce(&taken, "bounce")]
            } else {
                ["processed", "delivered"].map(|event| sendgrid::Told::of(&taken, event)).into()
            };
            self.sendgrid.tell(sendgrid::Batch::of(told)).await;
        }
        // What is published before the subscription is confirmed reaches nobody.
        let published = if self.ses.is_confirmed() { self.ses.taken() } else { Vec::new() };
        for taken in published {
            if !self.told.insert(taken.message_id.clone()) {
                continue;
            }
            let event = if taken.recipients.iter().any(|to| to.contains(GONE)) {
                ses::Told::bounce(&taken, "Permanent", "General")
            } else {
                ses::Told::of(&taken, "Delivery")
            };
            self.ses.tell(&event).await;
        }
        for taken in self.postmark.taken() {
            if self.told.insert(taken.id.clone()) {
                self.postmark.tell(postmark::Told::of(&taken, "Delivery")).await;
            }
        }
        for taken in self.resend.taken() {
            if self.told.insert(taken.id.clone()) {
                self.resend.tell(resend::Told::of(&taken, "delivered")).await;
            }
        }
    }
}
