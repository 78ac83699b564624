//! Positions, fences and the three-valued verdict.
//!
//! A phone does not know where it is; it knows a circle it is probably in. So a verdict compares two shapes: inside
//! only when the whole circle is in the fence, outside only when the whole circle is out, otherwise uncertain. An
//! uncertain verdict is nobody's fault and never refuses anything.

use geo::algorithm::{BoundingRect, Contains, Distance, Validation};
use geo::{Coord, Euclidean, LineString, Polygon};
use serde::{Deserialize, Serialize};

use super::error::{Code, Error};

/// Metres per degree of latitude on a sphere with the mean radius of the Earth (6,371,008.8 m, IUGG).
const METRES_PER_DEGREE: f64 = 111_195.08;
/// A fix worse than this says nothing about where somebody is: 100 km.
const WORST_ACCURACY_M: f64 = 100_000.0;
/// A fence is a building, a campus or a village, not a country: 50 km across.
const WIDEST_FENCE_M: f64 = 50_000.0;
const MOST_CORNERS: usize = 500;

/// A point on the Earth in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub latitude: f64,
    pub longitude: f64,
}

impl Point {
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, Error> {
        for (field, value, limit) in [
            ("latitude", latitude, 90.0),
            ("longitude", longitude, 180.0),
        ] {
            if !value.is_finite() || value.abs() > limit {
                let message = format!("a {field} is between -{limit} and {limit} degrees");
                return Err(Error::invalid(field, message));
            }
        }
        Ok(Self {
            latitude,
            longitude,
        })
    }

    /// Great-circle distance in metres (haversine).
    pub fn distance_m(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = ((lat2 - lat1) / 2.0).sin();
        let half_lon = ((other.longitude - self.longitude).to_radians() / 2.0).sin();
        let a = half_lat * half_lat + lat1.cos() * lat2.cos() * half_lon * half_lon;
        2.0 * 6_371_008.8 * a.sqrt().clamp(0.0, 1.0).asin()
    }

    /// Metres east and north of `origin` on a plane that touches the Earth there: exact enough over a fence's extent.
    fn on_plane(self, origin: Self) -> Coord {
        let mut east = self.longitude - origin.longitude;
        // The short way round, also across the date line.
        if east > 180.0 {
            east -= 360.0;
        } else if east < -180.0 {
            east += 360.0;
        }
        Coord {
            x: east * METRES_PER_DEGREE * origin.latitude.to_radians().cos(),
            y: (self.latitude - origin.latitude) * METRES_PER_DEGREE,
        }
    }
}

/// Where a device says it is: a point and the radius, in metres, of the circle it is probably in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    pub point: Point,
    pub accuracy_m: f64,
}

impl Fix {
    pub fn new(latitude: f64, longitude: f64, accuracy_m: f64) -> Result<Self, Error> {
        let point = Point::new(latitude, longitude)?;
        if !accuracy_m.is_finite() || !(0.0..=WORST_ACCURACY_M).contains(&accuracy_m) {
            let message = format!("an accuracy is between 0 and {WORST_ACCURACY_M} metres");
            return Err(Error::invalid("accuracyM", message));
        }
        Ok(Self { point, accuracy_m })
    }
}

/// The edge of a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Fence {
    /// A circle; the radius comes from the place or from a rule.
    Circle { center: Point, radius_m: f64 },
    /// A polygon with a tolerance outside its edge, in metres.
    Polygon {
        polygon: FencePolygon,
        tolerance_m: f64,
    },
}

/// Inside, outside, or not to be told apart; `None` where there is no fence or no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Inside,
    Outside,
    Uncertain,
    None,
}

/// A verdict and the metres behind it: from the centre of a circle, or from the edge of a polygon (0 inside it).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub distance_m: Option<f64>,
}

impl Judgement {
    pub const NONE: Self = Self {
        verdict: Verdict::None,
        distance_m: None,
    };
}

impl Fence {
    pub fn judge(&self, fix: Fix) -> Judgement {
        let (distance_m, beyond_edge_m) = match self {
            Self::Circle { center, radius_m } => {
                let distance = center.distance_m(fix.point);
                (distance, distance - radius_m)
            }
            Self::Polygon {
                polygon,
                tolerance_m,
            } => {
                let signed = polygon.signed_distance_m(fix.point);
                (signed.max(0.0), signed - tolerance_m)
            }
        };
        let verdict = if beyond_edge_m + fix.accuracy_m <= 0.0 {
            Verdict::Inside
        } else if beyond_edge_m - fix.accuracy_m > 0.0 {
            Verdict::Outside
        } else {
            Verdict::Uncertain
        };
        Judgement {
            verdict,
            distance_m: Some(distance_m),
        }
    }
}

/// A valid polygon: closed rings that do not cross themselves, holes within the outer ring.
#[derive(Debug, Clone, PartialEq)]
pub struct FencePolygon {
    rings: Vec<Vec<Point>>,
    origin: Point,
    plane: Polygon,
}

