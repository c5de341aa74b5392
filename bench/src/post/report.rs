//! Bounces as mail servers write them (RFC 3464), from the null sender.

/// What a bounce is about.
#[derive(Debug)]
pub struct Bounced<'a> {
    pub recipient: &'a str,
    pub subject: &'a str,
    /// Of the mail that came back.
    pub message_id: &'a str,
}

/// The bytes of the bounce with that Message-ID.
pub fn write(message_id: &str, bounced: &Bounced<'_>) -> Vec<u8> {
    let Bounced { recipient, subject, message_id: original } = bounced;
    format!(
        "Date: Fri, 20 Nov 2026 15:00:00 +0000\r\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\n\
         To: support@example.com\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{message_id}>\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B/mx.example.com\"\r\n\r\n\
         --B/mx.example.com\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         This is the mail system at host mx.example.com.\r\n\r\nI'm sorry to have to inform you that your message could not\r\n\
         be delivered to one or more recipients.\r\n\r\n<{recipient}>: host mx.elsewhere.example.com said: 550 5.1.1 <{recipient}>:\r\n    \
         Recipient address rejected: User unknown (in reply to RCPT TO command)\r\n\r\n\
         --B/mx.example.com\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.com\r\nArrival-Date: Fri, 20 Nov 2026 14:59:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nOriginal-Recipient: rfc822;{recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Remote-MTA: dns; mx.elsewhere.example.com\r\nDiagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected: User\r\n    \
         unknown\r\n\r\n\
         --B/mx.example.com\r\nContent-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         From: support@example.com\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{original}>\r\n\r\n\
         --B/mx.example.com--\r\n"
    )
    .into_bytes()
}
