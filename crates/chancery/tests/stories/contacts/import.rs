//! Contacts come in from files: what a dry run says is what a run does, and a crash neither loses nor repeats a row.

use domain::access::Role;
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

use super::{add, email, names};
use crate::scene::*;

async fn upload(actor: &Actor, bytes: &[u8]) -> String {
    let made =
        actor.send(Method::POST, "/v1/uploads?filename=people", Some("text/csv"), bytes.to_vec()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id").to_owned()
}

async fn begin(app: &TestApp, query: &str, file: &[u8], more: Value) -> Value {
    let request = merged(json!({ "upload_id": upload(&app.key(), file).await }), more);
    let begun = app.key().post(&format!("/v1/contact-imports?{query}"), request).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    begun.body
}

async fn ended(app: &TestApp, import: &Value) -> Value {
    let path = format!("/v1/contact-imports/{}", import["id"].as_str().unwrap());
    app.wait_until("the import has ended", async || app.key().get(&path).await.text("state") != "running")
        .await;
    app.key().get(&path).await.body
}

/// Imports a file to the end.
async fn import(app: &TestApp, query: &str, file: &[u8], more: Value) -> Value {
    let begun = begin(app, query, file, more).await;
    ended(app, &begun).await
}

/// Created, updated, unchanged, refused.
fn tally(import: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|count| import[count].as_i64().unwrap())
}

const PEOPLE: &str = "\u{feff}Name;E-Mail;Telefon;Firma;Kunden-Nr.\r\n\
    Jane Doe;jane@example.com;+1 555 010 0123;Acme;7\r\n\
    \"Joe \"\"J\"\" Roe\";joe@example.com, j@example.com;030 123;\"Two\r\nlines\";8\r\n\
    Nobody;;;;9\r\n\
    Wrong;not an address;;;10\r\n\
    Jane Again;JANE@example.com;;;11\r\n";

story!(a_file_is_looked_at_before_it_is_imported, async |app| {
    let agent = app.person(Role::Agent).await;
    let id = upload(&agent, PEOPLE.as_bytes()).await;
    let preview =
        agent.post("/v1/contact-imports/preview", json!({ "upload_id": id, "format": "csv" })).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert_eq!(preview.body["total"], 5);
    assert_eq!(
        preview.body["suggested"],
        json!({
            "Name": "name", "E-Mail": "email", "Telefon": "phone", "Firma": "attribute:company",
            "Kunden-Nr.": "attribute:kunden_nr",
        })
    );
    assert_eq!(
        preview.body["rows"][1],
        json!(["Joe \"J\" Roe", "joe@example.com, j@example.com", "030 123", "Two\nlines", "8"])
    );
    let refused = async |query: &str, request: Value| {
        app.key().post(&format!("/v1/contact-imports?{query}"), request).await.summary()
    };
    let own = upload(&app.key(), PEOPLE.as_bytes()).await;
    let mapping = json!({ "Nome": "name", "Name": "title", "Firma": "attribute:company" });
    assert_eq!(
        refused("format=csv", json!({ "upload_id": own, "mapping": mapping })).await,
        "422 invalid_request /mapping/Name /mapping/Nome /mapping"
    );
    assert_eq!(refused("format=csv", json!({ "upload_id": id })).await, "422 invalid_request /upload_id");
    assert_eq!(refused("format=vcard", json!({ "upload_id": own })).await, "422 invalid_request /upload_id");
    let viewer = app.person(Role::Viewer).await;
    let reply = viewer.post("/v1/contact-imports?format=csv", json!({ "upload_id": own })).await;
    assert_eq!(reply.summary(), "403 forbidden");
});