impl FencePolygon {
    /// From rings of `[longitude, latitude]` positions as GeoJSON has them: the outer ring first, then holes.
    pub fn from_rings(rings: Vec<Vec<Point>>) -> Result<Self, Error> {
        let refuse =
            |reason: String| Err(Error::refused(Code::InvalidPolygon, reason).at("polygon"));
        let Some(origin) = rings.first().and_then(|ring| ring.first()).copied() else {
            return refuse("a polygon needs an outer ring".to_owned());
        };
        for (index, ring) in rings.iter().enumerate() {
            if ring.len() < 4 {
                return refuse(format!(
                    "ring {index} has {} positions, at least 4 are needed",
                    ring.len()
                ));
            }
            if ring.len() > MOST_CORNERS {
                return refuse(format!(
                    "ring {index} has {} positions, at most {MOST_CORNERS} are allowed",
                    ring.len()
                ));
            }
            if ring.first() != ring.last() {
                return refuse(format!(
                    "ring {index} is not closed: its last position must repeat its first"
                ));
            }
        }
        let plane = project(&rings, origin);
        if let Err(reason) = plane.check_validation() {
            return refuse(format!("the polygon is not valid: {reason}"));
        }
        if let Some(bounds) = plane.bounding_rect()
            && bounds.width().max(bounds.height()) > WIDEST_FENCE_M
        {
            return refuse(format!("a fence is at most {WIDEST_FENCE_M} metres across"));
        }
        Ok(Self {
            rings,
            origin,
            plane,
        })
    }

    /// Reads a GeoJSON `Polygon` geometry, or a `Feature` that holds one.
    pub fn from_geojson(json: &serde_json::Value) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::refused(Code::InvalidPolygon, reason).at("polygon");
        let geometry = json.get("geometry").unwrap_or(json);
        if geometry.get("type").and_then(|kind| kind.as_str()) != Some("Polygon") {
            return Err(refuse("a fence is a GeoJSON object of type Polygon"));
        }
        let rings: Vec<Vec<Vec<f64>>> =
            serde_json::from_value(geometry.get("coordinates").cloned().unwrap_or_default())
                .map_err(|error| {
                    refuse(&format!(
                        "coordinates are lists of rings of [longitude, latitude]: {error}"
                    ))
                })?;
        let point = |position: &Vec<f64>| match position.as_slice() {
            [longitude, latitude, ..] => Point::new(*latitude, *longitude).map_err(|error| {
                refuse(&format!(
                    "{}: is the order [longitude, latitude]?",
                    error.message
                ))
            }),
            _ => Err(refuse("a position has a longitude and a latitude")),
        };
        let rings = rings
            .iter()
            .map(|ring| ring.iter().map(point).collect())
            .collect::<Result<_, _>>()?;
        Self::from_rings(rings)
    }

    pub fn to_geojson(&self) -> serde_json::Value {
        let ring = |ring: &Vec<Point>| -> Vec<[f64; 2]> {
            ring.iter()
                .map(|point| [point.longitude, point.latitude])
                .collect()
        };
        let coordinates: Vec<_> = self.rings.iter().map(ring).collect();
        serde_json::json!({ "type": "Polygon", "coordinates": coordinates })
    }

    /// The middle of its bounding box: where a map puts the pin.
    pub fn middle(&self) -> Point {
        let outer = self.rings.first().map(Vec::as_slice).unwrap_or_default();
        let middle = |pick: fn(&Point) -> f64| {
            let (low, high) = outer
                .iter()
                .map(pick)
                .fold((f64::MAX, f64::MIN), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            f64::midpoint(low, high)
        };
        Point {
            latitude: middle(|p| p.latitude),
            longitude: middle(|p| p.longitude),
        }
    }

    /// Metres to the edge: negative inside, positive outside.
    fn signed_distance_m(&self, point: Point) -> f64 {
        let point = geo::Point::from(point.on_plane(self.origin));
        let rings = std::iter::once(self.plane.exterior()).chain(self.plane.interiors());
        let to_edge = rings
            .map(|ring| Euclidean.distance(&point, ring))
            .fold(f64::MAX, f64::min);
        if self.plane.contains(&point) {
            -to_edge
        } else {
            to_edge
        }
    }
}

