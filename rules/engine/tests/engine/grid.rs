//! The shipped script and its Rust twin agree on every point of a grid.

use zamu_rules::{Record, Rulebook, Value, hook, hooks};

use crate::{folder, with};

/// A book that runs the scripts, and one whose scripts are switched off so that the twins answer.
fn books(settings: &str) -> (Rulebook, Rulebook) {
    let values = ("orgs/acme/settings.toml", settings);
    let scripts = folder(&[values]);
    let twins = folder(&[
        values,
        ("default/attendance/geofence.rhai", "// switched off\n"),
        ("default/attendance/clock_in.rhai", ""),
        ("default/attendance/lateness.rhai", ""),
    ]);
    let (scripts, problems) = Rulebook::load(scripts.path(), None, None);
    assert_eq!(problems, [], "{settings}");
    let (twins, problems) = Rulebook::load(twins.path(), None, None);
    assert_eq!(problems, [], "{settings}");
    (scripts, twins)
}

fn agree(name: &str, books: &(Rulebook, Rulebook), facts: &Record) {
    let script = books.0.decide("acme", name, facts.clone());
    let twin = books.1.decide("acme", name, facts.clone());
    assert_eq!(script.problem, None);
    assert_eq!(script.status.as_str(), "OK");
    assert_eq!(twin.status.as_str(), "DEFAULTED");
    assert_eq!(script.outcome, twin.outcome, "{facts:?}");
    assert_eq!(script.reasons, twin.reasons, "{facts:?}");
    assert_eq!(
        (&script.flags, &script.asks),
        (&twin.flags, &twin.asks),
        "{facts:?}"
    );
    assert_eq!(
        (&script.tells, script.needs_review),
        (&twin.tells, twin.needs_review)
    );
    assert_eq!(hook(name).unwrap().name, script.hook);
}

#[test]
fn lateness_agrees() {
    let mut points = 0;
    for (grace, very) in [(0_i64, 1_i64), (5, 30), (10, 45), (60, 480)] {
        let books = books(&format!(
            "[attendance.lateness]\ngrace_minutes = {grace}\nvery_late_after_minutes = {very}\n"
        ));
        for minutes in (-70_i64..=500).filter(|minutes| {
            minutes % 7 == 0 || (minutes - grace).abs() < 3 || (minutes - very).abs() < 3
        }) {
            for approved in [false, true] {
                let changes = [
                    ("minutes_late", minutes.into()),
                    ("delay_was_approved", approved.into()),
                ];
                agree(hooks::LATENESS, &books, &with(hooks::LATENESS, &changes));
                points += 1;
            }
        }
    }
    assert!(points > 600);
}

#[test]
fn geofence_agrees() {
    let radii = [
        None,
        Some(0_i64),
        Some(19),
        Some(20),
        Some(60),
        Some(100),
        Some(5_000),
        Some(9_000),
    ];
    for settings in [
        "",
        "usual_radius_m = 250\nhome_visit_radius_m = 150\nworst_accuracy_m = 60\n",
        "polygon_tolerance_m = 15\nfield_staff_work_anywhere = true\n",
    ] {
        let books = books(&format!("[attendance.geofence]\n{settings}"));
        for radius in radii {
            for kind in ["none", "circle", "polygon"] {
                for service in [Value::Nothing, "home_visit".into(), "clinic".into()] {
                    for tags in [
                        Vec::new(),
                        vec!["field_staff"],
                        vec!["driver", "field_staff"],
                    ] {
                        agree(
                            hooks::GEOFENCE,
                            &books,
                            &attempt(radius, kind, &service, tags),
                        );
                    }
                }
            }
        }
        let nowhere = with(
            hooks::GEOFENCE,
            &[("place", Value::Nothing), ("service", Value::Nothing)],
        );
        agree(hooks::GEOFENCE, &books, &nowhere);
    }
}

fn attempt(radius: Option<i64>, kind: &str, service: &Value, tags: Vec<&str>) -> Record {
    let mut facts = with(
        hooks::GEOFENCE,
        &[("service", Value::from([("kind", service.clone())]))],
    );
    let place = [
        ("name", "x".into()),
        ("radius_m", radius.into()),
        ("kind", kind.into()),
    ];
    facts.insert("place".to_owned(), Value::from(place));
    let Some(Value::Record(person)) = facts.get_mut("person") else {
        panic!("no person")
    };
    person.insert("tags".to_owned(), tags.into());
    facts
}

#[test]
fn clock_in_agrees() {
    let asks = ["nothing", "note", "photo"];
    for outside in ["flagged", "refused", "allowed"] {
        for mock in ["flagged", "refused", "allowed"] {
            for (uncertain, ask) in [
                ("flagged", asks[0]),
                ("allowed", asks[1]),
                ("flagged", asks[2]),
            ] {
                let books = books(&format!(
                    "[attendance.clock_in]\noutside_is = \"{outside}\"\nmock_location_is = \"{mock}\"\n\
                     uncertain_is = \"{uncertain}\"\noutside_asks_for = \"{ask}\"\n"
                ));
                points_of_clock_in(&books);
            }
        }
    }
}

fn points_of_clock_in(books: &(Rulebook, Rulebook)) {
    let open = Value::from([("minutes", 95.into())]);
    for session in [Value::Nothing, open] {
        for verdict in ["none", "inside", "outside", "uncertain"] {
            for mocked in [false, true] {
                for place in [
                    Value::Nothing,
                    hook(hooks::CLOCK_IN).unwrap().sample()["place"].clone(),
                ] {
                    let fence =
                        Value::from([("verdict", verdict.into()), ("distance_m", 340.into())]);
                    let changes = [
                        ("open_session", session.clone()),
                        ("fence", fence),
                        ("mock_location", mocked.into()),
                        ("place", place),
                    ];
                    agree(hooks::CLOCK_IN, books, &with(hooks::CLOCK_IN, &changes));
                }
            }
        }
    }
}
