//! AWS Signature Version 4: a request is signed with a key made for one day, one region and one service. Pure.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;

use domain::clock::Timestamp;

use super::{hmac_sha256, sha256_hex};

/// Who signs, and for what.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    pub region: &'a str,
    pub service: &'a str,
}

/// What is signed of a request without a query.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub method: &'a str,
    /// As it stands in the URL, percent signs and all.
    pub path: &'a str,
    /// Names in lower case; `host` and `x-amz-date` among them.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// The value of the header `Authorization`. The date is that of the header `x-amz-date`.
#[must_use]
pub fn authorization(signer: Signer<'_>, request: &Signed<'_>, amz_date: &str) -> String {
    let mut headers = request.headers.to_vec();
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let day = amz_date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", signer.region, signer.service);
    let canonical = sha256_hex(canonical_request(request, &headers, &names).as_bytes());
    let to_sign = format!("AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{canonical}");
    let signature = hex::encode(hmac_sha256(&signing_key(signer, day), to_sign.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        signer.access_key_id
    )
}

/// A time as `x-amz-date` has it: `20150830T123600Z`.
#[must_use]
pub fn amz_date(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

fn canonical_request(request: &Signed<'_>, headers: &[(&str, &str)], names: &str) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(lines, "{name}:{value}").expect("text takes text");
    }
    let path = canonical_path(request.path);
    format!("{}\n{path}\n\n{lines}\n{names}\n{}", request.method, sha256_hex(request.body))
}

/// The path is encoded once more, as every service but S3 wants it: `%40` becomes `%2540`.
fn canonical_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len() + 8);
    for byte in if path.is_empty() { b"/" } else { path.as_bytes() } {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("text takes text");
        }
    }
    encoded
}

fn signing_key(signer: Signer<'_>, day: &str) -> [u8; 32] {
    let secret = format!("AWS4{}", signer.secret_access_key);
    [day, signer.region, signer.service, "aws4_request"]
        .iter()
        .fold(None::<[u8; 32]>, |key, part| {
            let key = key.as_ref().map_or(secret.as_bytes(), <[u8; 32]>::as_slice);
            Some(hmac_sha256(key, part.as_bytes()))
        })
        .expect("there are four parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "20150830T123600Z";

    fn signer(service: &'static str) -> Signer<'static> {
        Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service,
        }
    }

    #[test]
    fn requests_are_signed_as_the_published_suite_signs_them() {
        // aws4_testsuite: get-vanilla and post-x-www-form-urlencoded; the third in the shape of SES, agreed by botocore.
        let host = ("host", "example.amazonaws.com");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let date = ("x-amz-date", DATE);
        let ses = [
            ("x-amz-date", DATE),
            ("host", "email.us-east-1.amazonaws.com"),
            ("content-type", "application/json"),
        ];
        let mail = br#"{"FromEmailAddress":"a@example.com","Destination":{"ToAddresses":["b@example.com"]},"Content":{"Raw":{"Data":"VG86IGIK"}}}"#;
        for (service, method, path, headers, body, names, signature) in [
            (
                "service",
                "GET",
                "/",
                &[host, date][..],
                &b""[..],
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "service",
                "POST",
                "/",
                &[form, host, date],
                b"Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "ses",
                "POST",
                "/v2/email/outbound-emails",
                &ses,
                mail,
                "content-type;host;x-amz-date",
                "dc16b56c2d809f0934297787e0eac7e504d346a4d8a03f4ef9e9c800559f3c94",
            ),
        ] {
            let request = Signed { method, path, headers, body };
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(authorization(signer(service), &request, DATE), expected);
        }
        let key = hex::encode(signing_key(signer("ses"), "20150830"));
        assert_eq!(key, "014f8b93dc29e3ee7ef062512b3883d17b978ea40bcb697e6e861e81a8a5a60b");
    }

    #[test]
    fn paths_are_encoded_once_more() {
        assert_eq!(canonical_path("/v2/email/identities/a%40b~c"), "/v2/email/identities/a%2540b~c");
        assert_eq!(canonical_path(""), "/");
    }

    #[test]
    fn dates_are_written_without_marks() {
        assert_eq!(amz_date(Timestamp::from_micros(1_440_938_160_999_999)), DATE);
    }
}
