//! Settings by day and place: in files, in forms, and every way to get them wrong.

use chrono::NaiveDate;
use serde_json::json;
use zamu_rules::{
    Content, Moment, Rulebook, Setting, SettingChange, SettingProblem, Value, hooks, parse_value,
};

use crate::{folder, late_by, write};

const VALUES: &str = "orgs/acme/settings.toml";
const MARCH: &str = "[attendance.lateness]\ngrace_minutes = 10\n\n[[change]]\n\
                     hook = \"attendance.lateness\"\nfrom = 2026-03-01\nuntil = 2026-03-31\n\
                     set = { grace_minutes = 25 }\n";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// How a clock-in 22 minutes late is judged at noon of a day.
fn on(book: &Rulebook, date: &str, scopes: &[&str]) -> String {
    let noon = day(date).and_hms_opt(9, 0, 0).unwrap().and_utc();
    let mut facts = late_by(22);
    facts.insert(
        "now".to_owned(),
        Moment::new(noon.timestamp_micros(), 180).into(),
    );
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    book.book_of("acme")
        .decide(hooks::LATENESS, facts, &scopes)
        .outcome
        .name
}

fn acme(text: &str) -> Rulebook {
    let folder = folder(&[(VALUES, text)]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, [], "{text}");
    book
}

#[test]
fn a_change_holds_from_its_first_day_to_its_last() {
    let book = acme(MARCH);
    let judged: Vec<String> = ["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"]
        .iter()
        .map(|date| on(&book, date, &[]))
        .collect();
    assert_eq!(judged, ["late", "on_time", "on_time", "late"]);
}

#[test]
fn a_change_for_one_place_holds_there() {
    let book = acme(
        "[[change]]\nhook = \"attendance.lateness\"\nplace = \"plc_gate\"\nset = { grace_minutes = 25 }\n\
         [[change]]\nhook = \"attendance.lateness\"\ndepartment = \"dep_ward\"\nset = { grace_minutes = 0 }\n",
    );
    assert_eq!(on(&book, "2026-01-05", &[]), "late");
    assert_eq!(on(&book, "2026-01-05", &["plc_gate"]), "on_time");
    // The last scope is the narrowest.
    assert_eq!(
        on(&book, "2026-01-05", &["dep_ward", "plc_gate"]),
        "on_time"
    );
    assert_eq!(on(&book, "2026-01-05", &["plc_gate", "dep_ward"]), "late");
}

