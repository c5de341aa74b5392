//! What a server found out about the sender (RFC 8601). Anybody can write such a header, so only the topmost is read, and
//! its server is named, so that the reader can tell whether it is his own.

use serde::{Deserialize, Serialize};

/// The results of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuthenticationResults {
    /// The name of the server that checked, as it writes it.
    pub server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<AuthenticationResult>,
    /// Of several signatures the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dkim: Option<AuthenticationResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<AuthenticationResult>,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuthenticationResult {
    pub verdict: Verdict,
    /// The domain that was checked, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

domain::words! {
    /// How a check ended.
    pub enum Verdict {
        Pass = "pass",
        Fail = "fail",
        SoftFail = "softfail",
        Neutral = "neutral",
        Policy = "policy",
        TemporaryError = "temperror",
        PermanentError = "permerror",
        None = "none",
    }
}

/// From the first header of this name: servers add theirs on top.
pub(super) fn topmost(headers: &[(String, String)]) -> Option<AuthenticationResults> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"))?;
    read(value)
}

fn read(value: &str) -> Option<AuthenticationResults> {
    let value = without_comments(value);
    let mut pieces = value.split(';');
    let server = pieces.next()?.split_whitespace().next()?.trim_matches('"').to_owned();
    // A result in the place of the name: the server left its name out, and nobody can tell whose word it is.
    if server.is_empty() || server.contains('=') || server.len() > 255 {
        return None;
    }
    let mut results = AuthenticationResults { server, spf: None, dkim: None, dmarc: None };
    for piece in pieces.take(50) {
        let Some((method, result)) = one(piece) else { continue };
        let place = match method.as_str() {
            "spf" => &mut results.spf,
            "dkim" => &mut results.dkim,
            "dmarc" => &mut results.dmarc,
            _ => continue,
        };
        let is_better = place
            .as_ref()
            .is_none_or(|found| found.verdict != Verdict::Pass && result.verdict == Verdict::Pass);
        if is_better {
            *place = Some(result);
        }
    }
    Some(results)
}

/// `dkim=pass header.d=example.com`.
fn one(piece: &str) -> Option<(String, AuthenticationResult)> {
    let spaced = piece.replace(" =", "=").replace("= ", "=");
    let mut words = spaced.split_whitespace();
    let (method, verdict) = words.next()?.split_once('=')?;
    let method = method.split('/').next().unwrap_or(method).to_ascii_lowercase();
    let verdict = match verdict.to_ascii_lowercase().as_str() {
        "hardfail" => Verdict::Fail,
        "error" => Verdict::TemporaryError,
        "invalid" | "unknown" => Verdict::PermanentError,
        "bestguesspass" => Verdict::None,
        word => word.parse().ok()?,
    };
    let properties: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
    let wanted: &[&str] = match method.as_str() {
        "spf" => &["smtp.mailfrom", "smtp.helo", "envelope-from"],
        "dkim" => &["header.d", "header.i"],
        _ => &["header.from"],
    };
    let named =
        wanted.iter().find_map(|name| properties.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)));
    let domain = named.map(|(_, value)| value.trim_matches(['"', '<', '>']));
    let domain =
        domain.map(|value| value.rsplit_once('@').map_or(value, |(_, domain)| domain).to_ascii_lowercase());
    Some((method, AuthenticationResult { verdict, domain: domain.filter(|domain| !domain.is_empty()) }))
}

/// Comments may stand everywhere and hold anything, another result too.
fn without_comments(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut depth = 0_u32;
    let mut quoted = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if depth > 0 || quoted => {
                characters.next();
            }
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            // Within quotes nothing separates.
            ';' | '=' if quoted => out.push('_'),
            _ if depth == 0 => out.push(character),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(value: &str) -> Option<(String, [Option<String>; 3])> {
        let read = read(value)?;
        let word = |result: Option<AuthenticationResult>| {
            result.map(|result| format!("{} {}", result.verdict, result.domain.unwrap_or_default()))
        };
        Some((read.server, [word(read.spf), word(read.dkim), word(read.dmarc)]))
    }

    #[test]
    fn results_of_common_servers_are_read() {
        let some = |word: &str| Some(word.to_owned());
        for (value, expected) in [
            (
                "mx.example.net; dkim=pass header.i=@example.com header.s=s1 header.b=abc; spf=pass (mx.example.net: domain of jane@example.com designates 192.0.2.1; as permitted) smtp.mailfrom=jane@Example.com; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com",
                Some((
                    "mx.example.net".to_owned(),
                    [some("pass example.com"), some("pass example.com"), some("pass example.com")],
                )),
            ),
            ("mx.example.net 1; none", Some(("mx.example.net".to_owned(), [None, None, None]))),
            (
                "mx.example.net; dkim=fail reason=\"bad; spf=pass\" header.d=a.example; dkim = pass header.d=b.example; spf=softfail smtp.mailfrom=c.example",
                Some((
                    "mx.example.net".to_owned(),
                    [some("softfail c.example"), some("pass b.example"), None],
                )),
            ),
            (
                "mx.example.net; spf=hardfail (spf=pass) smtp.helo=h.example; dmarc/1=temperror",
                Some(("mx.example.net".to_owned(), [some("fail h.example"), None, some("temperror ")])),
            ),
            ("spf=pass smtp.mailfrom=x.example; dkim=pass", None),
            ("", None),
        ] {
            assert_eq!(verdicts(value), expected, "{value}");
        }
    }

    #[test]
    fn only_the_topmost_header_counts() {
        let headers = ["ours.example; spf=fail", "ours.example; spf=pass"]
            .map(|value| ("authentication-results".to_owned(), value.to_owned()));
        assert_eq!(topmost(&headers).unwrap().spf.unwrap().verdict, Verdict::Fail);
    }
}
