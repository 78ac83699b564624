//! Thinks: what a place is, where its fence runs, and what is near.

use chrono_tz::Tz;

use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{Fence, FencePolygon, Point};
use crate::kernel::id::{ClientId, ContactId, MemberId, PlaceId};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// The radius of a circle that nobody gave one: a building and its yard.
const USUAL_RADIUS_M: f64 = 100.0;
/// A smaller circle would be smaller than the error of a phone's position; a larger one is not a place.
const CIRCLE_M: std::ops::RangeInclusive<i32> = 20..=5_000;
/// How far beyond the edge of a polygon still counts as inside.
const TOLERANCE_M: std::ops::RangeInclusive<i32> = 0..=5_000;
/// As far as a search looks.
const FARTHEST_M: f64 = 50_000.0;
/// The mean radius of the Earth (IUGG).
const EARTH_M: f64 = 6_371_008.8;

/// Somewhere people work, perhaps with a fence.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub id: PlaceId,
    pub name: String,
    pub address: Option<String>,
    pub position: Option<Point>,
    /// The radius of a circle, or the tolerance outside a polygon.
    pub radius_m: Option<i32>,
    pub polygon: Option<FencePolygon>,
    pub time_zone: Tz,
    pub external_ref: Option<String>,
    pub created_at: Instant,
    pub archived_at: Option<Instant>,
}

/// Which shape a fence has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FenceKind {
    Circle,
    Polygon,
    None,
}

impl FenceKind {
    /// `circle`: as rules read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Polygon => "polygon",
            Self::None => "none",
        }
    }
}

impl Place {
    /// The edge to judge positions by. A radius given by a rule goes before the place's own; a polygon has no radius.
    pub fn fence(&self, radius_m: Option<f64>) -> Option<Fence> {
        let own = self.radius_m.map(f64::from);
        if let Some(polygon) = self.polygon.clone() {
            return Some(Fence::Polygon {
                polygon,
                tolerance_m: own.unwrap_or(0.0),
            });
        }
        let radius_m = radius_m.or(own).unwrap_or(USUAL_RADIUS_M);
        self.position
            .map(|center| Fence::Circle { center, radius_m })
    }

    pub fn kind(&self) -> FenceKind {
        match (&self.polygon, self.position) {
            (Some(_), _) => FenceKind::Polygon,
            (None, Some(_)) => FenceKind::Circle,
            (None, None) => FenceKind::None,
        }
    }

    /// Gives it another polygon. A pin that stood in the middle of the old one moves to the middle of the new.
    pub fn reshape(&mut self, polygon: Option<FencePolygon>) {
        let automatic = self
            .polygon
            .as_ref()
            .is_some_and(|old| self.position == Some(old.middle()));
        if automatic && polygon.is_some() {
            self.position = None;
        }
        self.polygon = polygon;
    }

    /// Tidies and checks it as a whole, after somebody described or changed it.
    pub fn checked(mut self) -> Result<Self> {
        self.name = text::required("name", &self.name, 200)?;
        self.address = text::optional("address", self.address.as_deref(), 500)?;
        self.external_ref = text::optional("externalRef", self.external_ref.as_deref(), 200)?;
        let (allowed, what) = match self.polygon {
            Some(_) => (TOLERANCE_M, "tolerance outside a polygon"),
            None => (CIRCLE_M, "radius"),
        };
        if self
            .radius_m
            .is_some_and(|radius| !allowed.contains(&radius))
        {
            let message = format!(
                "a {what} is {} to {} metres",
                allowed.start(),
                allowed.end()
            );
            return Err(Error::invalid("radiusM", message));
        }
        self.position = self
            .position
            .or_else(|| self.polygon.as_ref().map(FencePolygon::middle));
        Ok(self)
    }
}

/// A person or household served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub phone: Option<String>,
    /// Further numbers, the first to try first.
    pub other_phones: Vec<String>,
    /// Born within the last weeks: a child that has no papers of its own yet.
    pub is_newborn: bool,
    /// Where the client can also sign in.
    pub member_id: Option<MemberId>,
    pub notes: Option<String>,
    pub created_at: Instant,
    pub archived_at: Option<Instant>,
}

impl Client {
    /// Tidies and checks it as a whole; a telephone number becomes E.164.
    pub fn checked(mut self) -> Result<Self> {
        self.name = text::required("name", &self.name, 200)?;
        self.notes = text::optional("notes", self.notes.as_deref(), 2_000)?;
        let phone = text::optional("phone", self.phone.as_deref(), 40)?;
        self.phone = phone
            .as_deref()
            .map(|typed| phone_number("phone", typed))
            .transpose()?;
        self.other_phones = other_phones(&self.other_phones, self.phone.as_deref())?;
        Ok(self)
    }
}

const MOST_PHONES: usize = 10;

