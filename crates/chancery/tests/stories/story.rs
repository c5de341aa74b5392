//! A story is told once and runs on both databases.

use testkit::TestApp;

/// Two tests of one story: `name::sqlite` and `name::postgres`.
macro_rules! story {
    ($name:ident, async |$app:ident| $told:block) => {
        mod $name {
            #[expect(clippy::allow_attributes, reason = "not every story needs what its file imports")]
            #[allow(unused_imports)]
            use super::*;

            async fn told($app: testkit::TestApp) $told

            #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn sqlite() {
                Box::pin(told(testkit::TestApp::start().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn postgres() {
                if let Some(app) = crate::story::on_postgres().await {
                    Box::pin(told(app)).await;
                }
            }
        }
    };
}

/// The app on PostgreSQL, or a loud word that there is none.
pub async fn on_postgres() -> Option<TestApp> {
    let app = TestApp::start_on_postgres().await;
    if app.is_none() {
        eprintln!("NOT TESTED ON POSTGRESQL: CHANCERY_TEST_POSTGRES_URL names no server");
    }
    app
}
