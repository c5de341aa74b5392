//! A server in memory: the whole router on a database of its own, asked without a network.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::access::{Principal, Scopes};
use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::TenantId;
use domain::secret::Secret;
use engine::access::{NewApiKey, NewOwner, SetUpBy};
use engine::vault::Vault;
use engine::{Engine, Options};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use serde_json::Value;
use store::Store;
use tower::ServiceExt as _;

pub const PASSWORD: &str = "correct horse battery";

pub struct House {
    pub engine: Engine,
    router: axum::Router,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The session cookie, as a browser would send it back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}

impl House {
    pub fn new() -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("test.db")).expect("a database");
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let chance = Chance::seeded(1);
        let vault = Vault::from_key([7; 32], &chance);
        let options = Options {
            data_dir: folder.path().to_owned(),
            public_url: "http://127.0.0.1:8080".into(),
            hostname: "test.example.com".into(),
            allow_private: true,
            dispatch: false,
            doctor: engine::doctor::DoctorOptions::default(),
        };
        let engine = Engine::new(store, clock, chance, vault, options, Arc::new(|_: &str| {}));
        House { router: chancery_api::router(engine.clone()), engine, _folder: folder }
    }

    /// A server with an owner.
    pub async fn with_owner() -> House {
        let house = House::new();
        let owner = NewOwner {
            business: Some("Example Ltd".into()),
            name: "Olga Owner".into(),
            email: "olga@example.com".parse().expect("an address"),
            password: Secret::new(PASSWORD.into()),
        };
        house.engine.set_up(SetUpBy::Operator, owner).await.expect("set up");
        house
    }

    pub async fn key(&self, scopes: &[&str]) -> String {
        let scopes = Scopes::parse(scopes).expect("scopes");
        let by = Principal::system(TenantId(1));
        let new = NewApiKey { name: "program".into(), scopes };
        self.engine.create_api_key(&by, new).await.expect("a key").key.reveal().clone()
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(Method::GET, path, headers, "").await
    }

    pub async fn post_json(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let all = [headers, &[("content-type", "application/json")]].concat();
        self.ask(Method::POST, path, &all, body).await
    }

    pub async fn post_form(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let all = [headers, &[("content-type", "application/x-www-form-urlencoded")]].concat();
        self.ask(Method::POST, path, &all, body).await
    }

    /// Signs the owner in with a browser's form and gives cookie and CSRF token.
    pub async fn sign_in(&self) -> (String, String) {
        let form = "email=olga%40example.com&password=correct+horse+battery";
        let reply = self.post_form("/sign-in", &[("origin", "http://127.0.0.1:8080")], form).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text);
        let cookie = reply.cookie();
        let me = self.get("/v1/me", &[("cookie", &cookie)]).await.json();
        (cookie, me["csrf_token"].as_str().expect("a token").to_owned())
    }
}
