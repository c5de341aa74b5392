//! Fills an installation through its front door: batches of outgoing messages, which is the fastest
//! way in (the HTTP, the JSON and the commit are shared by 1,000 messages).

use std::sync::Arc;

use crate::http::api::Api;
use crate::letters::{Mark, Outgoing};
use crate::load::{Look, Write};
use crate::watch;

/// Call `k` carries the messages `first + k * batch ..`; its answer must name as many.
pub fn batches(api: Api, outgoing: Outgoing, batch: u64, first: u64) -> (Write, Look) {
    let write: Write = Arc::new(move |call, _, out| {
        let mut body = String::with_capacity(usize::try_from(batch).unwrap_or(0) * 1_280);
        body.push_str(r#"{"messages":["#);
        for index in 0..batch {
            if index > 0 {
                body.push(',');
            }
            outgoing.write_json(Mark { number: first + call * batch + index, at: watch::now() }, &mut body);
        }
        body.push_str("]}");
        api.write_post("/v1/messages/batch", &format!("bench-batch-{first}-{call}"), body.as_bytes(), out);
    });
    let look: Look = Arc::new(move |_, reply| {
        let ids = reply.body.windows(5).filter(|window| window == b"\"msg_").count() as u64;
        (ids < batch).then(|| format!("a batch of {batch} was answered with {ids} ids: {}", reply.words()))
    });
    (write, look)
}