#[test]
fn a_wrong_change_says_where_and_why() {
    let change =
        |rest: &str| format!("# ours\n\n[[change]]\nhook = \"attendance.lateness\"\n{rest}\n");
    for (text, line, message, hint) in [
        (change("set = { grase_minutes = 10 }"), 5, "there is no setting `grase_minutes`", Some("did you mean `grace_minutes`?")),
        (change("set = { grace_minutes = 61 }"), 5, "`grace_minutes` is 61, above its most, 60", None),
        (change("set = { grace_minutes = \"ten\" }"), 5, "`grace_minutes` takes whole minutes, not text", None),
        (change("set = { grace_minutes = 1.5 }"), 5, "`grace_minutes` takes whole minutes, not nothing", None),
        (change("from = 2026-03-01\nuntil = 2026-02-01\nset = { grace_minutes = 1 }"), 7,
         "`grace_minutes` would end on 2026-02-01, before it begins on 2026-03-01", Some("`until` is the last day it holds")),
        (change("from = 2026-03-01T08:00:00Z\nset = { grace_minutes = 1 }"), 3,
         "`from` is not a day", Some("write the day alone, such as `2026-03-01`")),
        (change("place = \"dep_ward\"\nset = { grace_minutes = 1 }"), 3,
         "`dep_ward` is not such an id", Some("the id of a department begins with `dep_`, that of a place with `plc_`")),
        (change("place = \"plc_a\"\ndepartment = \"dep_b\"\nset = { grace_minutes = 1 }"), 3,
         "a change is for a department or for a place, not for both", Some("write two changes, one for each")),
        (change("from = 2026-03-01\nset = { grace_minutes = 40 }"), 6,
         "Very late must come after the grace period. (from 2026-03-01)", None),
        (change("place = \"plc_gate\"\nset = { grace_minutes = 40 }"), 6,
         "Very late must come after the grace period. (for plc_gate)", None),
        (change("from = 2026-03-01\nset = { grace_minutes = 1 }") + change("from = 2026-03-01\nset = { grace_minutes = 2 }").as_str(), 12,
         "`grace_minutes` is set twice from 2026-03-01", Some("keep one of them, or let them begin on different days")),
        ("[[change]]\nhook = \"attendance.latenes\"\nset = {}\n".to_owned(), 1,
         "no hook is called `attendance.latenes`", Some("did you mean `attendance.lateness`?")),
        ("[[change]]\nhook = \"attendance.geofence\"\ndepartment = \"dep_a\"\nset = { polygon_tolerance_m = 5 }\n".to_owned(), 4,
         "`polygon_tolerance_m` cannot be set for one department", Some("it can be set per organization and per place")),
        ("[[change]]\nhook = \"attendance.lateness\"\nwhen = 2026-03-01\nset = {}\n".to_owned(), 3, "unknown field `when`", None),
    ] {
        let folder = folder(&[(VALUES, text.as_str())]);
        let (book, problems) = Rulebook::load(folder.path(), None, None);
        let problem = &problems[0];
        assert!(problem.message.starts_with(message), "{text}\n{problem:?}");
        assert_eq!((problems.len(), problem.line), (1, Some(line)), "{text}\n{problem:?}");
        assert_eq!(problem.hint.as_deref(), hint, "{text}");
        assert_eq!(on(&book, "2026-03-05", &["plc_gate"]), "late", "{text}");
    }
}

#[test]
fn one_wrong_change_keeps_the_last_good_values_of_its_hook() {
    let folder = folder(&[(VALUES, MARCH)]);
    let (first, _) = Rulebook::load(folder.path(), None, None);
    write(folder.path(), VALUES, &MARCH.replace("= 25", "= 61"));
    let (second, problems) = Rulebook::load(folder.path(), None, Some(&first));
    assert!(problems[0].keeps_last_good);
    assert_eq!(second.release("acme"), first.release("acme"));
    assert_eq!(on(&second, "2026-03-05", &[]), "on_time");
}

fn change(name: &str, value: i64) -> SettingChange {
    SettingChange {
        hook: hooks::LATENESS.to_owned(),
        name: name.to_owned(),
        value: value.into(),
        scope: None,
        from: None,
        until: None,
        file: None,
    }
}

fn refused(settings: Vec<SettingChange>, new: &[SettingChange]) -> Vec<SettingProblem> {
    let content = Content {
        settings,
        ..Content::default()
    };
    Rulebook::embedded()
        .check_settings(&content, new)
        .err()
        .unwrap_or_default()
}

#[test]
fn a_form_learns_what_is_wrong_with_a_change() {
    let grace = |value: i64| change("grace_minutes", value);
    assert_eq!(refused(vec![], &[grace(10)]), []);
    let problem = refused(vec![], &[grace(61)]).remove(0);
    assert_eq!(problem.message, "`grace_minutes` is 61, above its most, 60");
    assert_eq!(
        (problem.hook.as_str(), problem.name.as_str()),
        (hooks::LATENESS, "grace_minutes")
    );
    let elsewhere = SettingChange {
        hook: "attendance.latenes".to_owned(),
        ..grace(1)
    };
    let problem = refused(vec![], &[elsewhere]).remove(0);
    assert_eq!(
        problem.hint.as_deref(),
        Some("did you mean `attendance.lateness`?")
    );
    let nobody = SettingChange {
        scope: Some("worker_1".to_owned()),
        ..grace(1)
    };
    assert_eq!(
        refused(vec![], &[nobody])[0].message,
        "`worker_1` is not a department or a place"
    );
    let twice = refused(vec![], &[grace(1), grace(2)]);
    assert_eq!(twice[0].message, "`grace_minutes` is set twice always");
    // What is there already may be set again; the later one wins.
    assert_eq!(refused(vec![grace(1)], &[grace(2)]), []);
}

