//! Canned responses: texts with variables such as `{{contact.first_name|there}}`, parsed once and filled in purely.

/// One variable that stands for something of the conversation at hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Variable {
    ContactName,
    ContactFirstName,
    ContactEmail,
    /// An attribute that the business gave to the contact.
    ContactAttribute(String),
    AgentName,
    AgentFirstName,
    ConversationSubject,
    ConversationId,
    BusinessName,
}

/// As people write them; `x` stands for the name of an attribute.
pub const VARIABLES: &[&str] = &[
    "contact.name",
    "contact.first_name",
    "contact.email",
    "contact.attributes.x",
    "agent.name",
    "agent.first_name",
    "conversation.subject",
    "conversation.id",
    "business.name",
];

impl Variable {
    /// Reads a name; nothing when there is no such variable.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Variable> {
        Some(match name {
            "contact.name" => Variable::ContactName,
            "contact.first_name" => Variable::ContactFirstName,
            "contact.email" => Variable::ContactEmail,
            "agent.name" => Variable::AgentName,
            "agent.first_name" => Variable::AgentFirstName,
            "conversation.subject" => Variable::ConversationSubject,
            "conversation.id" => Variable::ConversationId,
            "business.name" => Variable::BusinessName,
            _ => {
                let attribute = name.strip_prefix("contact.attributes.")?.trim();
                if attribute.is_empty() {
                    return None;
                }
                Variable::ContactAttribute(attribute.to_owned())
            }
        })
    }

    /// As people write it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Variable::ContactName => "contact.name".to_owned(),
            Variable::ContactFirstName => "contact.first_name".to_owned(),
            Variable::ContactEmail => "contact.email".to_owned(),
            Variable::ContactAttribute(attribute) => format!("contact.attributes.{attribute}"),
            Variable::AgentName => "agent.name".to_owned(),
            Variable::AgentFirstName => "agent.first_name".to_owned(),
            Variable::ConversationSubject => "conversation.subject".to_owned(),
            Variable::ConversationId => "conversation.id".to_owned(),
            Variable::BusinessName => "business.name".to_owned(),
        }
    }
}

/// A text in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Hole { variable: Variable, otherwise: Option<String>, written: String },
}

/// Names between `{{` and `}}` that stand for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no variable {}; there are {}", .0.join(", "), VARIABLES.join(", "))]
pub struct UnknownVariables(pub Vec<String>);

/// A text with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// The variables of which nothing is known and that have no default, each once. They still stand in the text, in their
    /// braces, so that nobody sends a gap without seeing it.
    pub missing: Vec<String>,
}

impl Template {
    /// Reads a text. Braces that are not closed on their line are ordinary words.
    ///
    /// # Errors
    /// All names that are no variables.
    pub fn parse(text: &str) -> Result<Template, UnknownVariables> {
        let (mut pieces, mut unknown) = (Vec::new(), Vec::new());
        let mut words = String::new();
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            let Some(inside) = hole(&rest[open + 2..]) else {
                words.push_str(&rest[..open + 2]);
                rest = &rest[open + 2..];
                continue;
            };
            words.push_str(&rest[..open]);
            let end = open + 2 + inside.len() + 2;
            let written = &rest[open..end];
            let (name, otherwise) = match inside.split_once('|') {
                Some((name, otherwise)) => (name.trim(), Some(otherwise.trim().to_owned())),
                None => (inside.trim(), None),
            };
            match Variable::of_name(name) {
                Some(variable) => {
                    pieces.push(Piece::Words(std::mem::take(&mut words)));
                    pieces.push(Piece::Hole { variable, otherwise, written: written.to_owned() });
                }
                None if unknown.iter().any(|known| known == name) => {}
                None => unknown.push(name.to_owned()),
            }
            rest = &rest[end..];
        }
        words.push_str(rest);
        pieces.push(Piece::Words(words));
        if unknown.is_empty() { Ok(Template { pieces }) } else { Err(UnknownVariables(unknown)) }
    }

    /// Fills in what `value_of` knows; an empty value counts as unknown. Values are never read as templates themselves.
    pub fn render(&self, value_of: impl Fn(&Variable) -> Option<String>) -> Rendered {
        let mut rendered = Rendered { text: String::new(), missing: Vec::new() };
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => rendered.text.push_str(words),
                Piece::Hole { variable, otherwise, written } => {
                    let value = value_of(variable).filter(|value| !value.trim().is_empty());
                    match value.or_else(|| otherwise.clone()) {
                        Some(value) => rendered.text.push_str(&value),
                        None => {
                            rendered.text.push_str(written);
                            let name = variable.name();
                            if !rendered.missing.contains(&name) {
                                rendered.missing.push(name);
                            }
                        }
                    }
                }
            }
        }
        rendered
    }
}

/// What stands before the closing braces, when they close on the same line and nothing else opens before.
fn hole(behind: &str) -> Option<&str> {
    let inside = &behind[..behind.find("}}")?];
    (!inside.contains(['{', '}', '\n', '\r'])).then_some(inside)
}

/// The first word of a name: how one addresses somebody in a friendly letter.
#[must_use]
pub fn first_name(name: &str) -> &str {
    // `Doe, Jane` is a surname first.
    let given = name.split_once(',').map_or(name, |(_, given)| given);
    given.split_whitespace().next().or_else(|| name.split_whitespace().next()).unwrap_or_default()
}
