//! The default pack passes its own tests and the checker, and is what the binary embeds.

use std::path::PathBuf;

use zamu_rules::{Field, Kind, Origin, Rulebook, Status, checking, hooks, testing};

fn rules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

#[test]
fn the_shipped_tests_pass() {
    let report = testing::run(&rules().join("default"), None);
    let failed: Vec<_> = report.tests.iter().filter(|test| !test.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for hook in hooks() {
        let ran = |ending: &str| {
            let file = format!("{}{ending}", hook.path());
            let of_hook = report
                .tests
                .iter()
                .filter(|test| test.file.ends_with(&file));
            of_hook.count()
        };
        assert!(ran(".test.rhai") >= 3, "{} has too few tests", hook.name);
        assert!(
            ran(".cases.json") >= 2,
            "{} has too few kept cases",
            hook.name
        );
    }
}

#[test]
fn the_shipped_files_have_no_findings() {
    let report = checking::check(&rules().join("default"));
    assert_eq!(report.findings, []);
    assert_eq!(report.files, 2 * hooks().len());
}

#[test]
fn the_binary_needs_no_folder() {
    let book = Rulebook::embedded();
    for hook in hooks() {
        let decision = book.decide("anybody", hook.name, hook.sample());
        assert_eq!(
            (decision.status, decision.problem),
            (Status::Ok, None),
            "{}",
            hook.name
        );
        let source = book.source("anybody", hook.name).unwrap();
        assert_eq!((source.origin, source.path), (Origin::Default, None));
    }
    assert_eq!(book.problems(), []);
}

#[test]
fn a_decision_says_what_the_rule_looked_at() {
    let decision = Rulebook::embedded().decide("acme", hooks::LATENESS, crate::late_by(22));
    assert_eq!(decision.outcome.name, "late");
    assert_eq!(decision.outcome.whole("minutes"), Some(22));
    assert_eq!(decision.reasons, ["the grace period is 5 minutes"]);
    let read: Vec<&str> = decision
        .read
        .iter()
        .map(|read| read.path.as_str())
        .collect();
    let expected = [
        "minutes_late",
        "settings.grace_minutes",
        "delay_was_approved",
        "settings.very_late_after_minutes",
    ];
    assert_eq!(read, expected);
    assert_eq!(decision.release.len(), 32);
}

#[test]
fn asking_for_a_tag_is_recorded() {
    let folder = crate::folder(&[(
        "orgs/acme/settings.toml",
        "[attendance.geofence]\nfield_staff_work_anywhere = true\n",
    )]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    let decision = book.decide("acme", hooks::GEOFENCE, crate::with(hooks::GEOFENCE, &[]));
    let read = decision
        .read
        .iter()
        .find(|read| read.path.contains("has_tag"))
        .unwrap();
    assert_eq!(
        (read.path.as_str(), &read.value),
        ("person.has_tag(\"field_staff\")", &false.into())
    );
}

#[test]
fn every_contract_says_what_its_words_mean() {
    for hook in hooks() {
        assert!(!hook.about.is_empty(), "{}", hook.name);
        assert!(
            !hook.facts.is_empty() && !hook.outcomes.is_empty(),
            "{}",
            hook.name
        );
        let now = hook.facts.iter().find(|field| field.name == "now");
        assert_eq!(
            now.map(|field| field.kind),
            Some(Kind::Moment),
            "{}",
            hook.name
        );
        said(hook.name, hook.facts);
        for outcome in hook.outcomes {
            assert!(!outcome.about.is_empty(), "{}: {}", hook.name, outcome.name);
            for method in outcome.methods {
                assert!(!method.about.is_empty(), "{}: {}", hook.name, method.name);
            }
        }
    }
}

fn said(whose: &str, fields: &[Field]) {
    for field in fields {
        assert!(!field.about.is_empty(), "{whose}: {}", field.name);
        if let Kind::Record(inner) | Kind::Records(inner) = field.kind {
            said(whose, inner);
        }
    }
}

#[test]
fn every_setting_has_bounds_words_and_scopes() {
    let book = Rulebook::embedded();
    for hook in hooks() {
        for setting in book.settings_of(hook.name) {
            let name = format!("{}.{}", hook.name, setting.name);
            assert!(
                !setting.label.is_empty() && !setting.help.is_empty(),
                "{name}"
            );
            assert!(!setting.scopes.is_empty(), "{name}");
            if setting.default.as_whole().is_some() {
                assert!(setting.min.is_some() && setting.max.is_some(), "{name}");
            }
            assert_eq!(setting.check.is_some(), setting.message.is_some(), "{name}");
        }
    }
}
