//! The packs that come with the server: their own tests, their papers, and what they change for whom.

use std::path::PathBuf;

use zamu_rules::{Decision, Moment, Rulebook, Value, hooks, packs, testing};

use crate::{folder, with};

fn plugins() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugins")
        .canonicalize()
        .unwrap()
}

/// The shipped packs, with `acme` on some of them.
fn acme(values: &str) -> Rulebook {
    let folder = folder(&[("orgs/acme/settings.toml", values)]);
    let (book, problems) = Rulebook::load(folder.path(), Some(&plugins()), None);
    assert_eq!(problems, []);
    book
}

#[test]
fn they_pass_their_own_tests() {
    let report = testing::run(&plugins(), None);
    let failed: Vec<_> = report.tests.iter().filter(|test| !test.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(report.passed() >= 22, "only {} tests ran", report.passed());
}

#[test]
fn the_checker_has_nothing_to_say() {
    let report = packs::check(&plugins());
    assert_eq!(report.findings, []);
    let book = acme("");
    let names: Vec<_> = book.packs().iter().map(|pack| pack.id.as_str()).collect();
    assert_eq!(names, ["field-teams", "ke-labour"]);
    for pack in book.packs() {
        assert!(
            pack.readme.contains("What changes if you switch this on"),
            "{}",
            pack.id
        );
        assert_eq!(
            packs::digest(&plugins().join(&pack.id)),
            Ok(pack.digest.clone())
        );
        for setting in &pack.settings {
            let name = &setting.setting.name;
            assert!(
                pack.readme.contains(&format!("`{name}`")),
                "{} {name}",
                pack.id
            );
        }
    }
}

#[test]
fn they_are_off_until_somebody_switches_them_on() {
    let book = acme("");
    assert_eq!(book.release("acme"), Rulebook::embedded().release("acme"));
}

/// A day's work of eight hours that closes at an hour of a day in Nairobi.
fn closing(book: &Rulebook, weekday: &str, date: &str, hour: u32) -> Decision {
    let date: chrono::NaiveDate = date.parse().unwrap();
    let local = date.and_hms_opt(hour, 0, 0).unwrap() - chrono::Duration::hours(3);
    let now = Moment::new(local.and_utc().timestamp_micros(), 180);
    let facts = with(
        hooks::HOURS,
        &[("weekday", weekday.into()), ("now", now.into())],
    );
    let decision = book.decide("acme", hooks::HOURS, facts);
    assert_eq!(decision.problem, None);
    decision
}

/// The rate of the only bucket: 100 for ordinary time.
fn rate(decision: &Decision) -> i64 {
    let Some(Value::List(buckets)) = decision.outcome.values.get("buckets") else {
        panic!("no buckets in {:?}", decision.outcome)
    };
    assert_eq!(buckets.len(), 1);
    let rate = buckets[0]
        .as_record()
        .and_then(|bucket| bucket.get("rate_percent"));
    rate.and_then(Value::as_whole).unwrap_or(100)
}

#[test]
fn kenya_knows_its_public_holidays() {
    let book = acme("packs = [\"ke-labour\"]\n");
    for (weekday, date, hour, expected) in [
        // Jamhuri Day 2026 is a Saturday.
        ("friday", "2026-12-11", 17, 100),
        ("saturday", "2026-12-12", 17, 200),
        // A night that begins on the holiday counts, one that only ends on it does not.
        ("saturday", "2026-12-13", 4, 200),
        ("friday", "2026-12-12", 4, 100),
        ("monday", "2026-12-14", 17, 100),
        ("friday", "2026-12-25", 17, 200),
        ("saturday", "2026-12-26", 17, 200),
        ("thursday", "2026-12-25", 4, 100),
        // In 2027 it falls on a Sunday and moves to Monday.
        ("sunday", "2027-12-12", 17, 200),
        ("monday", "2027-12-13", 17, 200),
        ("tuesday", "2027-12-14", 17, 100),
        ("friday", "2027-03-26", 17, 200),
        ("monday", "2027-03-29", 17, 200),
    ] {
        let decision = closing(&book, weekday, date, hour);
        assert_eq!(rate(&decision), expected, "{weekday} {date} {hour}:00");
    }
}

#[test]
fn the_weekdays_of_the_holidays_are_those_of_the_calendar() {
    let book = acme("");
    let pack = book.pack("ke-labour").unwrap();
    let dated: Vec<_> = pack
        .values
        .iter()
        .filter(|change| change.from.is_some())
        .collect();
    assert_eq!(dated.len(), 18);
    for change in dated {
        let Value::List(named) = &change.value else {
            panic!("{change:?}")
        };
        let (from, until) = (change.from.unwrap(), change.until.unwrap());
        let days = from.iter_days().take_while(|day| *day < until);
        let weekdays: Vec<String> = days
            .map(|day| day.format("%A").to_string().to_lowercase())
            .collect();
        for name in named {
            assert!(
                weekdays
                    .iter()
                    .any(|day| Some(day.as_str()) == name.as_text()),
                "{change:?}"
            );
        }
        let first = named.first().and_then(Value::as_text);
        assert_eq!(first, weekdays.first().map(String::as_str), "{change:?}");
    }
}

#[test]
fn a_holiday_gazetted_today_is_one_change() {
    let text = "packs = [\"ke-labour\"]\n\n[[change]]\nhook = \"attendance.hours\"\nfrom = 2026-11-24\n\
                until = 2026-11-25\nset = { holiday_weekdays = [\"tuesday\"] }\n";
    let book = acme(text);
    assert_eq!(rate(&closing(&book, "tuesday", "2026-11-24", 17)), 200);
    assert_eq!(rate(&closing(&book, "tuesday", "2026-11-17", 17)), 100);
    // The holidays of the pack stay.
    assert_eq!(rate(&closing(&book, "saturday", "2026-12-12", 17)), 200);
}

#[test]
fn an_organizations_own_week_comes_before_the_law_of_the_pack() {
    let book = acme("packs = [\"ke-labour\"]\n\n[attendance.hours]\nweek_minutes = 2700\n");
    let content = book.files("acme").unwrap();
    let settings = book.settings_in_force(content, hooks::HOURS, None, &[]);
    let of = |name: &str| {
        let setting = settings
            .iter()
            .find(|setting| setting.setting.name == name)
            .unwrap();
        let file = setting
            .change
            .as_ref()
            .and_then(|change| change.file.clone());
        (setting.value.clone(), file)
    };
    assert_eq!(
        of("week_minutes"),
        (2700.into(), Some("orgs/acme/settings.toml".to_owned()))
    );
    assert_eq!(
        of("rest_day_percent"),
        (
            200.into(),
            Some("plugins/ke-labour/settings.toml".to_owned())
        )
    );
    assert_eq!(of("round_to_minutes"), (0.into(), None));
}

#[test]
fn a_fake_location_of_field_staff_goes_to_a_person() {
    let book = acme("packs = [\"field-teams\"]\n");
    let faked = with(hooks::CLOCK_IN, &[("mock_location", true.into())]);
    let decision = book.decide("acme", hooks::CLOCK_IN, faked);
    assert_eq!(
        (decision.outcome.name.as_str(), decision.needs_review),
        ("allow", true)
    );
    assert_eq!(decision.flags, ["mock_location"]);
    assert!(
        !book
            .decide("other", hooks::CLOCK_IN, with(hooks::CLOCK_IN, &[]))
            .needs_review
    );
}