/// Further numbers as E.164, each once and none of them the first.
fn other_phones(typed: &[String], first: Option<&str>) -> Result<Vec<String>> {
    if typed.len() > MOST_PHONES {
        let message = format!("at most {MOST_PHONES} further numbers are kept");
        return Err(Error::invalid("otherPhones", message));
    }
    let mut kept: Vec<String> = Vec::new();
    for typed in typed {
        let phone = phone_number("otherPhones", typed)?;
        if Some(phone.as_str()) != first && !kept.contains(&phone) {
            kept.push(phone);
        }
    }
    Ok(kept)
}

/// Whom to call when something happens to a client.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = zamu_schema::tables::client_contacts)]
pub struct ClientContact {
    pub id: ContactId,
    pub client_id: ClientId,
    pub name: String,
    pub phone: String,
    pub relation: Option<String>,
    pub position: i32,
}

/// A telephone number as E.164.
pub fn phone_number(field: &str, typed: &str) -> Result<String> {
    let phone = crate::kernel::phone::Phone::parse(typed)
        .map_err(|bad| Error::invalid(field, bad.to_string()))?;
    Ok(phone.as_str().to_owned())
}

/// A place of a client: "home", "mother's house".
#[derive(Debug, Clone, PartialEq)]
pub struct ClientPlace {
    pub place: Place,
    pub label: Option<String>,
}

/// Something and how far away it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearby<T> {
    pub thing: T,
    pub distance_m: f64,
}

/// Which way round the Earth a search looks, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vicinity {
    pub center: Point,
    pub within_m: f64,
}

impl Vicinity {
    pub fn new(center: Point, within_m: f64) -> Result<Self> {
        if !(within_m > 0.0 && within_m <= FARTHEST_M) {
            let message = format!("a search reaches more than 0 and at most {FARTHEST_M} metres");
            return Err(Error::invalid("withinM", message));
        }
        Ok(Self { center, within_m })
    }

    /// The nearest of some candidates, nearest first; ties in the order of their ids.
    pub fn nearest<K: Ord + Copy>(
        self,
        candidates: impl IntoIterator<Item = (K, Point)>,
        first: usize,
    ) -> Vec<Nearby<K>> {
        let mut near: Vec<_> = candidates
            .into_iter()
            .map(|(thing, point)| Nearby {
                thing,
                distance_m: self.center.distance_m(point),
            })
            .filter(|near| near.distance_m <= self.within_m)
            .collect();
        near.sort_by(|a, b| {
            a.distance_m
                .total_cmp(&b.distance_m)
                .then(a.thing.cmp(&b.thing))
        });
        near.truncate(first);
        near
    }

    /// The box, in degrees, that holds everything near: what an index can answer.
    pub fn bounds(self) -> Bounds {
        // A hair wider than exact, so that rounding never loses what lies on the edge.
        let angle = self.within_m / EARTH_M * (1.0 + 1e-9) + 1e-9;
        let reach = angle.to_degrees();
        let Point {
            latitude,
            longitude,
        } = self.center;
        let (south, north) = (latitude - reach, latitude + reach);
        let widest = (angle.sin() / latitude.to_radians().cos())
            .asin()
            .to_degrees();
        // Around a pole every longitude is near.
        let around_pole = south <= -90.0 || north >= 90.0 || !widest.is_finite();
        let east_west = if around_pole {
            [(-180.0, 180.0); 2]
        } else {
            // Across the date line the box has two parts.
            let (west, east) = (longitude - widest, longitude + widest);
            [
                (west, east),
                if west < -180.0 {
                    (west + 360.0, 180.0)
                } else {
                    (-180.0, east - 360.0)
                },
            ]
        };
        Bounds {
            south,
            north,
            east_west,
        }
    }
}

