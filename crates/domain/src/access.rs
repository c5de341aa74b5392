//! Who may do what: roles of people, scopes of keys, and the one list of permissions that both are made of.

crate::words! {
    /// One thing that somebody may do.
    #[derive(PartialOrd, Ord)]
    pub enum Permission {
        MessagesRead = "messages:read",
        MessagesWrite = "messages:write",
        ConversationsRead = "conversations:read",
        ConversationsWrite = "conversations:write",
        ContactsRead = "contacts:read",
        ContactsWrite = "contacts:write",
        ChannelsRead = "channels:read",
        ChannelsWrite = "channels:write",
        JournalRead = "journal:read",
        JournalWrite = "journal:write",
        InboundWrite = "inbound:write",
        EventsRead = "events:read",
        UsersRead = "users:read",
        UsersWrite = "users:write",
        KeysRead = "keys:read",
        KeysWrite = "keys:write",
        AuditRead = "audit:read",
        SettingsRead = "settings:read",
        SettingsWrite = "settings:write",
        /// Canned responses, tags, teams and views that everybody uses.
        InboxConfigure = "inbox:configure",
    }
}

crate::words! {
    /// What a person is in a tenant.
    pub enum Role {
        /// Everything, and the only one who makes owners.
        Owner = "owner",
        /// Everything but owners.
        Admin = "admin",
        /// Works the inbox.
        Agent = "agent",
        /// Reads the inbox.
        Viewer = "viewer",
    }
}

impl Role {
    /// Whether this role carries the permission.
    #[must_use]
    pub fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Role::Owner | Role::Admin => true,
            Role::Agent => matches!(
                permission,
                P::MessagesRead
                    | P::MessagesWrite
                    | P::ConversationsRead
                    | P::ConversationsWrite
                    | P::ContactsRead
                    | P::ContactsWrite
                    | P::ChannelsRead
                    | P::JournalRead
                    | P::EventsRead
                    | P::UsersRead
                    | P::InboxConfigure
            ),
            Role::Viewer => matches!(
                permission,
                P::MessagesRead
                    | P::ConversationsRead
                    | P::ContactsRead
                    | P::ChannelsRead
                    | P::EventsRead
                    | P::UsersRead
            ),
        }
    }

    /// Whether this role may give `other` to somebody, or take it away: only owners make owners.
    #[must_use]
    pub fn may_grant(self, other: Role) -> bool {
        match self {
            Role::Owner => true,
            Role::Admin => other != Role::Owner,
            Role::Agent | Role::Viewer => false,
        }
    }
}

/// What an API key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scopes {
    /// `*`: everything, now and in later versions.
    All,
    Some(Vec<Permission>),
}

/// A scope that does not exist, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected * or a list of permissions such as messages:write, not {0:?}")]
pub struct UnknownScope(pub String);

impl Scopes {
    /// Reads scopes as they are written in requests and in the database.
    ///
    /// # Errors
    /// Names the first word that is no scope.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Scopes, UnknownScope> {
        if words.iter().any(|word| word.as_ref() == "*") {
            return Ok(Scopes::All);
        }
        if words.is_empty() {
            return Err(UnknownScope(String::new()));
        }
        let permissions = words
            .iter()
            .map(|word| word.as_ref().parse().map_err(|_| UnknownScope(word.as_ref().to_owned())))
            .collect::<Result<Vec<Permission>, _>>()?;
        Ok(Scopes::Some(permissions))
    }

    /// As they are written.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Scopes::All => vec!["*".to_owned()],
            Scopes::Some(permissions) => permissions.iter().map(ToString::to_string).collect(),
        }
    }

    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        match self {
            Scopes::All => true,
            Scopes::Some(permissions) => permissions.contains(&permission),
        }
    }
}

crate::words! {
    /// What kind of actor did something.
    pub enum ActorKind {
        /// A person who signed in.
        User = "user",
        /// A program with an API key.
        Key = "key",
        /// The server itself, or its operator at the command line.
        System = "system",
    }
}

/// Who does something, as written into messages and the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// The id of the user or key; none for the system.
    pub id: Option<String>,
}

impl Actor {
    /// The server or its operator.
    #[must_use]
    pub const fn system() -> Actor {
        Actor { kind: ActorKind::System, id: None }
    }
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    Role(Role),
    Scopes(Scopes),
}

/// Somebody who was let in: of which tenant, who, and what is allowed. Every use case that acts for somebody takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub tenant: crate::ids::TenantId,
    pub actor: Actor,
    /// The name to show.
    pub name: String,
    pub grant: Grant,
}

/// An attempt to do what is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Whoever asks does not have it.
    #[error("this needs the permission {0}")]
    Permission(Permission),
    /// Nobody makes or alters people above himself, and a key no owner.
    #[error("only an owner who is signed in may make somebody {0}, or alter one")]
    Person(Role),
}

impl Principal {
    /// The operator at the command line, or the server itself.
    #[must_use]
    pub fn system(tenant: crate::ids::TenantId) -> Principal {
        Principal {
            tenant,
            actor: Actor::system(),
            name: "system".to_owned(),
            grant: Grant::Scopes(Scopes::All),
        }
    }

    #[must_use]
    pub fn allows(&self, permission: Permission) -> bool {
        match &self.grant {
            Grant::Role(role) => role.allows(permission),
            Grant::Scopes(scopes) => scopes.allow(permission),
        }
    }

    /// The one place where permission is asked for.
    ///
    /// # Errors
    /// [`Forbidden`] names the permission that is missing.
    pub fn require(&self, permission: Permission) -> Result<(), Forbidden> {
        if self.allows(permission) { Ok(()) } else { Err(Forbidden::Permission(permission)) }
    }

    /// Every permission that this one has.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.allows(*permission)).collect()
    }
}
