//! How mail clients write: their structure, their encodings, their way to quote and to name what is answered.

use super::encoding::{base64, header, header_latin1, latin1, quoted_printable};
use crate::chance::Chance;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Gmail,
    Outlook,
    AppleMail,
    Thunderbird,
    /// References, no In-Reply-To, no MIME.
    OldClient,
    /// In-Reply-To, no References.
    Phone,
    /// Neither: only the subject tells.
    Webmail,
}

/// Those that name the whole chain.
const THOROUGH: [Style; 5] =
    [Style::Gmail, Style::Outlook, Style::AppleMail, Style::Thunderbird, Style::OldClient];

impl Style {
    /// A client whose replies can be placed by their references alone.
    pub fn thorough(chance: &mut Chance) -> Self {
        THOROUGH[chance.within(0..5) as usize]
    }

    pub fn any(chance: &mut Chance) -> Self {
        match chance.within(0..10) {
            0 => Self::Webmail,
            1 | 2 => Self::Phone,
            _ => Self::thorough(chance),
        }
    }

    pub fn message_id(self, number: usize, chance: &mut Chance) -> String {
        let noise = chance.draw();
        match self {
            Self::Gmail => format!("CAK{noise:016x}+n={number}@mail.example.com"),
            Self::Outlook => format!("AM0PR05MB{number}{:08X}@eurprd05.prod.example.com", noise as u32),
            Self::AppleMail => format!(
                "{:08X}-{:04X}-4A1B-9C2D-{number:012X}@customers.example.com",
                noise as u32,
                noise >> 48
            ),
            Self::Thunderbird => format!(
                "{:08x}-{:04x}-7d3e-b1a2-{number:012x}@customers.example.com",
                noise as u32,
                noise >> 48
            ),
            Self::OldClient => format!("Pine.LNX.4.64.{number}.{}@shell.example.com", noise as u32),
            Self::Phone => format!("{:x}.{number}.17000@phone.example.com", noise as u32),
            Self::Webmail => format!("trinity-{:08x}-{number}@webmail.example.com", noise as u32),
        }
    }

    fn reply_mark(self) -> &'static str {
        match self {
            Self::Outlook => "RE: ",
            Self::Thunderbird => "AW: ",
            Self::Phone => "SV: ",
            _ => "Re: ",
        }
    }
}

/// What is written, before a client makes a mail of it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// `Jane Miller`, perhaps with letters beyond ASCII.
    pub name: String,
    pub address: String,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    /// Without a mark.
    pub subject: String,
    pub message_id: String,
    /// From the opening to what is answered.
    pub chain: Vec<String>,
    pub text: String,
    /// Who wrote what is answered, and the text.
    pub quoted: Option<(String, String)>,
    /// Whole header lines.
    pub extra: String,
    pub attachment: Option<Vec<u8>>,
    /// Of the day.
    pub seconds: u64,
}

impl Draft {
    /// The subject as it stands in the mail.
    pub fn subject_in(&self, style: Style) -> String {
        let mark = if self.chain.is_empty() { "" } else { style.reply_mark() };
        format!("{mark}{}", self.subject)
    }
}

