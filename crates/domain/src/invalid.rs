//! What is wrong with an input, said so that the sender can mend it: the place (JSON pointer) and what was expected.

use serde::{Deserialize, Serialize};

/// One fault in an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fault {
    /// RFC 6901 pointer to the field, for example `/to/0`; empty for the whole document.
    pub pointer: String,
    /// What was expected there, as a sentence without a full stop.
    pub detail: String,
}

/// All faults found in one input; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Invalid {
    pub faults: Vec<Fault>,
}

impl Invalid {
    /// One fault at one place.
    #[must_use]
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Invalid {
        Invalid { faults: vec![Fault { pointer: pointer.into(), detail: detail.into() }] }
    }

    /// The same faults, seen from an enclosing document: `/to` becomes `/messages/3/to`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Invalid {
        for fault in &mut self.faults {
            fault.pointer.insert_str(0, prefix);
        }
        self
    }

    fn sentence(&self) -> String {
        let parts: Vec<String> = self
            .faults
            .iter()
            .map(|fault| {
                if fault.pointer.is_empty() {
                    fault.detail.clone()
                } else {
                    format!("{}: {}", fault.pointer, fault.detail)
                }
            })
            .collect();
        parts.join("; ")
    }
}

/// Collects faults while the parts of an input are parsed, so that the sender sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes one fault.
    pub fn note(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), detail: detail.into() });
    }

    /// Takes the value, or notes the fault and gives nothing.
    pub fn take<T>(
        &mut self,
        pointer: impl Into<String>,
        parsed: Result<T, impl std::fmt::Display>,
    ) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(pointer, error.to_string());
                None
            }
        }
    }

    /// Fails when anything was noted.
    ///
    /// # Errors
    /// All faults noted so far.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid { faults: self.0 }) }
    }
}

/// A word that is not in a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}", .expected.join(", "))]
pub struct UnknownWord {
    pub expected: &'static [&'static str],
}
