//! The command line: the commands that scripts rely on, run as real processes on a folder of their own.

mod contact;
mod disk;
mod doctor;
mod folder;
mod pipe;
mod program;
mod search;
mod suppression;
mod webhooks;

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use testkit::sim::smtp;

use program::{Folder, Outside};

async fn mail_server() -> smtp::Server {
    smtp::Server::start(smtp::Options::default()).await.unwrap()
}

/// Makes the server in the folder.
fn get_an_owner(folder: &Folder) {
    let owner = ["setup", "--email", "olivia@company.example.com", "--password-stdin", "--json"];
    let owner = folder.json_with_input(&owner, "correct horse battery\n");
    assert_eq!(owner["email"], "olivia@company.example.com");
}

/// Everything that a script does before the first message; gives the key and the account.
fn set_up(folder: &Folder, server: &smtp::Server) -> (String, String) {
    get_an_owner(folder);
    let key = folder.json(&["key", "create", "--name", "till", "--scopes", "*", "--json"])["key"].clone();
    let port = format!("port={}", server.address().port());
    let account = folder.json(&[
        "channel",
        "add",
        "smtp",
        "--name",
        "Mail",
        "--set",
        "host=127.0.0.1",
        "--set",
        &port,
        "--set",
        "security=none",
        "--set",
        "from=support@example.com",
        "--json",
    ]);
    (key.as_str().unwrap().to_owned(), account["id"].as_str().unwrap().to_owned())
}

fn letter(n: usize) -> Value {
    json!({ "to": format!("reader{n}@example.com"), "subject": "Your order", "text": "It is on its way." })
}

