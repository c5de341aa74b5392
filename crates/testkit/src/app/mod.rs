//! The whole app for a test: fresh database, manual clock, seeded ids, actors that speak HTTP to the real router.

mod actor;
mod database;

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Principal, Role, Scopes};
use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::TenantId;
use domain::secret::Secret;
use engine::access::{NewApiKey, NewOwner, NewUser, SetUpBy};
use engine::doctor::DoctorOptions;
use engine::vault::Vault;
use engine::{Engine, Options};
use net::dns::ResolverChoice;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use actor::{Actor, Reply};
use database::Database;

use crate::sim::{smtp, smtp2go};

/// When every test begins: a Friday noon.
const START: &str = "2026-11-20T12:00:00Z";
/// How long a test waits for work that does not depend on the clock. Only a defect makes it wait so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a process without a sign of life is believed to live, and a moment.
const BELIEVED_ALIVE: Duration = Duration::from_secs(21);

/// The app under test.
pub struct TestApp {
    pub clock: Clock,
    engine: Engine,
    router: axum::Router,
    database: Database,
    folder: Arc<TempDir>,
    chance: Chance,
    key: String,
    printed: Arc<Mutex<Vec<String>>>,
    /// The doctor asks nobody until a test gives him somebody.
    doctor: DoctorOptions,
}

impl TestApp {
    /// The app on SQLite.
    ///
    /// # Panics
    /// When it cannot start: the test has failed then.
    pub async fn start() -> TestApp {
        TestApp::on(Database::sqlite()).await
    }

    /// The app on a fresh database of the throw-away PostgreSQL; nothing when there is none.
    ///
    /// # Panics
    /// As [`TestApp::start`].
    pub async fn start_on_postgres() -> Option<TestApp> {
        match Database::postgres().await {
            Some(database) => Some(TestApp::on(database).await),
            None => None,
        }
    }

    async fn on(database: Database) -> TestApp {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the test"));
        let clock = Clock::manual(START.parse::<Timestamp>().expect("a valid time"));
        let chance = Chance::seeded(7);
        let printed = Arc::new(Mutex::new(Vec::new()));
        let doctor = DoctorOptions { resolver: ResolverChoice::Off, ..DoctorOptions::default() };
        let engine = open(&database, &folder, &clock, &chance, (&printed, &doctor)).await;
        let owner = NewOwner {
            business: Some("Test Company".to_owned()),
            name: "Olivia Owner".to_owned(),
            email: "olivia@company.example.com".parse().expect("a valid address"),
            password: Secret::new("correct horse battery".to_owned()),
        };
        engine.set_up(SetUpBy::Operator, owner).await.expect("the owner is created");
        let new = NewApiKey { name: "test".to_owned(), scopes: Scopes::All };
        let key = engine.create_api_key(&operator(), new).await.expect("a key is created");
        engine.start().await.expect("the engine starts");
        let router = api::router(engine.clone());
        let key = key.key.reveal().clone();
        TestApp { clock, engine, router, database, folder, chance, key, printed, doctor }
    }

    /// The engine, for what has no front door.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A program with a key that may do everything.
    #[must_use]
    pub fn key(&self) -> Actor {
        Actor::with_key(self.router.clone(), &self.key)
    }

    /// A program with a key of some scopes.
    ///
    /// # Panics
    /// When a scope does not exist.
    pub async fn key_with(&self, scopes: &[&str]) -> Actor {
        let scopes = Scopes::parse(scopes).expect("scopes that exist");
        let new = NewApiKey { name: "narrow".to_owned(), scopes };
        let created = self.engine.create_api_key(&operator(), new).await.expect("a key is created");
        Actor::with_key(self.router.clone(), created.key.reveal())
    }

    /// Somebody who has not signed in.
    #[must_use]
    pub fn anyone(&self) -> Actor {
        Actor::nobody(self.router.clone())
    }

    /// A person of a role, signed in with a session as a browser has it.
    ///
    /// # Panics
    /// When the person cannot be created.
    pub async fn person(&self, role: Role) -> Actor {
        let email = format!("{role}-{}@company.example.com", self.chance.below(1_000_000));
        let password = "a long enough password";
        let new = NewUser {
            name: format!("{role} of the test"),
            email: email.parse().expect("a valid address"),
            password: Secret::new(password.to_owned()),
            role,
        };
        self.engine.create_user(&operator(), new).await.expect("a person is created");
        let session = self
            .engine
            .sign_in(&email, Secret::new(password.to_owned()), None)
            .await
            .expect("a person signs in");
        Actor::with_session(self.router.clone(), session.token.reveal(), &session.csrf_token)
    }

