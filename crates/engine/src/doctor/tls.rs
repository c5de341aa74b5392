//! The certificate with which the SMTP listener offers TLS: how long it is good, and for which name.

use std::time::Duration;

use net::signature::certificate::Certificate;

use super::Patient;
use super::report::{Area, Check, in_words};

const DAY: Duration = Duration::from_secs(86_400);
/// Certificates are renewed by programs a month before; when one has not been, something is wrong with that.
const SOON: Duration = Duration::from_secs(21 * 86_400);

pub(super) async fn look(patient: &Patient<'_>) -> Check {
    let (area, name) = (Area::Tls, "SMTP certificate");
    let Some(path) = patient.core.options.doctor.smtp_certificate.clone() else {
        return Check::skipped(area, name, "the SMTP listener has no certificate").advising(
            "Without one, mail comes to the listener unencrypted. Set smtp_tls_certificate and smtp_tls_key.",
        );
    };
    let shown = path.display().to_string();
    let read = tokio::fs::read(path).await.map_err(|error| error.to_string());
    let certificate = read.and_then(|pem| Certificate::first_of_pem(&pem).map_err(|error| error.to_string()));
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(error) => {
            return Check::problem(area, name, format!("{shown} cannot be read: {error}"))
                .advising("Name the certificate chain in PEM; the server's own certificate comes first.");
        }
    };
    let (now, ends) = (patient.now(), certificate.ends_at());
    let hostname = &patient.core.options.hostname;
    let renew = "Renew it, and restart the server so that it is used.";
    if now > ends {
        let detail = format!("it ended {} ago", in_words(now.since(ends)));
        return Check::problem(area, name, detail).advising(renew);
    }
    if !certificate.is_valid_at(now) {
        return Check::problem(area, name, "it is not good yet")
            .advising("Look at its dates and at the clock.");
    }
    let left = ends.since(now);
    let days = left.as_secs() / DAY.as_secs();
    if !certificate.is_for(hostname) {
        let names = certificate.names.join(", ");
        return Check::warning(
            area,
            name,
            format!("it is for {names}, and this server calls itself {hostname}"),
        )
        .advising("Set hostname to a name in the certificate, or get one for this name.");
    }
    let detail = format!("good for {days} more days, for {hostname}");
    if left < SOON {
        Check::warning(area, name, detail).advising(renew)
    } else {
        Check::ok(area, name, detail)
    }
}