/// The bytes of the mail.
pub fn write(style: Style, draft: &Draft) -> Vec<u8> {
    let mut head = headers(style, draft);
    let (part_head, part) = body(style, draft);
    match &draft.attachment {
        None => head.push_str(&part_head),
        Some(_) => head.push_str("Content-Type: multipart/mixed; boundary=\"=_mixed\"\r\n"),
    }
    head.push_str("\r\n");
    let mut mail = head.into_bytes();
    match &draft.attachment {
        None => mail.extend_from_slice(&part),
        Some(file) => {
            mail.extend_from_slice(format!("--=_mixed\r\n{part_head}\r\n").as_bytes());
            mail.extend_from_slice(&part);
            mail.extend_from_slice(
                b"\r\n--=_mixed\r\nContent-Type: application/pdf; name=\"scan.pdf\"\r\n\
                  Content-Disposition: attachment; filename=\"scan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            );
            mail.extend_from_slice(base64(file).as_bytes());
            mail.extend_from_slice(b"--=_mixed--\r\n");
        }
    }
    if !mail.ends_with(b"\r\n") {
        mail.extend_from_slice(b"\r\n");
    }
    mail
}

fn headers(style: Style, draft: &Draft) -> String {
    let encode = if style == Style::Outlook { header_latin1 } else { header };
    let (hour, minute, second) = (draft.seconds / 3_600 % 24, draft.seconds / 60 % 60, draft.seconds % 60);
    let mut head = format!(
        "Date: Fri, 20 Nov 2026 {hour:02}:{minute:02}:{second:02} +0000\r\nFrom: {} <{}>\r\nTo: {}\r\n",
        encode(&draft.name),
        draft.address,
        draft.to.join(", ")
    );
    if !draft.cc.is_empty() {
        head.push_str(&format!("Cc: {}\r\n", draft.cc.join(",\r\n ")));
    }
    // Most encode what follows the mark, some the mark too.
    let subject = match style {
        Style::Gmail => encode(&draft.subject_in(style)),
        _ => draft.subject_in(style).replace(&draft.subject, &encode(&draft.subject)),
    };
    head.push_str(&format!("Subject: {subject}\r\n"));
    head.push_str(&format!("Message-ID: <{}>\r\n", draft.message_id));
    if let Some(parent) = draft.chain.last() {
        if !matches!(style, Style::OldClient | Style::Webmail) {
            head.push_str(&format!("In-Reply-To: <{parent}>\r\n"));
        }
        if !matches!(style, Style::Phone | Style::Webmail) {
            let chain: Vec<String> = draft.chain.iter().map(|id| format!("<{id}>")).collect();
            head.push_str(&format!("References: {}\r\n", chain.join("\r\n ")));
        }
    }
    head.push_str(match style {
        Style::Gmail | Style::OldClient => "",
        Style::Outlook => "Thread-Index: AQHbO0qXk3==\r\nAccept-Language: en-GB\r\n",
        Style::AppleMail => "X-Mailer: Apple Mail (2.3774.600.62)\r\n",
        Style::Thunderbird => "User-Agent: Mozilla Thunderbird\r\nContent-Language: de-DE\r\n",
        Style::Phone => "X-Mailer: Mail for a phone\r\n",
        Style::Webmail => "X-Priority: 3\r\n",
    });
    head.push_str(&draft.extra);
    if style != Style::OldClient || draft.attachment.is_some() {
        head.push_str("MIME-Version: 1.0\r\n");
    }
    head
}

/// Content headers and content of the written part.
fn body(style: Style, draft: &Draft) -> (String, Vec<u8>) {
    let text = with_quote(style, draft);
    match style {
        Style::Gmail | Style::Outlook => {
            let boundary = if style == Style::Gmail { "000000000000a1b2c3" } else { "_000_AM0PR05MB_" };
            let latin = if style == Style::Outlook { latin1(&text) } else { None };
            let charset = if latin.is_some() { "iso-8859-1" } else { "UTF-8" };
            let plain = quoted_printable(latin.as_deref().unwrap_or(text.as_bytes()));
            let html = html(style, draft);
            let html_bytes = if latin.is_some() { latin1(&html) } else { None };
            let html_charset = if html_bytes.is_some() { "iso-8859-1" } else { "UTF-8" };
            let html = quoted_printable(html_bytes.as_deref().unwrap_or(html.as_bytes()));
            let content = format!(
                "--{boundary}\r\nContent-Type: text/plain; charset=\"{charset}\"\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n{plain}\r\n--{boundary}\r\n\
                 Content-Type: text/html; charset=\"{html_charset}\"\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n--{boundary}--\r\n"
            );
            (
                format!("Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n"),
                content.into_bytes(),
            )
        }
        Style::AppleMail => (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                .to_owned(),
            quoted_printable(text.as_bytes()).into_bytes(),
        ),
        Style::Thunderbird => (
            "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n"
                .to_owned(),
            text.into_bytes(),
        ),
        Style::OldClient if draft.attachment.is_none() => (String::new(), text.into_bytes()),
        Style::OldClient => ("Content-Type: text/plain\r\n".to_owned(), text.into_bytes()),
        Style::Phone => (
            "Content-Type: text/html; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n".to_owned(),
            base64(html(style, draft).as_bytes()).into_bytes(),
        ),
        Style::Webmail => (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n".to_owned(),
            base64(text.as_bytes()).into_bytes(),
        ),
    }
}

fn with_quote(style: Style, draft: &Draft) -> String {
    let Some((who, what)) = &draft.quoted else { return draft.text.clone() };
    let marked: String = what.lines().map(|line| format!("> {line}\r\n")).collect();
    let text = &draft.text;
    match style {
        Style::Outlook => format!(
            "{text}\r\n\r\n________________________________\r\nFrom: {who}\r\nSent: Friday, November 20, 2026 14:00\r\n\
             To: Support\r\nSubject: {}\r\n\r\n{what}\r\n",
            draft.subject
        ),
        Style::Thunderbird => format!("{text}\r\n\r\nAm 20.11.26 um 14:00 schrieb {who}:\r\n{marked}"),
        Style::AppleMail => {
            format!("{text}\r\n\r\n> On 20 Nov 2026, at 14:00, {who} wrote:\r\n> \r\n{marked}")
        }
        Style::Webmail => format!("{text}\r\n\r\n-----Original Message-----\r\nFrom: {who}\r\n{what}\r\n"),
        _ => format!("{text}\r\n\r\nOn Fri, Nov 20, 2026 at 2:00 PM {who} wrote:\r\n{marked}"),
    }
}

fn html(style: Style, draft: &Draft) -> String {
    let paragraphs =
        |text: &str| -> String { text.lines().map(|line| format!("<div>{line}</div>\r\n")).collect() };
    let mut page = format!("<html><body><div dir=\"ltr\">{}</div>\r\n", paragraphs(&draft.text));
    if let Some((who, what)) = &draft.quoted {
        let who = who.replace('<', "&lt;").replace('>', "&gt;");
        let what = paragraphs(what);
        page.push_str(&match style {
            Style::Gmail => format!(
                "<br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Fri, Nov 20, 2026 at 2:00 PM \
                 {who} wrote:<br></div><blockquote class=\"gmail_quote\">{what}</blockquote></div>"
            ),
            _ => format!(
                "<hr tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><b>From:</b> {who}<br><b>Subject:</b> {}</div>{what}",
                draft.subject
            ),
        });
    }
    page.push_str("</body></html>\r\n");
    page
}

#[cfg(test)]
mod tests {
    use super::{Draft, Style, write};

    fn answer() -> Draft {
        Draft {
            name: "Jane Miller".to_owned(),
            address: "jane@customers.example.com".to_owned(),
            to: vec!["support@example.com".to_owned()],
            subject: "Parcel 7".to_owned(),
            message_id: "c@example.com".to_owned(),
            chain: vec!["a@example.com".to_owned(), "b@example.com".to_owned()],
            text: "Thank you.".to_owned(),
            quoted: Some(("Support <support@example.com>".to_owned(), "Hello".to_owned())),
            ..Draft::default()
        }
    }

    #[test]
    fn clients_differ_in_how_they_name_what_they_answer() {
        let mail = |style| String::from_utf8(write(style, &answer())).expect("text");
        assert!(mail(Style::Gmail).contains("References: <a@example.com>\r\n <b@example.com>\r\n"));
        assert!(mail(Style::Phone).contains("In-Reply-To: <b@example.com>"));
        assert!(!mail(Style::Phone).contains("References:"));
        assert!(!mail(Style::OldClient).contains("In-Reply-To:"));
        let webmail = mail(Style::Webmail);
        assert!(!webmail.contains("References:") && !webmail.contains("In-Reply-To:"));
        assert!(mail(Style::Outlook).contains("Subject: RE: Parcel 7\r\n"));
    }

    #[test]
    fn a_file_comes_beside_the_text() {
        let mail = write(Style::Thunderbird, &Draft { attachment: Some(vec![1, 2, 3]), ..answer() });
        let mail = String::from_utf8(mail).expect("text");
        assert!(mail.contains("multipart/mixed") && mail.contains("AQID\r\n--=_mixed--\r\n"), "{mail}");
    }
}