    /// Adds an SMTP account on a simulated mail server, and gives the server and the account's id.
    ///
    /// # Panics
    /// When the server or the account cannot be made.
    pub async fn mail_server(&self) -> (smtp::Server, String) {
        let server = smtp::Server::start(smtp::Options::default()).await.expect("a port of loopback");
        let account = json!({
            "name": "Mail server",
            "provider": "smtp",
            "settings": {
                "host": "127.0.0.1",
                "port": server.address().port(),
                "security": "none",
                "from": "Support <support@company.example.com>",
            },
        });
        let reply = self.key().post("/v1/channel-accounts", account).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        (server, reply.body["id"].as_str().expect("an id").to_owned())
    }

    /// Adds an account of the simulated SMTP2GO, and gives both.
    ///
    /// # Panics
    /// When the provider or the account cannot be made.
    pub async fn smtp2go(&self) -> (smtp2go::Smtp2go, Value) {
        let options = smtp2go::Options::new(self.clock.clone());
        let provider = smtp2go::Smtp2go::start(options).await.expect("a port of loopback");
        let account = json!({
            "name": "SMTP2GO",
            "provider": "smtp2go",
            "settings": {
                "base_url": provider.base_url(),
                "api_key": provider.api_key(),
                "from": "Support <support@company.example.com>",
            },
        });
        let reply = self.key().post("/v1/channel-accounts", account).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        (provider, reply.body)
    }

    /// What the console provider has printed.
    #[must_use]
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().clone()
    }

    /// Waits until nothing is left to do at this time of the clock.
    ///
    /// # Panics
    /// When work does not end.
    pub async fn run_until_idle(&self) {
        self.wait_until("nothing is left to do", async || self.engine.is_idle()).await;
    }

    /// Waits for something that work in the background brings about.
    ///
    /// # Panics
    /// When it does not come about.
    pub async fn wait_until(&self, what: &str, mut come: impl AsyncFnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut calm = 0;
        while calm < 3 {
            calm = if come().await { calm + 1 } else { 0 };
            assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
            // Others get their turn; a short real pause keeps a busy machine from spinning.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Moves the clock and lets everything happen that falls due.
    pub async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.run_until_idle().await;
    }

    /// Stops the app as an operator does, and starts it again on the same data.
    pub async fn restart(self) -> TestApp {
        self.engine.stop().await;
        self.start_again().await
    }

    /// Stops the app and starts it again with a doctor who knows more.
    pub async fn with_doctor(mut self, doctor: DoctorOptions) -> TestApp {
        self.doctor = doctor;
        self.restart().await
    }

    /// Ends the app as `kill -9` does: nothing is finished, nothing is given up; then starts it again.
    ///
    /// On PostgreSQL the others of a cluster believe for a while that it lives, so that while passes.
    pub async fn kill(self) -> TestApp {
        self.engine.abandon();
        if self.engine.store().engine() == store::Engine::Postgres {
            self.clock.advance(BELIEVED_ALIVE);
        }
        self.start_again().await
    }

    async fn start_again(self) -> TestApp {
        let TestApp { clock, database, folder, chance, key, printed, doctor, engine, router } = self;
        drop((engine, router));
        let engine = open(&database, &folder, &clock, &chance, (&printed, &doctor)).await;
        engine.start().await.expect("the engine starts again");
        let router = api::router(engine.clone());
        TestApp { clock, engine, router, database, folder, chance, key, printed, doctor }
    }
}

fn operator() -> Principal {
    Principal::system(TenantId(1))
}

async fn open(
    database: &Database,
    folder: &TempDir,
    clock: &Clock,
    chance: &Chance,
    (printed, doctor): (&Arc<Mutex<Vec<String>>>, &DoctorOptions),
) -> Engine {
    let store = database.open(folder.path()).await;
    let vault = Vault::from_key([7; 32], chance);
    let options = Options {
        data_dir: folder.path().to_owned(),
        public_url: "http://chancery.example.com".to_owned(),
        hostname: "chancery.example.com".to_owned(),
        allow_private: true,
        dispatch: true,
        doctor: doctor.clone(),
    };
    let printed = Arc::clone(printed);
    let console = Arc::new(move |text: &str| printed.lock().push(text.to_owned()));
    Engine::new(store, clock.clone(), chance.clone(), vault, options, console)
}
