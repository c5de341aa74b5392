//! A certificate as the bearer of a public RSA key: whose it is, when it is valid, and whether it signed something.
//! Who issued it is not looked at: it is fetched over TLS from a host that is known.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use domain::clock::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// What is needed of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names of its hosts.
    pub names: Vec<String>,
    first_second: u64,
    last_second: u64,
    /// SubjectPublicKeyInfo, DER.
    key: Vec<u8>,
}

/// With what a signature begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// Only where the other side offers nothing better.
    Sha1,
    Sha256,
}

/// A text that is not exactly one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not exactly one certificate")]
pub struct NotACertificate;

/// A text without a certificate that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no certificate in it")]
pub struct NoCertificate;

impl Certificate {
    /// Reads the one certificate in a PEM text.
    ///
    /// # Errors
    /// When there is none, more than one, or it cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Certificate, NotACertificate> {
        let mut found = CertificateDer::pem_slice_iter(pem);
        let (Some(Ok(der)), None) = (found.next(), found.next()) else { return Err(NotACertificate) };
        Certificate::from_der(&der).map_err(|_| NotACertificate)
    }

    /// Reads the first certificate of a chain: the one whose key is used.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn first_of_pem(pem: &[u8]) -> Result<Certificate, NoCertificate> {
        let first = CertificateDer::pem_slice_iter(pem).next().and_then(Result::ok).ok_or(NoCertificate)?;
        Certificate::from_der(&first).map_err(|_| NoCertificate)
    }

    fn from_der(der: &[u8]) -> x509_cert::der::Result<Certificate> {
        let content = x509_cert::Certificate::from_der(der)?.tbs_certificate;
        let alternatives = content.get::<SubjectAltName>()?.map(|(_, names)| names.0).unwrap_or_default();
        let names = alternatives.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
            _ => None,
        });
        Ok(Certificate {
            names: names.collect(),
            first_second: content.validity.not_before.to_unix_duration().as_secs(),
            last_second: content.validity.not_after.to_unix_duration().as_secs(),
            key: content.subject_public_key_info.to_der()?,
        })
    }

    /// The last moment at which it is good.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        Timestamp::from_micros(i64::try_from(self.last_second).unwrap_or(i64::MAX).saturating_mul(1_000_000))
    }

    /// Whether it names this host, itself or with a star for its first label.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let above = host.split_once('.').map(|(_, above)| above);
        self.names
            .iter()
            .any(|name| *name == host || name.strip_prefix("*.").is_some_and(|rest| Some(rest) == above))
    }

    #[must_use]
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        u64::try_from(at.micros() / 1_000_000)
            .is_ok_and(|second| (self.first_second..=self.last_second).contains(&second))
    }

    /// Whether its key made this signature (RSA, PKCS #1 v1.5).
    #[must_use]
    pub fn has_signed(&self, digest: Digest, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match digest {
            Digest::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Digest::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(algorithm, &self.key).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (rcgen::KeyPair, String) {
        let key =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["sns.Example.com".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 12, 31);
        let pem = parameters.self_signed(&key).unwrap().pem();
        (key, pem)
    }

    #[test]
    fn a_certificate_tells_its_own_signatures() {
        use rcgen::SigningKey as _;
        let (key, pem) = made();
        let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(certificate.names, ["sns.example.com"]);
        assert!(certificate.is_for("SNS.example.com") && !certificate.is_for("example.com"));
        assert_eq!(certificate.ends_at().to_string(), "2026-12-31T00:00:00.000000Z");
        assert_eq!(Certificate::first_of_pem(pem.repeat(2).as_bytes()), Ok(certificate.clone()));
        let signature = key.sign(b"hello").unwrap();
        assert!(certificate.has_signed(Digest::Sha256, b"hello", &signature));
        assert!(!certificate.has_signed(Digest::Sha256, b"hallo", &signature));
        assert!(!certificate.has_signed(Digest::Sha1, b"hello", &signature));
        assert!(!certificate.has_signed(Digest::Sha256, b"hello", b""));
        for (day, valid) in [
            ("2025-12-31T23:59:59Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2026-12-31T00:00:00Z", true),
            ("2026-12-31T00:00:01Z", false),
            ("1969-01-01T00:00:00Z", false),
        ] {
            assert_eq!(certificate.is_valid_at(day.parse().unwrap()), valid, "{day}");
        }
    }

    #[test]
    fn only_one_certificate_is_a_certificate() {
        let (_, pem) = made();
        for wrong in ["".to_owned(), "hello".to_owned(), pem.repeat(2), pem.replace("MII", "MIJ")] {
            assert_eq!(Certificate::from_pem(wrong.as_bytes()), Err(NotACertificate));
        }
    }
}