fn project(rings: &[Vec<Point>], origin: Point) -> Polygon {
    let mut lines = rings.iter().map(|ring| {
        ring.iter()
            .map(|p| p.on_plane(origin))
            .collect::<LineString>()
    });
    let outer = lines.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(outer, lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const KISUMU: Point = Point {
        latitude: -0.0917,
        longitude: 34.7680,
    };

    /// A point `metres` east of the clinic.
    fn east(metres: f64) -> Point {
        Point {
            longitude: KISUMU.longitude + metres / METRES_PER_DEGREE,
            ..KISUMU
        }
    }

    fn square(half_m: f64) -> FencePolygon {
        let half = half_m / METRES_PER_DEGREE;
        let at = |x: f64, y: f64| Point {
            latitude: KISUMU.latitude + y * half,
            longitude: KISUMU.longitude + x * half,
        };
        FencePolygon::from_rings(vec![vec![
            at(-1., -1.),
            at(1., -1.),
            at(1., 1.),
            at(-1., 1.),
            at(-1., -1.),
        ]])
        .unwrap()
    }

    #[test]
    fn a_circle_is_inside_only_when_the_whole_accuracy_is() {
        let fence = Fence::Circle {
            center: KISUMU,
            radius_m: 100.0,
        };
        for (metres, accuracy_m, wanted) in [
            (0.0, 50.0, Verdict::Inside),
            (49.0, 50.0, Verdict::Inside),
            (51.0, 50.0, Verdict::Uncertain),
            (149.0, 50.0, Verdict::Uncertain),
            (151.0, 50.0, Verdict::Outside),
            (0.0, 101.0, Verdict::Uncertain),
            (101.0, 0.0, Verdict::Outside),
        ] {
            let judged = fence.judge(Fix {
                point: east(metres),
                accuracy_m,
            });
            assert_eq!(
                judged.verdict, wanted,
                "{metres} m away, {accuracy_m} m accurate"
            );
            assert!((judged.distance_m.unwrap() - metres).abs() < 0.5);
        }
    }

    #[test]
    fn a_polygon_has_the_same_three_answers() {
        let fence = Fence::Polygon {
            polygon: square(100.0),
            tolerance_m: 20.0,
        };
        for (metres, accuracy_m, wanted) in [
            (0.0, 110.0, Verdict::Inside),
            (95.0, 10.0, Verdict::Inside),
            (115.0, 10.0, Verdict::Uncertain),
            (131.0, 10.0, Verdict::Outside),
        ] {
            assert_eq!(
                fence
                    .judge(Fix {
                        point: east(metres),
                        accuracy_m
                    })
                    .verdict,
                wanted,
                "{metres}"
            );
        }
    }

    #[test]
    fn the_date_line_is_not_an_edge() {
        let west = Point::new(0.0, 179.9995).unwrap();
        let east = Point::new(0.0, -179.9995).unwrap();
        assert!((west.distance_m(east) - 111.2).abs() < 1.0);
        assert!((east.on_plane(west).x - 111.2).abs() < 1.0);
    }

    #[test]
    fn a_refused_polygon_says_why() {
        let cases = [
            (
                json!({"type": "Point", "coordinates": [0, 0]}),
                "type Polygon",
            ),
            (json!({"type": "Polygon", "coordinates": []}), "outer ring"),
            (
                json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [0, 0]]]}),
                "at least 4",
            ),
            (
                json!({"type": "Polygon", "coordinates": [[[0, 0], [0.001, 0], [0.001, 0.001], [0, 0.001]]]}),
                "not closed",
            ),
            (
                json!({"type": "Polygon", "coordinates": [[[0, 0], [0.001, 0.001], [0.001, 0], [0, 0.001], [0, 0]]]}),
                "not valid",
            ),
            (
                json!({"type": "Polygon", "coordinates": [[[34, 91], [35, 0], [35, 1], [34, 91]]]}),
                "longitude, latitude",
            ),
            (
                json!({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}),
                "at most 50000",
            ),
            (
                json!({"type": "Polygon", "coordinates": "here"}),
                "lists of rings",
            ),
        ];
        for (json, reason) in cases {
            let error = FencePolygon::from_geojson(&json).unwrap_err();
            assert_eq!(error.code, Code::InvalidPolygon);
            assert!(error.message.contains(reason), "{json}: {}", error.message);
        }
    }

    #[test]
    fn geojson_goes_out_as_it_came() {
        let polygon = square(100.0);
        assert_eq!(
            FencePolygon::from_geojson(&polygon.to_geojson()).unwrap(),
            polygon
        );
        assert!(polygon.middle().distance_m(KISUMU) < 0.1);
    }

    #[test]
    fn positions_out_of_range_name_their_field() {
        for (latitude, longitude, accuracy, field) in [
            (91.0, 0.0, 5.0, "latitude"),
            (f64::NAN, 0.0, 5.0, "latitude"),
            (0.0, 180.1, 5.0, "longitude"),
            (0.0, f64::INFINITY, 5.0, "longitude"),
            (0.0, 0.0, -1.0, "accuracyM"),
            (0.0, 0.0, f64::NAN, "accuracyM"),
        ] {
            let error = Fix::new(latitude, longitude, accuracy).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field));
        }
    }

    proptest! {
        /// Better accuracy never turns a certain verdict into its opposite.
        #[test]
        fn accuracy_only_moves_between_certain_and_uncertain(metres in 0.0..500.0_f64, good in 0.0..100.0_f64, worse in 0.0..100.0_f64) {
            let fence = Fence::Circle { center: KISUMU, radius_m: 100.0 };
            let sharp = fence.judge(Fix { point: east(metres), accuracy_m: good }).verdict;
            let blurred = fence.judge(Fix { point: east(metres), accuracy_m: good + worse }).verdict;
            prop_assert!(blurred == sharp || blurred == Verdict::Uncertain);
        }
    }
}
