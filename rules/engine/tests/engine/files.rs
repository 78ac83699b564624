//! Files: overriding, inheriting, settings, and never losing what worked.

use std::fs;

use zamu_rules::{Origin, Rulebook, Status, hooks};

use crate::{folder, late_by, with, write};

const RULE: &str = "orgs/acme/attendance/lateness.rhai";
const VALUES: &str = "orgs/acme/settings.toml";

fn lateness(book: &Rulebook, organization: &str) -> String {
    book.decide(organization, hooks::LATENESS, late_by(22))
        .outcome
        .name
}

#[test]
fn an_empty_folder_changes_nothing() {
    let folder = folder(&[]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    assert_eq!(book.release("acme"), Rulebook::embedded().release("acme"));
    let (_, problems) = Rulebook::load(&folder.path().join("nowhere"), None, None);
    assert_eq!(problems, []);
}

#[test]
fn an_organization_overrides_only_itself() {
    let folder = folder(&[(RULE, "fn lateness(clock_in, settings) { excused() }")]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    assert_eq!(
        (lateness(&book, "acme"), lateness(&book, "other")),
        ("excused".into(), "late".into())
    );
    assert_ne!(book.release("acme"), book.release("other"));
    let source = book.source("acme", hooks::LATENESS).unwrap();
    assert_eq!(
        (source.origin, source.path.as_deref()),
        (Origin::Organization, Some(RULE))
    );
    assert_eq!(
        book.source("other", hooks::LATENESS).unwrap().origin,
        Origin::Default
    );
}

#[test]
fn the_default_folder_lies_over_the_embedded_pack() {
    let folder = folder(&[(
        "default/attendance/lateness.rhai",
        "fn lateness(c, s) { on_time() }",
    )]);
    let (book, _) = Rulebook::load(folder.path(), None, None);
    assert_eq!(lateness(&book, "anybody"), "on_time");
    let geofence = book.decide("anybody", hooks::GEOFENCE, with(hooks::GEOFENCE, &[]));
    assert_eq!(geofence.status, Status::Ok);
}

#[test]
fn inherit_keeps_its_decorations() {
    let folder = folder(&[(
        RULE,
        "fn lateness(clock_in, settings) { inherit().flag(\"seen\").because(\"first\") }",
    )]);
    let (book, _) = Rulebook::load(folder.path(), None, None);
    let decision = book.decide("acme", hooks::LATENESS, late_by(22));
    assert_eq!(decision.status, Status::Inherited);
    assert_eq!(decision.outcome.name, "late");
    assert_eq!(decision.flags, ["seen"]);
    assert_eq!(decision.reasons, ["first", "the grace period is 5 minutes"]);
    let layers: Vec<_> = decision
        .layers
        .iter()
        .map(|step| (step.layer.as_str(), step.outcome.as_deref()))
        .collect();
    assert_eq!(layers, [("organization", None), ("default", Some("late"))]);
}

#[test]
fn the_strictest_answer_wins_a_clock_in() {
    let rule = |body: &str| {
        let source = format!("fn clock_in(attempt, settings) {{ {body} }}");
        let folder = folder(&[("orgs/acme/attendance/clock_in.rhai", source.as_str())]);
        Rulebook::load(folder.path(), None, None).0
    };
    let open = zamu_rules::Value::from([("minutes", 5.into())]);
    let again = with(hooks::CLOCK_IN, &[("open_session", open)]);
    // A lenient rule cannot undo a refusal below it; a strict one can refuse what is allowed below.
    let lenient = rule("allow().flag(\"seen\")").decide("acme", hooks::CLOCK_IN, again);
    assert_eq!(lenient.outcome.text("code"), Some("already_clocked_in"));
    assert_eq!(lenient.flags, ["seen"]);
    let strict =
        rule("deny(\"closed_today\")").decide("acme", hooks::CLOCK_IN, with(hooks::CLOCK_IN, &[]));
    assert_eq!(strict.outcome.text("code"), Some("closed_today"));
    let broken = rule("attempt.nope").decide("acme", hooks::CLOCK_IN, with(hooks::CLOCK_IN, &[]));
    assert_eq!(
        (broken.status, broken.outcome.name.as_str()),
        (Status::Error, "allow")
    );
    assert_eq!(
        (broken.flags, broken.needs_review),
        (vec!["rule_failed".to_owned()], true)
    );
}

#[test]
fn a_broken_file_keeps_the_last_good_one() {
    let folder = folder(&[(RULE, "fn lateness(clock_in, settings) { excused() }")]);
    let (first, _) = Rulebook::load(folder.path(), None, None);
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) {\n    loop { }\n}",
    );
    let (second, problems) = Rulebook::load(folder.path(), None, Some(&first));
    assert_eq!(lateness(&second, "acme"), "excused");
    assert_eq!(second.release("acme"), first.release("acme"));
    let problem = &problems[0];
    assert_eq!(
        (problem.path.as_str(), problem.hook.as_deref()),
        (RULE, Some(hooks::LATENESS))
    );
    assert_eq!(problem.organization.as_deref(), Some("acme"));
    assert_eq!((problem.line, problem.column), (Some(2), Some(5)));
    assert!(problem.keeps_last_good);
    assert_eq!(second.problems(), problems);

    // A third load of the same broken file still knows; mending it takes effect.
    let (third, _) = Rulebook::load(folder.path(), None, Some(&second));
    assert_eq!(lateness(&third, "acme"), "excused");
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) { on_time() }",
    );
    let (mended, problems) = Rulebook::load(folder.path(), None, Some(&third));
    assert_eq!(
        (problems.len(), lateness(&mended, "acme").as_str()),
        (0, "on_time")
    );
}

