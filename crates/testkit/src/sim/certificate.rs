//! A certificate for a host, good from one day to another, as PEM.

/// Made new each time. Days are year, month, day.
///
/// # Panics
/// When the host is no name or a day does not exist.
#[must_use]
pub fn certificate(host: &str, first: (i32, u8, u8), last: (i32, u8, u8)) -> String {
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let mut parameters = rcgen::CertificateParams::new(vec![host.to_owned()]).expect("a name");
    parameters.not_before = rcgen::date_time_ymd(first.0, first.1, first.2);
    parameters.not_after = rcgen::date_time_ymd(last.0, last.1, last.2);
    parameters.self_signed(&key).expect("a certificate can be signed").pem()
}