/// The story of a script from the empty folder to the message at the mail server and a clean end.
async fn from_nothing_to_a_message(database_url: Option<String>) {
    let (mut folder, mail) = (Folder::new(), mail_server().await);
    folder.database_url = database_url;
    let (key, account) = set_up(&folder, &mail);
    assert!(key.starts_with("ck_"));
    let checked = folder.json(&["channel", "check", &account, "--json"]);
    assert_eq!((&checked["ok"], mail.count()), (&json!(true), 0));
    let server = folder.serve(&[]).await;
    let outside = Outside::new(&server, &key);
    let sent = outside.post("/v1/messages", letter(1)).await;
    assert_eq!((sent.0, &sent.1["state"]), (202, &json!("queued")), "{}", sent.1);
    outside.becomes(sent.1["id"].as_str().unwrap(), "sent").await;
    let taken = mail.taken();
    assert_eq!((taken.len(), taken[0].to[0].as_str()), (1, "reader1@example.com"));
    // Commands beside the running server.
    let second = folder.json(&["key", "create", "--name", "second", "--scopes", "messages:read", "--json"]);
    let reader = Outside::new(&server, second["key"].as_str().unwrap());
    assert_eq!(reader.get("/v1/messages").await.0, 200);
    let ended = server.stop().await;
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("stopped"), "{}", ended.log);
    let again = folder.serve(&[]).await;
    assert_eq!(Outside::new(&again, &key).get("/v1/messages").await.1["data"].as_array().unwrap().len(), 1);
    folder.text(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_gets_from_nothing_to_a_message() {
    Box::pin(from_nothing_to_a_message(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_gets_from_nothing_to_a_message_on_postgres() {
    if let Some(url) = program::postgres().await {
        Box::pin(from_nothing_to_a_message(Some(url))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_folder_is_for_its_owner_only() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    set_up(&folder, &mail);
    let mode = |path: &str| std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("keys"), mode("keys/master.key")), (0o700, 0o700, 0o600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_an_owner_prints_a_link() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let log = server.wait_for("/setup?token=").await;
    let link = log.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap().to_owned();
    let page = Outside::new(&server, "").page(&link).await;
    assert!(page.contains("<form"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_folder_is_refused() {
    let folder = Folder::new();
    let _server = folder.serve(&[]).await;
    let refused = folder.fails(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.contains("another chancery works on"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_is_refused() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    set_up(&folder, &mail);
    let other = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let refused = folder.fails_in(&["serve", "--listen", "127.0.0.1:0"], &[("CHANCERY_MASTER_KEY", other)]);
    assert!(refused.contains("master key") && refused.lines().count() <= 2, "{refused}");
    let nonsense =
        folder.fails_in(&["serve", "--listen", "127.0.0.1:0"], &[("CHANCERY_MASTER_KEY", "short")]);
    assert!(nonsense.contains("CHANCERY_MASTER_KEY"), "{nonsense}");
    std::fs::remove_file(folder.path().join("keys/master.key")).unwrap();
    let lost = folder.fails(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(lost.contains("master key"), "a lost key is not quietly replaced: {lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_server_starts_as_a_server() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let server = folder.serve(&[]).await;
    let outside = Outside::new(&server, &key);
    let mut message = letter(1);
    message["attachments"] =
        json!([{ "filename": "a.txt", "content_type": "text/plain", "content_base64": "aGVsbG8=" }]);
    let id = outside.post("/v1/messages", message).await.1["id"].as_str().unwrap().to_owned();
    let file = outside.becomes(&id, "sent").await["attachments"][0]["url"].as_str().unwrap().to_owned();
    let copy = Folder::new();
    std::fs::remove_dir(copy.path()).unwrap();
    folder.text(&["backup", copy.path().to_str().unwrap()]);
    let again = folder.fails(&["backup", copy.path().to_str().unwrap()]);
    let inside = folder.path().join("x/y");
    let inside = folder.fails(&["backup", inside.to_str().unwrap()]);
    assert!(inside.contains("is inside the data folder"), "{inside}");
    assert!(again.contains("not empty"), "{again}");
    outside.post("/v1/messages", letter(2)).await;
    server.stop().await;

    let restored = copy.serve(&[]).await;
    let outside = Outside::new(&restored, &key);
    let listed = outside.get("/v1/messages").await.1;
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["data"][0]["id"]), (1, &json!(id)));
    assert_eq!(outside.page(&format!("{}{file}", restored.url)).await, "hello");
    let sent = outside.post("/v1/messages", letter(3)).await.1["id"].as_str().unwrap().to_owned();
    outside.becomes(&sent, "sent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_come_from_the_command_line_the_environment_and_the_file() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("chancery.toml"), "listen = \"127.0.0.1:0\"\npublic_url = \"https://file.example.com\"\nhostname = \"file.example.com\"\n").unwrap();
    let shown = folder.text_in(&["config"], &[("CHANCERY_PUBLIC_URL", "https://env.example.com")]);
    assert!(
        shown.contains("https://env.example.com") && shown.contains("hostname = \"file.example.com\""),
        "{shown}"
    );
    let shown = folder.text_in(
        &["config", "--public-url", "https://option.example.com"],
        &[("CHANCERY_PUBLIC_URL", "https://env.example.com")],
    );
    assert!(shown.contains("https://option.example.com"), "{shown}");
    get_an_owner(&folder);
    let hook = folder.json(&[
        "channel",
        "add",
        "smtp2go",
        "--name",
        "S",
        "--set",
        "api_key=api-SIMULATED",
        "--set",
        "from=support@example.com",
        "--json",
    ]);
    assert!(
        hook["webhook_url"].as_str().unwrap().starts_with("https://file.example.com/hooks/smtp2go/"),
        "{hook}"
    );
    // The address of the file is used by the server itself.
    let server = folder.serve_as_configured(&[("CHANCERY_LOG_FORMAT", "json")]).await;
    assert_eq!(Outside::new(&server, "").get("/healthz").await.0, 200);
    std::fs::write(folder.path().join("chancery.toml"), "lsten = 1\n").unwrap();
    let wrong = folder.fails(&["config"]);
    assert!(wrong.contains("lsten") && wrong.contains("chancery.toml"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_words_on_the_command_line_are_explained() {
    let folder = Folder::new();
    get_an_owner(&folder);
    for (arguments, words) in [
        (&["channel", "add", "pigeon", "--name", "P"][..], "expected one of smtp"),
        (&["channel", "add", "smtp", "--name", "P", "--set", "host"], "KEY=VALUE"),
        (&["channel", "add", "smtp", "--name", "P"], "host"),
        (&["key", "create", "--name", "k", "--scopes", "messages:eat"], "messages:eat"),
        (&["serve", "--listen", "nowhere"], "--listen"),
        (&["channel", "check", "acc_00000000000000000000000000"], "channel account"),
    ] {
        let refused = folder.fails(arguments);
        assert!(refused.contains(words), "{arguments:?}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_comes_in_over_the_smtp_listener() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, account) = set_up(&folder, &mail);
    folder.text(&["channel", "route", "support@example.com", "--account", &account]);
    let server = folder.serve(&["--smtp-listen", "127.0.0.1:0"]).await;
    let log = server.wait_for("taking mail on smtp://").await;
    let address = log.split("smtp://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let raw = "From: jane@example.com\r\nTo: support@example.com\r\nSubject: Hi\r\nMessage-ID: <cli@example.com>\r\n\r\nHello\r\n";
    program::deliver(&address, "jane@example.com", "support@example.com", raw).await;
    let outside = Outside::new(&server, &key);
    let found = async || outside.get("/v1/conversations").await.1["data"].as_array().unwrap().len() == 1;
    program::wait_until("the conversation is there", found).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let mut server = folder.serve(&[]).await;
    let mut accepted = Vec::new();
    for round in 0..3 {
        let outside = Outside::new(&server, &key);
        for n in 0..30 {
            let (status, reply) = outside.post("/v1/messages", letter(round * 100 + n)).await;
            assert_eq!(status, 202, "{reply}");
            accepted.push(reply["id"].as_str().unwrap().to_owned());
        }
        server.kill().await;
        server = folder.serve(&[]).await;
    }
    disk::all_are_there_once(&Outside::new(&server, &key), &accepted, &mail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailboxes_are_added_by_the_command_line_and_read_by_the_server() {
    let folder = Folder::new();
    let owner = ["setup", "--email", "olivia@company.example.com", "--password-stdin", "--json"];
    folder.json_with_input(&owner, "correct horse battery\n");
    let mailbox = testkit::sim::imap::Mailbox::start().await.unwrap();
    mailbox.deliver("From: jane@example.com\r\nSubject: Hi\r\nMessage-ID: <m@example.com>\r\n\r\nHello\r\n");
    let port = format!("port={}", mailbox.address().port());
    let add = "mailbox add --name Support --set host=127.0.0.1 --set security=none --set";
    let add: Vec<&str> = add.split(' ').chain([port.as_str()]).collect();
    let refused = folder.fails(&[&add[..], &["--set", "username=me"]].concat());
    assert!(refused.contains("/settings/password"), "{refused}");
    let rest = ["--set", "username=me", "--set", "password=-", "--json"];
    let added = folder.json_with_input(&[&add[..], &rest].concat(), "hush\n");
    let id = added["id"].as_str().unwrap();
    assert!(folder.text(&["mailbox", "check", id]).contains("ok      folder INBOX: 1 mails"));
    let socket = folder.path().join("lmtp.sock");
    let server = folder.serve(&["--lmtp-listen", &format!("unix:{}", socket.display())]).await;
    server.wait_for("taking mail on lmtp://").await;
    assert!(tokio::net::UnixStream::connect(&socket).await.is_ok());
    program::wait_until("the mail was fetched", async || mailbox.given() == 1).await;
    let listed = folder.text(&["mailbox", "list"]);
    assert!(listed.contains("Support  me@127.0.0.1") && !listed.contains("hush"), "{listed}");
    server.stop().await;
    assert!(!socket.exists());
    assert_eq!(folder.text(&["mailbox", "remove", id]).trim(), "removed");
}
