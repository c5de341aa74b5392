//! Values on their way into a statement. Both databases know four kinds: nothing, whole number, text, bytes.
//! Text never holds NUL: PostgreSQL refuses it, so `U+FFFD` stands in its place on both.

use std::borrow::Cow;

use domain::clock::Timestamp;
use domain::ids::{Id, Kind, TenantId};

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl Arg<'_> {
    pub(crate) fn into_owned(self) -> Arg<'static> {
        match self {
            Arg::Null => Arg::Null,
            Arg::Int(number) => Arg::Int(number),
            Arg::Text(text) => Arg::Text(Cow::Owned(text.into_owned())),
            Arg::Bytes(bytes) => Arg::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

/// The most bytes of a text in an index. PostgreSQL takes entries of up to 2,700 bytes, and a replaced NUL is three.
const INDEXED: usize = 800;

/// The beginning of a text by which rows are found. Strangers choose subjects and names, so these may be of any length; use
/// it for what is written and for what is looked for.
#[must_use]
pub fn indexed(text: &str) -> &str {
    &text[..text.floor_char_boundary(INDEXED)]
}

/// What can stand as an argument.
pub trait ToArg {
    fn to_arg(&self) -> Arg<'_>;
}

/// The arguments of a statement, as an array: `args![tenant, id, &name]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::db::ToArg::to_arg(&$value)),*] };
}

impl ToArg for i64 {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(*self)
    }
}
impl ToArg for u32 {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(i64::from(*self))
    }
}
impl ToArg for usize {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}
impl ToArg for bool {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(i64::from(*self))
    }
}
impl ToArg for str {
    fn to_arg(&self) -> Arg<'_> {
        // Mail may carry NUL in any header or body. A mark that a person can see says more than a text cut short.
        if self.as_bytes().contains(&0) {
            Arg::Text(Cow::Owned(self.replace('\0', "\u{fffd}")))
        } else {
            Arg::Text(Cow::Borrowed(self))
        }
    }
}
impl ToArg for String {
    fn to_arg(&self) -> Arg<'_> {
        self.as_str().to_arg()
    }
}
impl ToArg for [u8] {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Cow::Borrowed(self))
    }
}
impl ToArg for Vec<u8> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Cow::Borrowed(self))
    }
}
impl<const N: usize> ToArg for [u8; N] {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Cow::Borrowed(self))
    }
}
impl ToArg for bytes::Bytes {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Cow::Borrowed(self))
    }
}
impl ToArg for Timestamp {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(self.micros())
    }
}
impl ToArg for TenantId {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Int(self.0)
    }
}
impl<K: Kind> ToArg for Id<K> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Cow::Owned(self.to_string()))
    }
}
impl<T: ToArg> ToArg for Option<T> {
    fn to_arg(&self) -> Arg<'_> {
        self.as_ref().map_or(Arg::Null, ToArg::to_arg)
    }
}
impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}
impl ToArg for serde_json::Value {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Cow::Owned(self.to_string()))
    }
}
impl ToArg for Arg<'_> {
    fn to_arg(&self) -> Arg<'_> {
        self.clone()
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value, ValueRef};
        Ok(match self {
            Arg::Null => ToSqlOutput::Owned(Value::Null),
            Arg::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Arg::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Arg::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl tokio_postgres::types::ToSql for Arg<'_> {
    fn to_sql(
        &self,
        kind: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Arg::Null => Ok(tokio_postgres::types::IsNull::Yes),
            Arg::Int(number) => number.to_sql(kind, out),
            Arg::Text(text) => text.as_ref().to_sql(kind, out),
            Arg::Bytes(bytes) => bytes.as_ref().to_sql(kind, out),
        }
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        use tokio_postgres::types::Type;
        let fits = match self {
            Arg::Null => true,
            Arg::Int(_) => *kind == Type::INT8,
            Arg::Text(_) => *kind == Type::TEXT || *kind == Type::VARCHAR,
            Arg::Bytes(_) => *kind == Type::BYTEA,
        };
        if fits {
            tokio_postgres::types::ToSql::to_sql(self, kind, out)
        } else {
            Err(format!("an argument {self:?} cannot stand for {kind}").into())
        }
    }
}