#[test]
fn a_check_is_held_on_every_day_a_value_turns() {
    let from = |change: SettingChange, date: &str| SettingChange {
        from: Some(day(date)),
        ..change
    };
    // From June on people are very late after 8 minutes: ten minutes of grace hold only until then.
    let june = from(change("very_late_after_minutes", 8), "2026-06-01");
    let problem = refused(vec![june.clone()], &[change("grace_minutes", 10)]).remove(0);
    assert_eq!(
        problem.message,
        "Very late must come after the grace period. (from 2026-06-01)"
    );
    let until = SettingChange {
        until: Some(day("2026-05-31")),
        ..change("grace_minutes", 10)
    };
    assert_eq!(refused(vec![june], &[until]), []);
    // For one department the organization's values count beside its own.
    let ward = SettingChange {
        scope: Some("dep_ward".to_owned()),
        ..change("grace_minutes", 20)
    };
    let short = change("very_late_after_minutes", 15);
    let problem = refused(vec![short], &[ward]).remove(0);
    assert_eq!(problem.scope.as_deref(), Some("dep_ward"));
    assert_eq!(
        problem.message,
        "Very late must come after the grace period. (for dep_ward)"
    );
}

#[test]
fn what_was_wrong_before_does_not_stop_another_change() {
    let broken = vec![
        change("grace_minutes", 60),
        change("very_late_after_minutes", 10),
    ];
    let elsewhere = SettingChange {
        hook: hooks::GEOFENCE.to_owned(),
        ..change("usual_radius_m", 50)
    };
    assert_eq!(refused(broken.clone(), &[elsewhere]), []);
    assert_eq!(refused(broken, &[change("grace_minutes", 5)]), []);
}

#[test]
fn a_value_says_where_it_comes_from() {
    let book = acme(MARCH);
    let content = book.files("acme").unwrap();
    let at = |date: &str| {
        let settings = book.settings_in_force(content, hooks::LATENESS, Some(day(date)), &[]);
        settings
            .into_iter()
            .map(|setting| (setting.value, setting.change.map(|change| change.from)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        at("2026-02-01"),
        [(10.into(), Some(None)), (30.into(), None)]
    );
    assert_eq!(
        at("2026-03-05"),
        [
            (25.into(), Some(Some(day("2026-03-01")))),
            (30.into(), None)
        ]
    );
    let file = content.settings.iter().map(|change| change.file.as_deref());
    assert!(file.into_iter().all(|file| file == Some(VALUES)));
}

#[test]
fn a_form_sends_json_and_every_kind_is_held_to_its_type() {
    let settings = |hook: &str| -> Vec<Setting> {
        let book = Rulebook::embedded();
        book.settings_of(hook).to_vec()
    };
    let grace = &settings(hooks::LATENESS)[0];
    assert_eq!(parse_value(grace, &json!(10)), Ok(10.into()));
    for (given, message) in [
        (json!(61), "`grace_minutes` is 61, above its most, 60"),
        (
            json!(1.5),
            "`grace_minutes` takes whole minutes, not a fraction",
        ),
        (json!("10"), "`grace_minutes` takes whole minutes, not text"),
        (
            json!(null),
            "`grace_minutes` takes whole minutes, not nothing",
        ),
        (
            json!([1]),
            "`grace_minutes` takes whole minutes, not a list",
        ),
    ] {
        assert_eq!(parse_value(grace, &given), Err(message.to_owned()));
    }
    let outside = &settings(hooks::CLOCK_IN)[0];
    assert_eq!(
        parse_value(outside, &json!("refused")),
        Ok(Value::from("refused"))
    );
    assert!(parse_value(outside, &json!("ignored")).is_err());
}