/// A box of latitudes and longitudes; two ranges of longitude, for the date line (the second may be empty).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub south: f64,
    pub north: f64,
    pub east_west: [(f64, f64); 2],
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> Place {
        Place {
            id: PlaceId::from_uuid(uuid::Uuid::nil()),
            name: " Kisumu clinic ".to_owned(),
            address: None,
            position: None,
            radius_m: None,
            polygon: None,
            time_zone: chrono_tz::Africa::Nairobi,
            external_ref: None,
            created_at: Instant::UNIX_EPOCH,
            archived_at: None,
        }
    }

    fn square(west: f64) -> FencePolygon {
        let at = |latitude: f64, longitude: f64| Point {
            latitude,
            longitude: west + longitude,
        };
        let ring = vec![
            at(0.0, 0.0),
            at(0.0, 0.01),
            at(0.01, 0.01),
            at(0.01, 0.0),
            at(0.0, 0.0),
        ];
        FencePolygon::from_rings(vec![ring]).unwrap()
    }

    #[test]
    fn a_fence_is_a_polygon_or_a_circle_or_nothing() {
        assert_eq!(place().fence(Some(50.0)), None);
        let center = Point {
            latitude: -0.1,
            longitude: 34.7,
        };
        let radius = |own, given| match (Place {
            position: Some(center),
            radius_m: own,
            ..place()
        })
        .fence(given)
        {
            Some(Fence::Circle { radius_m, .. }) => radius_m,
            other => panic!("{other:?}"),
        };
        assert!((radius(None, None) - 100.0).abs() < f64::EPSILON);
        assert!((radius(Some(250), None) - 250.0).abs() < f64::EPSILON);
        assert!((radius(Some(250), Some(60.0)) - 60.0).abs() < f64::EPSILON);
        let shaped = Place {
            polygon: Some(square(34.0)),
            radius_m: Some(15),
            ..place()
        };
        assert!(
            matches!(shaped.fence(Some(60.0)), Some(Fence::Polygon { tolerance_m, .. }) if tolerance_m < 16.0)
        );
        assert_eq!(shaped.kind().name(), "polygon");
    }

    #[test]
    fn a_pin_follows_its_polygon_unless_somebody_set_it() {
        let mut shaped = Place {
            polygon: Some(square(34.0)),
            ..place()
        }
        .checked()
        .unwrap();
        assert_eq!(shaped.position, Some(square(34.0).middle()));
        shaped.reshape(Some(square(35.0)));
        let mut moved = shaped.checked().unwrap();
        assert_eq!(moved.position, Some(square(35.0).middle()));
        let gate = Point {
            latitude: 0.001,
            longitude: 35.0,
        };
        moved.position = Some(gate);
        moved.reshape(Some(square(36.0)));
        assert_eq!(moved.checked().unwrap().position, Some(gate));
    }

    #[test]
    fn a_place_is_checked_as_a_whole() {
        assert_eq!(place().checked().unwrap().name, "Kisumu clinic");
        let field = |place: Place| place.checked().unwrap_err().field.unwrap();
        assert_eq!(
            field(Place {
                name: "  ".into(),
                ..place()
            }),
            "name"
        );
        assert_eq!(
            field(Place {
                address: Some("x".repeat(501)),
                ..place()
            }),
            "address"
        );
        assert_eq!(
            field(Place {
                radius_m: Some(19),
                ..place()
            }),
            "radiusM"
        );
        assert_eq!(
            field(Place {
                radius_m: Some(5_001),
                polygon: Some(square(34.0)),
                ..place()
            }),
            "radiusM"
        );
        assert!(
            Place {
                radius_m: Some(0),
                polygon: Some(square(34.0)),
                ..place()
            }
            .checked()
            .is_ok()
        );
    }

    #[test]
    fn a_search_has_a_reach() {
        let center = Point {
            latitude: 0.0,
            longitude: 0.0,
        };
        for within_m in [0.0, -1.0, 50_001.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                Vicinity::new(center, within_m)
                    .unwrap_err()
                    .field
                    .as_deref(),
                Some("withinM")
            );
        }
    }

    impl Bounds {
        /// As the store's query asks.
        fn contains(self, point: Point) -> bool {
            let between = |(west, east): (f64, f64)| (west..=east).contains(&point.longitude);
            (self.south..=self.north).contains(&point.latitude)
                && self.east_west.into_iter().any(between)
        }
    }

    /// Anywhere, with the poles and the date line far more often than chance.
    fn somewhere() -> impl Strategy<Value = Point> {
        let latitude = prop_oneof![
            -90.0..=90.0,
            89.3..=90.0,
            -90.0..=-89.3,
            Just(90.0),
            Just(-90.0)
        ];
        let longitude = prop_oneof![
            -180.0..=180.0,
            179.3..=180.0,
            -180.0..=-179.3,
            Just(180.0),
            Just(-180.0)
        ];
        (latitude, longitude).prop_map(|(latitude, longitude)| Point {
            latitude,
            longitude,
        })
    }

    /// A point up to about 70 km away, over the pole and the date line too.
    fn beside(center: Point, north: f64, east: f64) -> Point {
        let mut latitude = center.latitude + north;
        let mut longitude = center.longitude + east / latitude.to_radians().cos().abs().max(0.01);
        if latitude.abs() > 90.0 {
            latitude = latitude.signum() * 180.0 - latitude;
            longitude += 180.0;
        }
        longitude = (longitude + 180.0).rem_euclid(360.0) - 180.0;
        Point {
            latitude,
            longitude,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_box_never_loses_what_is_near(
            center in somewhere(),
            within_m in 1.0..=50_000.0_f64,
            steps in prop::collection::vec((-0.6..=0.6, -0.6..=0.6), 20),
            others in prop::collection::vec(somewhere(), 20),
        ) {
            let near = Vicinity::new(center, within_m).unwrap();
            let beside = steps.into_iter().map(|(north, east)| beside(center, north, east));
            let all: Vec<(usize, Point)> = beside.chain(others).enumerate().collect();
            let boxed = all.iter().copied().filter(|(_, point)| near.bounds().contains(*point));
            prop_assert_eq!(near.nearest(boxed, 100), near.nearest(all.clone(), 100));
        }
    }
}