story!(a_dry_run_says_what_a_run_does, async |app| {
    add(
        &app,
        json!({ "name": "J.", "identities": [email("j@example.com")], "attributes": { "company": "Old" } }),
    )
    .await;
    let file = PEOPLE.as_bytes();
    let rehearsed = import(&app, "format=csv&dry_run=true", file, json!({})).await;
    assert_eq!(tally(&rehearsed), [1, 2, 0, 2], "{rehearsed}");
    assert_eq!(names(&app.key(), "").await, ["J."], "nothing was changed");
    let done = import(&app, "format=csv", file, json!({})).await;
    assert_eq!(tally(&done), tally(&rehearsed));
    assert_eq!(done["faults"], rehearsed["faults"]);
    assert_eq!(
        done["faults"],
        json!([
            { "row": 4, "field": "", "detail": "expected an email address or a phone number with its country" },
            { "row": 5, "field": "E-Mail", "detail": "expected an email address such as jane@example.com" },
            { "row": 5, "field": "E-Mail", "detail": "expected an email address such as jane@example.com" },
            { "row": 5, "field": "E-Mail", "detail": "expected an email address such as jane@example.com" },
        ])
    );
    assert_eq!(names(&app.key(), "sort=name").await, ["Jane Again", "Joe \"J\" Roe"]);
    let joe = app.key().get("/v1/contacts?q=joe").await.rows()[0].clone();
    assert_eq!(texts(&joe["identities"], "address"), ["j@example.com", "joe@example.com"]);
    assert_eq!(joe["attributes"], json!({ "company": "Two\nlines", "kunden_nr": "8", "phone": "030 123" }));
    let again = import(&app, "format=csv", file, json!({ "existing": "skip" })).await;
    assert_eq!(tally(&again), [0, 0, 3, 2]);
    let refused =
        app.key().get(&format!("/v1/contact-imports/{}/refused", done["id"].as_str().unwrap())).await;
    let text = String::from_utf8(refused.bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Name,E-Mail,Telefon,Firma,Kunden-Nr.,reason");
    assert!(lines[1].starts_with("Nobody,,,,9,expected an email address"), "{text}");
    assert_eq!(lines.len(), 3, "{text}");
    let types = app.key().get("/v1/events?limit=200").await;
    let told = texts(&types.body["data"], "type");
    assert!(told.contains(&"contact_import.progressed") && told.contains(&"contact.created"));
});

story!(a_row_that_names_two_people_is_refused, async |app| {
    for address in ["one@example.com", "two@example.com"] {
        add(&app, json!({ "identities": [email(address)] })).await;
    }
    let file = b"name,email\nBoth,one@example.com;two@example.com\n";
    let done = import(&app, "format=csv", file, json!({})).await;
    assert_eq!(tally(&done), [0, 0, 0, 1]);
    assert_eq!(done["faults"][0]["detail"], "its addresses belong to 2 contacts; merge them first");
});

story!(cards_come_in_as_rows_do, async |app| {
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nORG:Acme;Sales\r\nTITLE:Head\r\n\
                 EMAIL;TYPE=WORK:jane@example.com\r\nEMAIL:j@example.com\r\nTEL;TYPE=CELL:+15550100123\r\n\
                 CATEGORIES:vip,press\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nFN:No Address\r\nEND:VCARD\r\n";
    let done = import(&app, "format=vcard", cards.as_bytes(), json!({})).await;
    assert_eq!(tally(&done), [1, 0, 0, 1], "{done}");
    assert_eq!(done["faults"][0]["row"], 2);
    let jane = &app.key().get("/v1/contacts").await.rows()[0].clone();
    assert_eq!(texts(&jane["identities"], "address"), ["jane@example.com", "j@example.com", "+15550100123"]);
    assert_eq!(
        jane["attributes"],
        json!({ "company": "Acme, Sales", "title": "Head", "categories": "vip, press" })
    );
});

/// Some thousand rows, with some that come twice and some that are wrong.
fn many(rows: usize) -> String {
    let mut file = String::from("Name,Email,Company\n");
    for row in 0..rows {
        match row % 10 {
            9 => file.push_str(&format!("Wrong {row},at nowhere,x\n")),
            8 => file.push_str(&format!("Again {row},person{}@example.com,Acme {row}\n", row - 8)),
            _ => file.push_str(&format!("Person {row},person{row}@example.com,Acme\n")),
        }
    }
    file
}

story!(a_crash_neither_loses_nor_repeats_a_row, async |app| {
    let mut app = app;
    let rows = 3_000;
    let rehearsed = import(&app, "format=csv&dry_run=true", many(rows).as_bytes(), json!({})).await;
    let begun = begin(&app, "format=csv", many(rows).as_bytes(), json!({})).await;
    let path = format!("/v1/contact-imports/{}", begun["id"].as_str().unwrap());
    for _ in 0..4 {
        app = app.kill().await;
        app.clock.advance(MINUTE);
        let done = app.key().get(&path).await.body["done"].as_i64().unwrap();
        app.wait_until("some rows were taken in", async || {
            let now = app.key().get(&path).await.body;
            now["done"].as_i64().unwrap() > done || now["state"] == "done"
        })
        .await;
    }
    let done = ended(&app, &begun).await;
    assert_eq!(done["done"], rows);
    assert_eq!(tally(&done), tally(&rehearsed));
    let expected = i64::try_from(rows).unwrap() / 10;
    assert_eq!(tally(&done), [expected * 8, expected, 0, expected]);
    assert_eq!(done["faults"].as_array().unwrap().len(), 200, "the first are told, all are counted");
    assert_eq!(count(&app, "").await, expected * 8);
    assert_eq!(count(&app, "q=again").await, expected);
    assert_eq!(count(&app, "attribute=company:acme").await, expected * 7);
});

async fn count(app: &TestApp, query: &str) -> i64 {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = app.key().get(&format!("/v1/contacts?limit=200&{query}&cursor={cursor}")).await;
        count += i64::try_from(page.rows().len()).unwrap();
        match page.body["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return count,
        }
    }
}
