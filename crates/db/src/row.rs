use model::{Id, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;

use crate::{Error, Result};

/// One row of an answer, whichever engine gave it.
pub enum Cells<'r> {
    Sqlite(&'r SqliteRow),
    Pg(&'r PgRow),
}

#[derive(Debug, Clone, Copy)]
pub enum Place {
    Name(&'static str),
    Index(usize),
}

impl Cells<'_> {
    pub fn get<T: Column>(&self, name: &'static str) -> Result<T> {
        T::read(self, Place::Name(name))
    }
}

/// What a row is read into; made by [`row!`](crate::row!), and tuples are rows by position.
pub trait Row: Sized {
    fn read(cells: &Cells<'_>) -> Result<Self>;
}

/// What a column is read into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a column",
    note = "use `db::text_column!` for enums that are stored as text"
)]
pub trait Column: Sized {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self>;
}

macro_rules! engine_column { ($($t:ty),*) => { $(
    impl Column for $t {
        fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
            Ok(match (cells, place) {
                (Cells::Sqlite(row), Place::Name(name)) => row.try_get(name)?,
                (Cells::Sqlite(row), Place::Index(at)) => row.try_get(at)?,
                (Cells::Pg(row), Place::Name(name)) => row.try_get(name)?,
                (Cells::Pg(row), Place::Index(at)) => row.try_get(at)?,
            })
        }
    }
)* } }
engine_column!(bool, i64, f64, String, Vec<u8>, Option<bool>, Option<i64>, Option<f64>, Option<String>, Option<Vec<u8>>);

impl<T> Column for Id<T> {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        i64::read(cells, place).map(Id::from_i64)
    }
}
impl<T> Column for Option<Id<T>> {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        Ok(Option::<i64>::read(cells, place)?.map(Id::from_i64))
    }
}
impl Column for Timestamp {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        i64::read(cells, place).map(Timestamp::from_micros)
    }
}
impl Column for Option<Timestamp> {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        Ok(Option::<i64>::read(cells, place)?.map(Timestamp::from_micros))
    }
}
impl<T: DeserializeOwned> Column for Option<Json<T>> {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        // Through text-free JSON values once: sqlx's own Json<T> would be compiled per T and engine.
        let value: Option<Json<serde_json::Value>> = match (cells, place) {
            (Cells::Sqlite(row), Place::Name(name)) => row.try_get(name)?,
            (Cells::Sqlite(row), Place::Index(at)) => row.try_get(at)?,
            (Cells::Pg(row), Place::Name(name)) => row.try_get(name)?,
            (Cells::Pg(row), Place::Index(at)) => row.try_get(at)?,
        };
        value
            .map(|Json(value)| {
                serde_json::from_value(value).map(Json).map_err(|e| Error::Column { column: format!("{place:?}"), why: e.to_string() })
            })
            .transpose()
    }
}
impl<T: DeserializeOwned> Column for Json<T> {
    fn read(cells: &Cells<'_>, place: Place) -> Result<Self> {
        Option::<Json<T>>::read(cells, place)?.ok_or_else(|| Error::Column { column: format!("{place:?}"), why: "is NULL".into() })
    }
}

/// A struct that is a row: `row! { pub struct Watch { pub id: Id<kinds::Watch>, pub name: String } }`, read by column name.
#[macro_export]
macro_rules! row { ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $t:ty),* $(,)? })*) => { $(
    $(#[$meta])* #[derive(Debug, Clone)] $vis struct $name { $($(#[$field_meta])* $field_vis $field: $t),* }
    impl $crate::Row for $name {
        fn read(cells: &$crate::Cells<'_>) -> $crate::Result<Self> { Ok(Self { $($field: cells.get(stringify!($field))?),* }) }
    }
)* } }

/// Reads an enum with `FromStr` from a TEXT column and binds it by its `name()`.
#[macro_export]
macro_rules! text_column { ($($t:ty),* $(,)?) => { $(
    impl $crate::Column for $t {
        fn read(cells: &$crate::Cells<'_>, place: $crate::Place) -> $crate::Result<Self> {
            let text = <String as $crate::Column>::read(cells, place)?;
            text.parse().map_err(|_| $crate::Error::Column { column: format!("{place:?}"), why: format!("{text:?} is no {}", stringify!($t)) })
        }
    }
    impl From<$t> for $crate::Value { fn from(v: $t) -> Self { $crate::Value::Text(Some(v.name().into())) } }
)* } }

macro_rules! tuple_rows { ($(($($t:ident $at:tt),*))*) => { $(
    impl<$($t: Column),*> Row for ($($t,)*) {
        fn read(cells: &Cells<'_>) -> Result<Self> { Ok(($($t::read(cells, Place::Index($at))?,)*)) }
    }
)* } }
tuple_rows! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5) }