#[test]
fn a_broken_file_without_a_past_is_left_out() {
    let folder = folder(&[(RULE, "fn lateness(")]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(lateness(&book, "acme"), "late");
    assert!(!problems[0].keeps_last_good);
}

#[test]
fn deletion_is_a_failure_and_emptying_is_not() {
    let folder = folder(&[(RULE, "fn lateness(clock_in, settings) { excused() }")]);
    let (first, _) = Rulebook::load(folder.path(), None, None);

    fs::remove_file(folder.path().join(RULE)).unwrap();
    let (book, problems) = Rulebook::load(folder.path(), None, Some(&first));
    assert_eq!(lateness(&book, "acme"), "excused");
    assert!(problems[0].keeps_last_good);
    assert_eq!(
        problems[0].message,
        "the file is gone; what was loaded before stays in force"
    );

    fs::remove_dir_all(folder.path().join("orgs")).unwrap();
    let (book, problems) = Rulebook::load(folder.path(), None, Some(&first));
    assert_eq!(
        (lateness(&book, "acme").as_str(), problems.len()),
        ("excused", 1)
    );

    let (book, problems) = Rulebook::load(&folder.path().join("nowhere"), None, Some(&first));
    assert_eq!(
        (lateness(&book, "acme").as_str(), problems.len()),
        ("excused", 2)
    );

    write(folder.path(), RULE, "// off until March\n");
    let (book, problems) = Rulebook::load(folder.path(), None, Some(&first));
    assert_eq!(
        (lateness(&book, "acme").as_str(), problems.len()),
        ("late", 0)
    );
}

#[test]
fn a_name_no_hook_has_is_reported() {
    let folder = folder(&[(
        "orgs/acme/attendance/latenes.rhai",
        "fn latenes(a, b) { on_time() }",
    )]);
    let (_, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        problems[0].message,
        "no hook is called `attendance.latenes`"
    );
    assert_eq!(
        problems[0].hint.as_deref(),
        Some("did you mean `attendance.lateness`?")
    );
}

#[test]
fn settings_take_effect_and_are_part_of_the_release() {
    let folder = folder(&[(VALUES, "[attendance.lateness]\ngrace_minutes = 25\n")]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        (problems.len(), lateness(&book, "acme").as_str()),
        (0, "on_time")
    );
    assert_ne!(book.release("acme"), book.release("other"));
    let settings = book.settings("acme", hooks::LATENESS);
    let names: Vec<_> = settings
        .iter()
        .map(|(setting, _)| setting.name.as_str())
        .collect();
    assert_eq!(names, ["grace_minutes", "very_late_after_minutes"]);
    assert_eq!(settings[0].1, 25.into());
}

#[test]
fn bad_settings_are_reported_and_keep_the_last_good_ones() {
    let folder = folder(&[(VALUES, "[attendance.lateness]\ngrace_minutes = 25\n")]);
    let (first, _) = Rulebook::load(folder.path(), None, None);
    for (text, message) in [
        (
            "grace_minutes = 61",
            "`grace_minutes` is 61, above its most, 60",
        ),
        (
            "grace_minutes = -1",
            "`grace_minutes` is -1, below its least, 0",
        ),
        (
            "grace_minutes = \"ten\"",
            "`grace_minutes` takes whole minutes, not text",
        ),
        (
            "grace_minutes = 1.5",
            "`grace_minutes` takes whole minutes, not nothing",
        ),
        ("grase_minutes = 10", "there is no setting `grase_minutes`"),
        (
            "grace_minutes = 40",
            "Very late must come after the grace period.",
        ),
    ] {
        write(
            folder.path(),
            VALUES,
            &format!("[attendance.lateness]\n{text}\n"),
        );
        let (book, problems) = Rulebook::load(folder.path(), None, Some(&first));
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].message, message);
        assert!(problems[0].keeps_last_good);
        assert_eq!(lateness(&book, "acme"), "on_time", "{text}");
        let (book, problems) = Rulebook::load(folder.path(), None, None);
        assert!(!problems[0].keeps_last_good);
        assert_eq!(lateness(&book, "acme"), "late", "{text}");
    }
}

