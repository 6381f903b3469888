use model::{Id, Timestamp};
use sqlx::types::Json;

/// A bound value. NULL keeps its type, because PostgreSQL wants to know it.
#[derive(Debug, Clone)]
pub enum Value {
    Bool(Option<bool>),
    I64(Option<i64>),
    F64(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Json(Option<Json<serde_json::Value>>),
    /// A full-text query, written in each engine's own language by `matching`.
    Search {
        sqlite: String,
        postgres: String,
    },
}

macro_rules! value_from { ($($variant:ident: $t:ty),* $(,)?) => { $(
    impl From<$t> for Value { fn from(v: $t) -> Self { Value::$variant(Some(v.into())) } }
    impl From<Option<$t>> for Value { fn from(v: Option<$t>) -> Self { Value::$variant(v.map(Into::into)) } }
)* } }
value_from!(Bool: bool, I64: i64, I64: i32, I64: u32, I64: u8, F64: f64, Text: String, Text: &str, Bytes: Vec<u8>, Bytes: &[u8], Json: Json<serde_json::Value>);

impl From<&String> for Value {
    fn from(v: &String) -> Self {
        Value::Text(Some(v.clone()))
    }
}
impl From<Option<&String>> for Value {
    fn from(v: Option<&String>) -> Self {
        Value::Text(v.cloned())
    }
}
impl<T> From<Id<T>> for Value {
    fn from(id: Id<T>) -> Self {
        Value::I64(Some(id.as_i64()))
    }
}
impl<T> From<Option<Id<T>>> for Value {
    fn from(id: Option<Id<T>>) -> Self {
        Value::I64(id.map(Id::as_i64))
    }
}
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Value::I64(Some(at.micros()))
    }
}
impl From<Option<Timestamp>> for Value {
    fn from(at: Option<Timestamp>) -> Self {
        Value::I64(at.map(Timestamp::micros))
    }
}
impl From<usize> for Value {
    fn from(n: usize) -> Self {
        Value::I64(Some(i64::try_from(n).unwrap_or(i64::MAX)))
    }
}
impl From<serde_json::Value> for Value {
    fn from(v: serde_json::Value) -> Self {
        Value::Json(Some(Json(v)))
    }
}
impl From<Option<serde_json::Value>> for Value {
    fn from(v: Option<serde_json::Value>) -> Self {
        Value::Json(v.map(Json))
    }
}
/// A list of ids for `IN [ids "$1"]`: one JSON array, whatever its length.
impl<T> From<&[Id<T>]> for Value {
    fn from(ids: &[Id<T>]) -> Self {
        Value::Json(Some(Json(ids.iter().map(|id| id.as_i64()).collect())))
    }
}
/// A list of texts for `IN [texts "$1"]`.
impl From<&[String]> for Value {
    fn from(texts: &[String]) -> Self {
        Value::Json(Some(Json(texts.iter().cloned().collect())))
    }
}

/// `args![a, b, c]`: whatever converts into [`Value`].
#[macro_export]
macro_rules! args { ($($v:expr),* $(,)?) => { vec![$($crate::Value::from($v)),*] } }

macro_rules! bind {
    ($kind:ty, $values:expr, $search:ident) => {{
        use sqlx::Arguments as _;
        let mut bound = <$kind>::default();
        for value in $values {
            match value {
                $crate::Value::Bool(v) => bound.add(v),
                $crate::Value::I64(v) => bound.add(v),
                $crate::Value::F64(v) => bound.add(v),
                $crate::Value::Text(v) => bound.add(v),
                $crate::Value::Bytes(v) => bound.add(v),
                $crate::Value::Json(v) => bound.add(v),
                $crate::Value::Search { $search, .. } => bound.add($search),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        bound
    }};
}
pub(crate) use bind;
