//! Requests to simulated vendors, and their answers, held against the vendor's own description of its API: whatever a
//! simulation takes must be in it, and so must what it says. Excerpts of the descriptions are beside this file.

mod schema;

use std::collections::BTreeSet;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Request, Turn};

/// An excerpt of a vendor's description, and what of it was met so far.
pub(super) struct Specification {
    excerpt: Excerpt,
    met: Mutex<BTreeSet<usize>>,
    faults: Mutex<Vec<String>>,
}

#[derive(Deserialize)]
struct Excerpt {
    operations: Vec<Operation>,
    /// What the description leaves out, with the reason.
    undescribed: Vec<Place>,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(flatten)]
    place: Place,
    /// Schemas by the names of parameters.
    query: serde_json::Map<String, Value>,
    /// Schemas of answers by their status; null where there is no content to describe.
    answers: serde_json::Map<String, Value>,
    /// Fields that the vendor's prose or libraries have and its description lacks.
    #[serde(default)]
    beside: Vec<String>,
}

#[derive(Deserialize)]
struct Place {
    method: String,
    /// With names in braces for the parts that vary.
    path: String,
}

impl Place {
    fn is_of(&self, method: &str, path: &str) -> bool {
        let (mut wanted, mut given) = (self.path.split('/'), path.split('/'));
        let is_like = |wanted: &str, given: &str| {
            wanted == given || (wanted.starts_with('{') && wanted.ends_with('}') && !given.is_empty())
        };
        self.method == method
            && loop {
                match (wanted.next(), given.next()) {
                    (None, None) => break true,
                    (Some(wanted), Some(given)) if is_like(wanted, given) => {}
                    _ => break false,
                }
            }
    }
}

impl Specification {
    /// Of an excerpt.
    pub(super) fn of(excerpt: &str) -> Specification {
        let excerpt = serde_json::from_str(excerpt).expect("the excerpts are part of the program");
        Specification { excerpt, met: Mutex::default(), faults: Mutex::default() }
    }

    /// Gives the turn back when it carries out what is described, in an answer that is described. Otherwise it becomes an
    /// error that names what is wrong, so that whoever runs into it sees it.
    pub(super) fn hold(&self, request: &Request, turn: Turn) -> Turn {
        let (status, body) = match &turn {
            Turn::Answer { status, body } => (*status, body.as_bytes()),
            Turn::Full { status, body, .. } => (*status, body.as_ref()),
            Turn::Half { .. } | Turn::Hang | Turn::Drop => return turn,
        };
        if !(200..300).contains(&status) {
            return turn;
        }
        let wrong = self.compare(request, status, body);
        if wrong.is_empty() {
            return turn;
        }
        let body = format!("{} {} is not as specified: {wrong:?}", request.method, request.path);
        tracing::error!("{body}");
        self.faults.lock().push(body.clone());
        Turn::Answer { status: 500, body }
    }

    /// What was not as described, and the described operations that nobody has asked for.
    pub(super) fn unmet(&self) -> Vec<String> {
        let met = self.met.lock();
        let all = self.excerpt.operations.iter().enumerate().filter(|(index, _)| !met.contains(index));
        let unmet = all.map(|(_, operation)| format!("{} {}", operation.place.method, operation.place.path));
        self.faults.lock().iter().cloned().chain(unmet).collect()
    }

    fn compare(&self, request: &Request, status: u16, body: &[u8]) -> Vec<String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let is_of = |place: &Place| place.is_of(&request.method, path);
        let alike = self.excerpt.operations.iter().enumerate().filter(|(_, one)| is_of(&one.place));
        // `/emails/receiving` is meant literally before it is an `/emails/{id}`.
        let closest = alike.min_by_key(|(_, one)| one.place.path.matches('{').count());
        let Some((index, operation)) = closest else {
            let is_known = self.excerpt.undescribed.iter().any(is_of);
            return if is_known { Vec::new() } else { vec!["there is no such operation".to_owned()] };
        };
        self.met.lock().insert(index);
        let mut wrong = operation.wrong_query(query);
        wrong.extend(operation.wrong_answer(status, body));
        wrong
    }
}

impl Operation {
    fn wrong_query(&self, query: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let Ok(url) = reqwest::Url::parse(&format!("http://localhost/?{query}")) else {
            return vec!["the query cannot be read".to_owned()];
        };
        for (name, value) in url.query_pairs().filter(|_| !query.is_empty()) {
            match self.query.get(name.as_ref()) {
                Some(schema) => schema::compare_text(&value, schema, &format!("?{name}"), &mut wrong),
                None => wrong.push(format!("?{name}: unknown")),
            }
        }
        wrong
    }

    fn wrong_answer(&self, status: u16, body: &[u8]) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.answers.get(&status.to_string()) {
            None => wrong.push(format!("it is not answered with {status}")),
            Some(Value::Null) => {}
            Some(schema) => match serde_json::from_slice::<Value>(body) {
                Ok(answer) => schema::compare(&answer, schema, "", &self.beside, &mut wrong),
                Err(error) => wrong.push(format!("the answer is not JSON: {error}")),
            },
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const EXCERPT: &str = r#"{
        "undescribed": [{ "method": "GET", "path": "/download/{file}", "why": "a test" }],
        "operations": [{
            "method": "GET", "path": "/mails/{id}", "query": { "limit": { "type": "integer", "maximum": 3 } },
            "beside": ["/raw"],
            "answers": { "200": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] } }
        }]
    }"#;

    fn turned(specification: &Specification, path: &str, body: &str) -> u16 {
        let (method, path) = path.split_once(' ').unwrap();
        let (method, path) = (method.to_owned(), path.to_owned());
        let request = Request { method, path, headers: Vec::new(), body: Bytes::new() };
        match specification.hold(&request, Turn::Answer { status: 200, body: body.to_owned() }) {
            Turn::Answer { status, .. } => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_is_described_stays_as_it_is() {
        let specification = Specification::of(EXCERPT);
        assert_eq!(specification.unmet(), ["GET /mails/{id}"]);
        for (request, body, status) in [
            ("GET /mails/7?limit=3", r#"{"id":"7","raw":1}"#, 200),
            ("GET /download/x", "bytes", 200),
            ("GET /mails/7", r#"{"id":7}"#, 500),
            ("GET /mails/7", "{}", 500),
            ("GET /mails/7", r#"{"id":"7","more":1}"#, 500),
            ("GET /mails/7", "<html>", 500),
            ("GET /mails/7?limit=4", r#"{"id":"7"}"#, 500),
            ("GET /mails/7?limit=x", r#"{"id":"7"}"#, 500),
            ("GET /mails/7?since=x", r#"{"id":"7"}"#, 500),
            ("GET /mails/7/", r#"{"id":"7"}"#, 500),
            ("GET /mails/", r#"{"id":"7"}"#, 500),
            ("POST /mails/7", r#"{"id":"7"}"#, 500),
        ] {
            assert_eq!(turned(&specification, request, body), status, "{request} {body}");
        }
        assert_eq!(specification.unmet().len(), 10, "each fault is kept");
    }
}
