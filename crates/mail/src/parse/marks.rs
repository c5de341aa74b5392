//! Marks by which machines say that they are machines. What carries one is never answered automatically.

use mail_parser::{HeaderName, Message, MimeHeaders as _};

use super::headers;
use crate::report;

/// The marks of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AutoMarks {
    /// `Auto-Submitted` other than `no` (RFC 3834), or one of its older relatives.
    pub auto_submitted: bool,
    /// `X-Auto-Response-Suppress`: the sender asks not to be answered by machines.
    pub wants_silence: bool,
    /// `Precedence: bulk`, `junk` or `list`.
    pub precedence_bulk: bool,
    /// `List-Id` or `List-Unsubscribe`.
    pub list: bool,
    /// `Return-Path: <>`: a bounce or a reply of a machine.
    pub null_sender: bool,
    /// `multipart/report`: a delivery report, a complaint or a read receipt.
    pub report: bool,
    /// The answer that a machine gives for somebody who is away.
    pub vacation: bool,
}

domain::words! {
    /// Why a message counts as sent by a machine.
    pub enum AutoMark {
        Report = "report",
        NullSender = "null_sender",
        AutoSubmitted = "auto_submitted",
        List = "list",
        Bulk = "bulk",
    }
}

impl AutoMarks {
    /// Whether nothing may be answered automatically.
    #[must_use]
    pub fn any(&self) -> bool {
        self.strongest().is_some()
    }

    /// The mark that says most; the answer of somebody who is away is `auto_submitted`, whoever its envelope names.
    #[must_use]
    pub fn strongest(&self) -> Option<AutoMark> {
        [
            (self.report, AutoMark::Report),
            (self.vacation, AutoMark::AutoSubmitted),
            (self.null_sender, AutoMark::NullSender),
            (self.auto_submitted, AutoMark::AutoSubmitted),
            (self.list, AutoMark::List),
            (self.precedence_bulk, AutoMark::Bulk),
            (self.wants_silence, AutoMark::AutoSubmitted),
        ]
        .into_iter()
        .find_map(|(is_marked, mark)| is_marked.then_some(mark))
    }
}

pub(super) fn read(message: &Message<'_>, subject: Option<&str>) -> AutoMarks {
    let value = |name: &'static str| headers::raw(message, name).map(str::to_ascii_lowercase);
    let has = |name: &'static str| headers::raw(message, name).is_some();
    let precedence = value("Precedence").unwrap_or_default();
    let submitted = value("Auto-Submitted").unwrap_or_default();
    let says_so = !submitted.is_empty() && submitted.split([';', ' ', '(']).next() != Some("no");
    let answers = ["X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autoresponder", "X-Vacation"]
        .into_iter()
        .any(|name| value(name).is_some_and(|value| value != "no"))
        || precedence == "auto_reply";
    let suppressed = value("X-Auto-Response-Suppress").unwrap_or_default();
    let kind = message.content_type();
    let report = kind.is_some_and(|kind| {
        let subtype = kind.subtype().unwrap_or_default();
        (kind.ctype().eq_ignore_ascii_case("multipart") && subtype.eq_ignore_ascii_case("report"))
            || (kind.ctype().eq_ignore_ascii_case("message")
                && ["delivery-status", "disposition-notification", "feedback-report"]
                    .iter()
                    .any(|name| subtype.eq_ignore_ascii_case(name)))
    });
    let mut marks = AutoMarks {
        auto_submitted: says_so || answers,
        wants_silence: suppressed
            .split([',', ';', ' '])
            .any(|word| ["all", "oof", "autoreply"].contains(&word)),
        precedence_bulk: matches!(precedence.as_str(), "bulk" | "junk" | "list"),
        list: has("List-Id") || has("List-Unsubscribe"),
        null_sender: value("Return-Path").is_some_and(|value| value == "<>"),
        report,
        vacation: false,
    };
    if !report && !has("X-Failed-Recipients") && marks.any() && !from_server(message) {
        // A subject alone proves nothing: people write about their holidays too.
        let speaks_of_absence = subject.is_some_and(|subject| report::is_vacation(&subject.to_lowercase()));
        let replied = submitted.starts_with("auto-replied");
        marks.vacation = answers || replied || (speaks_of_absence && !marks.list);
    }
    marks
}

/// Servers mark their bounces as replies too.
fn from_server(message: &Message<'_>) -> bool {
    let from = message.headers().iter().find(|header| header.name == HeaderName::From);
    let address = from.and_then(|from| from.value.as_address()?.first()?.address.as_deref());
    let local =
        address.and_then(|address| address.split('@').next()).unwrap_or_default().to_ascii_lowercase();
    local.is_empty() || local == "postmaster" || report::is_server(&local)
}
