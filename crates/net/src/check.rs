//! The steps of checking an account, as a person sees them.

/// One step and how it went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct CheckStep {
    /// What was tried, in a word: `connect`, `tls`, `greeting`, `auth`.
    pub name: String,
    pub ok: bool,
    /// The other side's words, or ours.
    pub detail: String,
}

impl CheckStep {
    #[must_use]
    pub fn passed(name: impl Into<String>, detail: impl Into<String>) -> CheckStep {
        CheckStep { name: name.into(), ok: true, detail: detail.into() }
    }

    #[must_use]
    pub fn failed(name: impl Into<String>, detail: impl Into<String>) -> CheckStep {
        CheckStep { name: name.into(), ok: false, detail: detail.into() }
    }
}
