//! Mails that break the rules in the ways that real ones do. Each must be filed once all the same.

use super::encoding::base64;
use crate::people::Person;

/// How many kinds there are.
pub const KINDS: u64 = 17;

/// An odd mail: its bytes, and its Message-ID where there can be no doubt about it.
#[derive(Debug)]
pub struct Odd {
    pub bytes: Vec<u8>,
    pub message_id: Option<String>,
    pub bare_line_ends: bool,
}

/// The `kind`-th way to be odd, for the letter of that number.
pub fn write(kind: u64, number: usize, from: Person, subject: &str) -> Odd {
    let id = format!("odd-{number}@broken.example.com");
    let head = format!(
        "From: {} <{}>\r\nTo: support@example.com\r\nSubject: {subject}\r\n",
        from.name(),
        from.address()
    );
    let with_id = format!("{head}Message-ID: <{id}>\r\n");
    let said = format!("This is letter {number}.\r\n");
    let sure = Some(id.clone());
    let text = |words: String, message_id: Option<String>| Odd {
        bytes: words.into_bytes(),
        message_id,
        bare_line_ends: false,
    };
    match kind % KINDS {
        0 => text(format!("{head}\r\n{said}"), None),
        1 => text(
            format!(
                "{with_id}Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{said}"
            ),
            sure,
        ),
        2 => text(format!("{with_id}Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\n{said}--b--\r\n"), sure),
        3 => text(nested(&with_id, &said), sure),
        4 => {
            // Bytes of ISO 8859-1 that nobody announced, in the header and in the text.
            let mut bytes = with_id.into_bytes();
            bytes.extend_from_slice(b"X-Note: Gr\xfc\xdfe\r\n\r\nGr\xfc\xdfe. ");
            bytes.extend_from_slice(said.as_bytes());
            Odd { bytes, message_id: sure, bare_line_ends: false }
        }
        5 => text(format!("{with_id}\r\n"), sure),
        6 => text(format!("{with_id}X-Long: {}\r\n\r\n{said}", "long ".repeat(180)), sure),
        7 => text(
            format!(
                "{with_id}MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!not*base64\r\n{}",
                base64(said.as_bytes())
            ),
            sure,
        ),
        8 => text(
            format!(
                "From: =?utf-8?B?broken <{}>\r\nTo: support@example.com\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\r\n{said}",
                from.address()
            ),
            sure,
        ),
        9 => text(
            format!(
                "{with_id}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=x-unknown-9\r\n\r\n{said}"
            ),
            sure,
        ),
        10 => text(format!("{head}Message-ID: {id}\r\n\r\n{said}"), None),
        11 => text(format!("{with_id}Message-ID: <second-{id}>\r\n\r\n{said}"), None),
        12 => text(
            format!("To: support@example.com\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\r\n{said}"),
            sure,
        ),
        13 => text(
            format!(
                "{with_id}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n{said}--x\r\n\
                 Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=utf-8''M%C3%BC; filename*1=ller.pdf\r\n\r\n%PDF\r\n--x--\r\n"
            ),
            sure,
        ),
        14 => text(
            format!(
                "{with_id}MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nFrom: other@elsewhere.example.com\r\n\
                 Subject: inside\r\nMessage-ID: <inside-{id}>\r\n\r\n{said}"
            ),
            sure,
        ),
        15 => text(format!("\r\n{said}{subject}\r\n"), None),
        _ => {
            let words = format!("{with_id}\r\n{said}").replace("\r\n", "\n");
            Odd { bytes: words.into_bytes(), message_id: sure, bare_line_ends: true }
        }
    }
}

/// Thirty multiparts, one in the other.
fn nested(head: &str, said: &str) -> String {
    let mut mail = format!("{head}MIME-Version: 1.0\r\n");
    for depth in 0..30 {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"d{depth}\"\r\n\r\n--d{depth}\r\n"));
    }
    mail.push_str(&format!("Content-Type: text/plain\r\n\r\n{said}"));
    for depth in (0..30).rev() {
        mail.push_str(&format!("\r\n--d{depth}--\r\n"));
    }
    mail
}