#[test]
fn a_setting_without_a_default_is_refused() {
    let path = "default/attendance/lateness.settings.toml";
    let folder = folder(&[(
        path,
        "# ours\n[grace_minutes]\ntype = \"minutes\"\nlabel = \"Grace\"\n",
    )]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        problems[0].message,
        "the setting `grace_minutes` has no default"
    );
    assert_eq!(
        (problems[0].path.as_str(), problems[0].line),
        (path, Some(2))
    );
    assert_eq!(lateness(&book, "acme"), "late");
}

#[test]
fn a_radius_is_kept_within_the_platforms_bounds_and_says_so() {
    for (asked, kept) in [(3, 20), (20, 20), (5_000, 5_000), (90_000, 5_000)] {
        let source = format!("fn geofence(attempt, settings) {{ fence({asked}) }}");
        let folder = folder(&[("orgs/acme/attendance/geofence.rhai", &source)]);
        let (book, _) = Rulebook::load(folder.path(), None, None);
        let decision = book.decide("acme", hooks::GEOFENCE, with(hooks::GEOFENCE, &[]));
        assert_eq!(decision.outcome.whole("radius_m"), Some(kept));
        assert_eq!(decision.outcome.whole("accuracy_m"), Some(50));
        let recorded = decision.layers.iter().any(|step| step.layer == "platform");
        assert_eq!(
            (recorded, decision.reasons.len()),
            (asked != kept, usize::from(asked != kept))
        );
    }
}

#[test]
fn another_hooks_outcome_does_not_exist() {
    let decision = crate::judge("deny(\"x\")");
    let problem = decision.problem.unwrap();
    assert_eq!(problem.message, "Function not found: deny (text)");
    assert!(
        problem
            .hint
            .unwrap()
            .starts_with("attendance.lateness answers with on_time()")
    );
}
