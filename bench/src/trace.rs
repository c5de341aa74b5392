//! Reads what strace saw of a server: when it heard a request, when a log was flushed, when it answered. An answer
//! that promises something must have a whole flush between the request and itself.

use std::collections::HashMap;

/// What an answer that promises something begins with.
const PROMISES: [&str; 2] = ["HTTP/1.1 202", "250 2.0.0 "];
/// Files whose flush makes a commit durable: SQLite's log and PostgreSQL's.
const LOGS: [&str; 2] = ["-wal>", "/pg_wal/"];

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub answers: u64,
    /// Without a whole flush before them.
    pub unflushed: u64,
    pub flushes: u64,
}

#[derive(Debug, Default)]
struct Events {
    /// By socket, the instant of the last thing heard there.
    heard: HashMap<String, f64>,
    /// Begin and end.
    flushes: Vec<(f64, f64)>,
    /// When the request was heard, and when the answer began to leave.
    answers: Vec<(f64, f64)>,
    /// Calls that were interrupted by another line, by thread.
    open: HashMap<String, Open>,
}

#[derive(Debug)]
enum Open {
    Flush(f64),
    Read(String),
}

/// Reads lines of `strace -f -ttt -T -y`.
pub fn judge(trace: &str) -> Verdict {
    let mut events = Events::default();
    for line in trace.lines() {
        // A line that says something else (a thread that ended, a signal) is skipped.
        let _ = events.read(line);
    }
    events.flushes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let unflushed =
        events.answers.iter().filter(|(heard, at)| !events.is_flushed(*heard, *at)).count() as u64;
    Verdict { answers: events.answers.len() as u64, unflushed, flushes: events.flushes.len() as u64 }
}

impl Events {
    fn read(&mut self, line: &str) -> Option<()> {
        let (thread, rest) = line.split_once(' ')?;
        let (at, call) = rest.trim_start().split_once(' ')?;
        let at: f64 = at.parse().ok()?;
        if call.starts_with("<... ") {
            match self.open.remove(thread)? {
                Open::Flush(begin) => self.flushes.push((begin, at)),
                Open::Read(socket) => self.hear(&socket, call, at),
            }
            return Some(());
        }
        let (name, arguments) = call.split_once('(')?;
        let end = call.rsplit_once('<').and_then(|(_, took)| took.strip_suffix('>')?.parse::<f64>().ok());
        let unfinished = call.ends_with("<unfinished ...>");
        match name {
            "fsync" | "fdatasync" if LOGS.iter().any(|log| arguments.contains(log)) => {
                if unfinished {
                    self.open.insert(thread.to_owned(), Open::Flush(at));
                } else {
                    self.flushes.push((at, at + end?));
                }
            }
            "recvfrom" | "read" | "recvmsg" | "readv" => {
                let socket = socket(arguments)?;
                if unfinished {
                    self.open.insert(thread.to_owned(), Open::Read(socket));
                } else {
                    self.hear(&socket, call, at);
                }
            }
            "sendto" | "write" | "writev" | "sendmsg"
                if PROMISES.iter().any(|promise| arguments.contains(promise)) =>
            {
                let heard = self.heard.get(&socket(arguments)?).copied()?;
                self.answers.push((heard, at));
            }
            _ => {}
        }
        Some(())
    }

    /// A read that brought nothing is no request.
    fn hear(&mut self, socket: &str, call: &str, at: f64) {
        let result =
            call.rsplit_once(") = ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<i64>().ok());
        if result.is_some_and(|bytes| bytes > 0) {
            self.heard.insert(socket.to_owned(), at);
        }
    }

    fn is_flushed(&self, heard: f64, at: f64) -> bool {
        let first = self.flushes.partition_point(|(begin, _)| *begin < heard);
        self.flushes[first..].iter().take_while(|(begin, _)| *begin <= at).any(|(_, end)| *end <= at)
    }
}

/// `19<socket:[1800159]>, …`
fn socket(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    path.starts_with("socket:").then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Verdict, judge};

    const HEARD: &str = "1 100.1 recvfrom(9<socket:[7]>, \"POST /v1\"..., 24, 0, NULL, NULL) = 24 <0.00001>";
    const ANSWER: &str = "1 100.5 writev(9<socket:[7]>, [{iov_base=\"HTTP/1.1 202 Accepted\"..., iov_len=3}], 1) = 3 <0.00001>";

    fn verdict(flush: &str) -> Verdict {
        judge(&[HEARD, flush, ANSWER].join("\n"))
    }

    #[test]
    fn a_flush_between_request_and_answer_is_enough() {
        let sound = Verdict { answers: 1, unflushed: 0, flushes: 1 };
        assert_eq!(verdict("2 100.2 fdatasync(3</d/chancery.db-wal>) = 0 <0.1>"), sound);
        let parted =
            "2 100.2 fsync(3</d/chancery.db-wal> <unfinished ...>\n2 100.3 <... fsync resumed>) = 0 <0.1>";
        assert_eq!(verdict(parted), sound);
    }

    #[test]
    fn one_that_is_late_early_or_of_another_file_is_not() {
        for flush in [
            "2 100.2 fsync(3</d/chancery.db-wal>) = 0 <0.9>",
            "2 100.0 fsync(3</d/chancery.db-wal>) = 0 <0.3>",
            "2 100.2 fsync(3</d/other>) = 0 <0.1>",
            "2 100.2 fsync(3</d/chancery.db-wal> <unfinished ...>",
        ] {
            assert_eq!(verdict(flush).unflushed, 1, "{flush}");
        }
    }

    #[test]
    fn answers_to_other_words_promise_nothing() {
        let hello = "1 100.5 sendto(9<socket:[7]>, \"250 2.1.0 Sender ok\", 19, 0, NULL, 0) = 19 <0.1>";
        assert_eq!(judge(&[HEARD, hello].join("\n")).answers, 0);
        let nothing_read = "1 100.4 recvfrom(9<socket:[7]>, 0x7f, 24, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable) <0.1>";
        let flush = "2 100.2 fsync(3</d/chancery.db-wal>) = 0 <0.1>";
        assert_eq!(judge(&[HEARD, flush, nothing_read, ANSWER].join("\n")).unflushed, 0);
    }
}
