//! Values at the edge. Ids travel as `ID`; a wrong or malformed one is refused naming its field. The scalars of our own
//! take any value for the same reason: a scalar that refuses cannot say which field it was in.

use async_graphql::{
    ID, InputValueError, InputValueResult, MaybeUndefined, Scalar, ScalarType, Value,
};
use chrono::NaiveTime;

use crate::kernel::change::Change;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, Kind};

/// Reads an id from an input field.
pub fn id<K: Kind>(field: &str, text: &ID) -> Result<Id<K>> {
    text.parse()
        .map_err(|error: crate::kernel::id::BadId| Error::invalid(field, error.to_string()))
}

/// Reads an id that may be left out.
pub fn optional_id<K: Kind>(field: &str, text: Option<&ID>) -> Result<Option<Id<K>>> {
    text.map(|text| id(field, text)).transpose()
}

/// An id on its way out.
pub fn out<K: Kind>(id: Id<K>) -> ID {
    ID(id.to_string())
}

/// A field of an update: left out it is kept, `null` clears it.
impl<T> From<MaybeUndefined<T>> for Change<T> {
    fn from(field: MaybeUndefined<T>) -> Self {
        match field {
            MaybeUndefined::Undefined => Self::Keep,
            MaybeUndefined::Null => Self::Clear,
            MaybeUndefined::Value(value) => Self::To(value),
        }
    }
}

/// A GeoJSON geometry object (RFC 7946), such as
/// `{"type": "Polygon", "coordinates": [[[34.76, -0.09], [34.77, -0.09], [34.77, -0.08], [34.76, -0.09]]]}`.
/// Positions are `[longitude, latitude]` in degrees (WGS 84). As input a `Feature` around a geometry is taken too.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoJson(pub serde_json::Value);

/// A GeoJSON geometry object (RFC 7946), such as
/// `{"type": "Polygon", "coordinates": [[[34.76, -0.09], [34.77, -0.09], [34.77, -0.08], [34.76, -0.09]]]}`.
/// Positions are `[longitude, latitude]` in degrees (WGS 84). As input a `Feature` around a geometry is taken too.
#[Scalar(
    name = "GeoJson",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc7946"
)]
impl ScalarType for GeoJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// A time of day on the clocks of a place: `08:30`, or `08:30:15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime(String);

impl LocalTime {
    pub fn read(&self, field: &str) -> Result<NaiveTime> {
        let read = |format| NaiveTime::parse_from_str(&self.0, format).ok();
        read("%H:%M").or_else(|| read("%H:%M:%S")).ok_or_else(|| {
            Error::invalid(field, "a time of day looks like 08:30, from 00:00 to 23:59")
        })
    }
}

impl From<NaiveTime> for LocalTime {
    fn from(time: NaiveTime) -> Self {
        let whole = chrono::Timelike::second(&time) == 0;
        let format = if whole { "%H:%M" } else { "%H:%M:%S" };
        Self(time.format(format).to_string())
    }
}

/// A time of day on the clocks of a place: `08:30`, or `08:30:15`.
#[Scalar(name = "LocalTime")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Ok(Self(other.to_string())),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_forms() {
        let read = |text: &str| {
            LocalTime(text.to_owned())
                .read("starts")
                .map(|time| time.to_string())
        };
        assert_eq!(read("08:30").unwrap(), "08:30:00");
        assert_eq!(read("23:59:59").unwrap(), "23:59:59");
        for wrong in ["", "8", "24:00", "08:60", "08:30:60x", "half past eight"] {
            assert_eq!(
                read(wrong).unwrap_err().field.as_deref(),
                Some("starts"),
                "{wrong}"
            );
        }
    }
}
