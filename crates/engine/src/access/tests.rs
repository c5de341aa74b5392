//! Stories of who is let in, on a database of their own.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Actor, ActorKind, Grant, Permission, Principal, Role, Scopes};
use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::TenantId;
use domain::page::PageRequest;
use domain::secret::Secret;
use store::Store;

use super::*;
use crate::audit::Verification;
use crate::vault::Vault;
use crate::{Engine, Error, Options};

const TENANT: TenantId = TenantId(1);
const PASSWORD: &str = "correct horse battery";

struct House {
    engine: Engine,
    clock: Clock,
    folder: tempfile::TempDir,
}

fn house() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_sqlite(&folder.path().join("test.db")).expect("a database");
    let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
    let chance = Chance::seeded(1);
    let vault = Vault::from_key([7; 32], &chance);
    let engine = Engine::new(store, clock.clone(), chance, vault, options(&folder), Arc::new(|_: &str| {}));
    House { engine, clock, folder }
}

fn options(folder: &tempfile::TempDir) -> Options {
    Options {
        data_dir: folder.path().to_owned(),
        public_url: "http://127.0.0.1:8080".into(),
        hostname: "test.example.com".into(),
        allow_private: true,
        dispatch: false,
        doctor: crate::doctor::DoctorOptions::default(),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn owner() -> NewOwner {
    NewOwner {
        business: None,
        name: "Olga Owner".into(),
        email: "olga@example.com".parse().expect("an address"),
        password: secret(PASSWORD),
    }
}

fn somebody(email: &str, role: Role) -> NewUser {
    NewUser {
        name: "Some Body".into(),
        email: email.parse().expect("an address"),
        password: secret(PASSWORD),
        role,
    }
}

fn page() -> PageRequest {
    PageRequest { limit: 50, after: None }
}

fn system() -> Principal {
    Principal::system(TENANT)
}

impl House {
    async fn set_up(&self) -> Member {
        self.engine.set_up(SetUpBy::Operator, owner()).await.expect("set up")
    }

    async fn principal(&self, email: &str) -> Principal {
        let session = self.engine.sign_in(email, secret(PASSWORD), None).await.expect("signed in");
        let signed_in = self.engine.authenticate_session(session.token.reveal()).await.expect("let in");
        (*signed_in.principal).clone()
    }

    async fn actions(&self) -> Vec<String> {
        let entries = self.engine.audit_entries(&system(), page()).await.expect("entries");
        entries.rows.into_iter().rev().map(|(entry, _)| entry.action).collect()
    }
}

#[tokio::test]
async fn the_printed_link_makes_one_owner_and_then_no_more() {
    let house = house();
    let first = house.engine.set_up_link().await.expect("a link").expect("there is no owner yet");
    let second = house.engine.set_up_link().await.expect("a link").expect("there is no owner yet");
    let token = |link: &str| secret(link.strip_prefix("/setup?token=").expect("a set-up link"));

    let stale = house.engine.set_up(SetUpBy::Link(token(&first)), owner()).await;
    assert!(matches!(stale, Err(Error::NotSignedIn(_))), "{stale:?}");
    let made = house.engine.set_up(SetUpBy::Link(token(&second)), owner()).await.expect("set up");
    assert_eq!(made.role, Role::Owner);
    let again = house.engine.set_up(SetUpBy::Link(token(&second)), owner()).await;
    assert!(matches!(again, Err(Error::Conflict { code: "already_set_up", .. })), "{again:?}");
    let operator = house.engine.set_up(SetUpBy::Operator, owner()).await;
    assert!(matches!(operator, Err(Error::Conflict { code: "already_set_up", .. })), "{operator:?}");
    assert_eq!(house.engine.set_up_link().await.expect("asked"), None);
    assert_eq!(house.engine.me(&system()).await.expect("me").tenant, "example.com");
    assert_eq!(house.actions().await, ["tenant.set_up"]);
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_ends_when_it_is_not() {
    let house = house();
    house.set_up().await;
    let session = house.engine.sign_in(" Olga@Example.com", secret(PASSWORD), None).await.expect("signed in");
    let token = session.token.reveal().clone();
    for _ in 0..5 {
        house.clock.advance(Duration::from_secs(20 * 24 * 3600));
        let signed_in = house.engine.authenticate_session(&token).await.expect("still let in");
        assert_eq!(signed_in.csrf_token, session.csrf_token);
        assert_eq!(signed_in.principal.name, "Olga Owner");
    }
    house.clock.advance(Duration::from_secs(31 * 24 * 3600));
    assert!(matches!(house.engine.authenticate_session(&token).await, Err(Error::NotSignedIn(_))));
    house.engine.forget_expired_access().await.expect("swept");

    let session = house.engine.sign_in("olga@example.com", secret(PASSWORD), None).await.expect("signed in");
    let token = session.token.reveal().clone();
    house.engine.authenticate_session(&token).await.expect("let in");
    house.engine.sign_out(&token).await.expect("signed out");
    assert!(matches!(house.engine.authenticate_session(&token).await, Err(Error::NotSignedIn(_))));
}

#[tokio::test]
async fn guessing_is_stopped_after_ten_attempts_and_the_right_password_waits_too() {
    let house = house();
    house.set_up().await;
    let origin = Some("192.0.2.1".parse().expect("an address"));
    let attempt = |password: &'static str, origin| {
        let engine = house.engine.clone();
        async move { engine.sign_in("olga@example.com", secret(password), origin).await }
    };
    for _ in 0..10 {
        assert!(matches!(attempt("wrong password", origin).await, Err(Error::NotSignedIn(_))));
    }
    assert!(matches!(attempt(PASSWORD, origin).await, Err(Error::TooMany(900))));
    attempt(PASSWORD, None).await.expect("from elsewhere it works");
    house.clock.advance(Duration::from_secs(15 * 60));
    attempt(PASSWORD, origin).await.expect("and here after a while");
    let refused = house.actions().await.iter().filter(|action| *action == "session.refused").count();
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn only_owners_touch_owners_and_the_last_one_stays() {
    let house = house();
    let olga = house.set_up().await;
    let by_olga = house.principal("olga@example.com").await;
    let adam =
        house.engine.create_user(&by_olga, somebody("adam@example.com", Role::Admin)).await.expect("made");
    let by_adam = house.principal("adam@example.com").await;

    let made = house.engine.create_user(&by_adam, somebody("x@example.com", Role::Owner)).await;
    assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
    let role = |role| UserChange { role: Some(role), ..UserChange::default() };
    for (id, change) in [(olga.id, role(Role::Viewer)), (adam.id, role(Role::Owner))] {
        let changed = house.engine.change_user(&by_adam, id, change).await;
        assert!(matches!(changed, Err(Error::Forbidden(_))), "{changed:?}");
    }
    let off = || UserChange { disabled: Some(true), ..UserChange::default() };
    for change in [role(Role::Agent), off()] {
        let changed = house.engine.change_user(&by_olga, olga.id, change).await;
        assert!(matches!(changed, Err(Error::Conflict { code: "last_owner", .. })), "{changed:?}");
    }
    house.engine.change_user(&by_olga, adam.id, role(Role::Owner)).await.expect("adam is an owner");
    house.engine.change_user(&by_olga, olga.id, off()).await.expect("olga may go now");
    let taken = house.engine.create_user(&system(), somebody("ADAM@example.com", Role::Agent)).await;
    assert!(matches!(taken, Err(Error::Conflict { code: "email_taken", .. })), "{taken:?}");
    assert_eq!(house.engine.users(&system(), page()).await.expect("users").rows.len(), 2);
}

#[tokio::test]
async fn who_is_disabled_or_gets_a_new_password_is_out_at_once() {
    let house = house();
    house.set_up().await;
    let agent =
        house.engine.create_user(&system(), somebody("ann@example.com", Role::Agent)).await.expect("made");
    let sign_in = || house.engine.sign_in("ann@example.com", secret(PASSWORD), None);
    let session = sign_in().await.expect("signed in");
    let token = session.token.reveal().clone();
    house.engine.authenticate_session(&token).await.expect("let in, and remembered");

    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    house.engine.change_user(&system(), agent.id, change).await.expect("disabled");
    assert!(matches!(house.engine.authenticate_session(&token).await, Err(Error::NotSignedIn(_))));
    assert!(matches!(sign_in().await, Err(Error::NotSignedIn(_))));

    let change = UserChange {
        disabled: Some(false),
        password: Some(secret("another password")),
        ..UserChange::default()
    };
    house.engine.change_user(&system(), agent.id, change).await.expect("enabled");
    assert!(matches!(sign_in().await, Err(Error::NotSignedIn(_))));
    house.engine.sign_in("ann@example.com", secret("another password"), None).await.expect("signed in");
    let short = UserChange { password: Some(secret("short")), ..UserChange::default() };
    let refused = house.engine.change_user(&system(), agent.id, short).await;
    assert!(matches!(refused, Err(Error::Invalid(ref invalid)) if invalid.faults[0].pointer == "/password"));
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked_and_gives_no_more_than_its_maker_has() {
    let house = house();
    house.set_up().await;
    let new = |scopes| NewApiKey { name: "program".into(), scopes };
    let created = house.engine.create_api_key(&system(), new(Scopes::All)).await.expect("made");
    let key = created.key.reveal().clone();
    assert!(key.starts_with(&created.kept.prefix));
    let principal = house.engine.authenticate_key(&key).await.expect("let in");
    assert_eq!(principal.actor, Actor { kind: ActorKind::Key, id: Some(created.kept.id.to_string()) });
    assert!(principal.allows(Permission::SettingsWrite));

    let small = Scopes::Some(vec![Permission::KeysWrite, Permission::MessagesRead]);
    let maker = Principal { grant: Grant::Scopes(small.clone()), ..(*principal).clone() };
    for wish in [Scopes::All, Scopes::Some(vec![Permission::UsersWrite])] {
        let made = house.engine.create_api_key(&maker, new(wish)).await;
        assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
    }
    house.engine.create_api_key(&maker, new(small)).await.expect("what it has itself");

    house.engine.revoke_api_key(&system(), created.kept.id).await.expect("revoked");
    assert!(matches!(house.engine.authenticate_key(&key).await, Err(Error::NotSignedIn(_))));
    house.engine.revoke_api_key(&system(), created.kept.id).await.expect("revoking again is fine");
    let listed = house.engine.api_keys(&system(), page()).await.expect("keys").rows;
    assert!(listed[0].revoked_at.is_some());
    assert_eq!(listed[0].last_used_at, Some(house.clock.now()));
    assert_eq!(
        house.actions().await,
        ["tenant.set_up", "api_key.created", "api_key.created", "api_key.revoked"]
    );
}

#[tokio::test]
async fn a_revocation_by_another_process_is_noticed_within_seconds() {
    let house = house();
    house.set_up().await;
    let new = NewApiKey { name: "program".into(), scopes: Scopes::All };
    let created = house.engine.create_api_key(&system(), new).await.expect("made");
    let key = created.key.reveal().clone();
    house.engine.authenticate_key(&key).await.expect("let in, and remembered");
    let store = Store::open_sqlite(&house.folder.path().join("test.db")).expect("a second process");
    let chance = Chance::seeded(2);
    let vault = Vault::from_key([7; 32], &chance);
    let options = options(&house.folder);
    let other = Engine::new(store, house.clock.clone(), chance, vault, options, Arc::new(|_: &str| {}));
    other.revoke_api_key(&system(), created.kept.id).await.expect("revoked");
    house.engine.authenticate_key(&key).await.expect("still remembered");
    house.clock.advance(Duration::from_secs(5));
    assert!(matches!(house.engine.authenticate_key(&key).await, Err(Error::NotSignedIn(_))));
}

#[tokio::test]
async fn a_sign_in_link_works_once_and_looking_at_it_does_not_use_it_up() {
    let house = house();
    let olga = house.set_up().await;
    let token =
        house.engine.create_sign_in_link(&system(), olga.id, Duration::from_secs(600)).await.expect("a link");
    assert!(house.engine.sign_in_link_holds(token.reveal()).await.expect("asked"));
    assert!(house.engine.sign_in_link_holds(token.reveal()).await.expect("asked"));
    let session = house.engine.sign_in_with_link(token.reveal()).await.expect("signed in");
    house.engine.authenticate_session(session.token.reveal()).await.expect("let in");
    assert!(!house.engine.sign_in_link_holds(token.reveal()).await.expect("asked"));
    assert!(matches!(house.engine.sign_in_with_link(token.reveal()).await, Err(Error::NotSignedIn(_))));

    let token =
        house.engine.create_sign_in_link(&system(), olga.id, Duration::from_secs(600)).await.expect("a link");
    house.clock.advance(Duration::from_secs(600));
    assert!(matches!(house.engine.sign_in_with_link(token.reveal()).await, Err(Error::NotSignedIn(_))));
}

#[tokio::test]
async fn an_answer_is_kept_sealed_and_given_again_only_to_the_same_request() {
    let house = house();
    let begin = |fingerprint| house.engine.begin_idempotent(TENANT, "key-1", fingerprint);
    assert_eq!(begin([1; 32]).await.expect("begun"), Begun::First);
    assert_eq!(begin([1; 32]).await.expect("begun"), Begun::InProgress);
    assert_eq!(begin([2; 32]).await.expect("begun"), Begun::Mismatch);
    let answer = Answer {
        status: 201,
        content_type: "application/json".into(),
        body: br#"{"key":"ck_shown_once"}"#.to_vec(),
    };
    house.engine.finish_idempotent(TENANT, "key-1", &answer).await.expect("kept");
    assert_eq!(begin([1; 32]).await.expect("begun"), Begun::Again(answer));
    assert_eq!(begin([2; 32]).await.expect("begun"), Begun::Mismatch);
    let sealed: Vec<u8> = house
        .engine
        .store()
        .read(|tx| tx.one("SELECT answer FROM idempotency_keys", &[], store::db::only::<Vec<u8>>))
        .await
        .unwrap_or_else(|error: store::Error| panic!("{error}"));
    assert!(!sealed.windows(9).any(|window| window == b"shown_onc"));
    house.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(begin([2; 32]).await.expect("begun"), Begun::First);
    house.clock.advance(Duration::from_secs(120));
    assert_eq!(begin([3; 32]).await.expect("its process was killed"), Begun::First);
}

#[tokio::test]
async fn all_of_it_leaves_a_whole_chain() {
    let house = house();
    house.set_up().await;
    let by_olga = house.principal("olga@example.com").await;
    for number in 0..3 {
        let email = format!("user{number}@example.com");
        house.engine.create_user(&by_olga, somebody(&email, Role::Agent)).await.expect("made");
    }
    let found = house.engine.verify_audit(&by_olga).await.expect("verified");
    assert!(matches!(found, Verification::Whole { entries: 5, .. }), "{found:?}");
    let entries = house.engine.audit_entries(&by_olga, page()).await.expect("entries").rows;
    assert_eq!(entries[0].1.as_deref(), Some("Olga Owner"));
    let viewer = Principal { grant: Grant::Role(Role::Viewer), ..by_olga };
    assert!(matches!(house.engine.verify_audit(&viewer).await, Err(Error::Forbidden(_))));
}
