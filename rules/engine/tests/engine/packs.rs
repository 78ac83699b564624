//! Packs: their place among the layers, what they may not do, and what happens when their files change.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use zamu_rules::{
    Class, Content, Decision, Field, FileProblem, Kind, Mode, Moment, Money, PackBinding, Record,
    RuleBinding, Rulebook, Status, Value, hooks, packs,
};

use crate::{folder, late_by, write};

const MANIFEST: &str = "plugins/night-bus/plugin.toml";
const RULE: &str = "plugins/night-bus/rules/attendance/lateness.rhai";

fn manifest(permissions: &str) -> String {
    format!(
        "id = \"night-bus\"\nversion = \"1.0.0\"\ntitle = \"Night bus\"\nengine = \">=1, <2\"\n\
         license = \"MIT\"\n\n[[rule]]\nhook = \"attendance.lateness\"\n\
         file = \"rules/attendance/lateness.rhai\"\n\n[permissions]\n{permissions}\n"
    )
}

/// A folder with one pack for lateness, and the organization `acme` that enables it.
fn night_bus(permissions: &str, body: &str) -> TempDir {
    let rule = format!("fn lateness(clock_in, settings) {{ {body} }}");
    folder(&[
        (MANIFEST, &manifest(permissions)),
        (RULE, &rule),
        ("rules/orgs/acme/settings.toml", "packs = [\"night-bus\"]\n"),
    ])
}

fn load(root: &Path, previous: Option<&Rulebook>) -> (Rulebook, Vec<FileProblem>) {
    Rulebook::load(&root.join("rules"), Some(&root.join("plugins")), previous)
}

fn judge(permissions: &str, body: &str) -> Decision {
    let folder = night_bus(permissions, body);
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, [], "{body}");
    book.decide("acme", hooks::LATENESS, late_by(22))
}

fn bound(book: &Rulebook) -> PackBinding {
    book.pack("night-bus").unwrap().binding()
}

fn enabled(binding: PackBinding) -> Content {
    Content {
        packs: vec![binding],
        ..Content::default()
    }
}

#[test]
fn a_pack_stands_between_the_default_and_the_organization() {
    let folder = night_bus("outcomes = [\"excused\"]", "inherit().flag(\"pack\")");
    let own = "fn lateness(clock_in, settings) { inherit().flag(\"own\") }";
    write(
        folder.path(),
        "rules/orgs/acme/attendance/lateness.rhai",
        own,
    );
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, []);
    let decision = book.decide("acme", hooks::LATENESS, late_by(22));
    let layers: Vec<_> = decision
        .layers
        .iter()
        .map(|step| step.layer.as_str())
        .collect();
    assert_eq!(layers, ["organization", "pack:night-bus", "default"]);
    assert_eq!(decision.flags, ["own", "pack"]);
    let other = book.decide("other", hooks::LATENESS, late_by(22));
    assert_eq!(other.layers.len(), 1);
}

#[test]
fn the_first_of_two_packs_is_asked_first() {
    let folder = night_bus("outcomes = [\"excused\"]", "inherit().flag(\"one\")");
    let second = manifest("outcomes = [\"on_time\"]").replace("night-bus", "rain");
    write(folder.path(), "plugins/rain/plugin.toml", &second);
    let rule = "fn lateness(c, s) { inherit().flag(\"two\") }";
    write(
        folder.path(),
        "plugins/rain/rules/attendance/lateness.rhai",
        rule,
    );
    for (order, flags) in [
        ("[\"night-bus\", \"rain\"]", ["one", "two"]),
        ("[\"rain\", \"night-bus\"]", ["two", "one"]),
    ] {
        let text = format!("packs = {order}\n");
        write(folder.path(), "rules/orgs/acme/settings.toml", &text);
        let (book, _) = load(folder.path(), None);
        assert_eq!(
            book.decide("acme", hooks::LATENESS, late_by(22)).flags,
            flags
        );
    }
}

#[test]
fn a_pack_cannot_read_what_it_did_not_ask_for() {
    let body = "if clock_in.person.title == \"nurse\" { excused() } else { on_time() }";
    let refused = judge("outcomes = [\"excused\", \"on_time\"]", body);
    let problem = refused.problem.unwrap();
    assert_eq!(problem.message, "this pack may not read `person.title`");
    assert_eq!(problem.file.as_deref(), Some(RULE));
    assert_eq!((problem.line, problem.column), (Some(1), Some(54)));
    assert_eq!(refused.status, Status::Error);
    assert!(refused.read.iter().all(|read| read.path != "person.title"));

    let allowed = judge(
        "outcomes = [\"excused\", \"on_time\"]\nread = [\"person.title\"]",
        body,
    );
    assert_eq!(
        (allowed.problem, allowed.outcome.name.as_str()),
        (None, "excused")
    );
    let by_pattern = judge(
        "outcomes = [\"excused\", \"on_time\"]\nread = [\"person.*\"]",
        body,
    );
    assert_eq!(by_pattern.outcome.name, "excused");
}

#[test]
fn an_empty_fact_is_refused_like_a_full_one() {
    for title in [Value::Nothing, "nurse".into()] {
        let folder = night_bus(
            "outcomes = [\"excused\"]",
            "if (clock_in.person.title ?? \"\") == \"\" { excused() } else { inherit() }",
        );
        let (book, _) = load(folder.path(), None);
        let mut facts = late_by(22);
        let mut person = facts
            .get("person")
            .and_then(Value::as_record)
            .unwrap()
            .clone();
        person.insert("title".to_owned(), title);
        facts.insert("person".to_owned(), person.into());
        let decision = book.decide("acme", hooks::LATENESS, facts);
        assert_eq!(
            decision.problem.unwrap().message,
            "this pack may not read `person.title`"
        );
    }
}

#[test]
fn a_pack_cannot_answer_what_it_did_not_ask_for() {
    let decision = judge("outcomes = [\"excused\"]", "late(5)");
    let problem = decision.problem.unwrap();
    assert_eq!(problem.message, "Function not found: late (a whole number)");
    assert_eq!(
        problem.hint.as_deref(),
        Some("this pack may not answer with `late`")
    );
    assert_eq!(decision.outcome.name, "late", "the failure policy answers");
    assert_eq!(decision.outcome.whole("minutes"), Some(22));
    assert_eq!(
        judge("outcomes = [\"excused\"]", "excused()").outcome.name,
        "excused"
    );
    // Passing the question on needs no permission.
    assert_eq!(judge("", "inherit().flag(\"seen\")").flags, ["seen"]);
}

#[test]
fn a_grant_is_the_lesser_of_what_is_asked_and_what_is_given() {
    let body = "if clock_in.person.title == \"nurse\" { excused() } else { on_time() }";
    let folder = night_bus("outcomes = [\"excused\"]\nread = [\"person.title\"]", body);
    let (book, _) = load(folder.path(), None);
    let with = |granted: &[&str]| {
        let granted = granted.iter().map(|name| (*name).to_owned()).collect();
        let content = enabled(PackBinding {
            granted,
            ..bound(&book)
        });
        book.book(&content)
            .decide(hooks::LATENESS, late_by(22), &[])
    };
    assert_eq!(with(&["person.title", "excused"]).outcome.name, "excused");
    assert_eq!(
        with(&["person.*", "excused", "on_time"]).outcome.name,
        "excused"
    );
    for granted in [vec!["excused"], vec!["person.title"], vec![]] {
        assert_eq!(with(&granted).status, Status::Error, "{granted:?}");
    }
    // More than the manifest asks for gives nothing more.
    let folder = night_bus("outcomes = [\"excused\"]", body);
    let (greedy, _) = load(folder.path(), None);
    let content = enabled(PackBinding {
        granted: vec!["person.*".to_owned(), "excused".to_owned()],
        ..bound(&greedy)
    });
    let decision = greedy
        .book(&content)
        .decide(hooks::LATENESS, late_by(22), &[]);
    assert_eq!(
        decision.problem.unwrap().message,
        "this pack may not read `person.title`"
    );
}

/// Every leaf below some fields: its path, how a rule reads it, and how private it is.
fn leaves(fields: &[Field], at: &str, reach: &str, above: Class) -> Vec<(String, String, Class)> {
    let mut found = Vec::new();
    for field in fields {
        let (path, class) = (format!("{at}{}", field.name), above.max(field.class));
        let read = format!("{reach}{}", field.name);
        match field.kind {
            Kind::Record(inner) => {
                found.extend(leaves(
                    inner,
                    &format!("{path}."),
                    &format!("{read}."),
                    class,
                ));
            }
            Kind::Records(inner) => {
                let name = format!("item_{}", path.replace('.', "_"));
                let each = leaves(inner, &format!("{path}."), &format!("{name}."), class);
                found.extend(each.into_iter().map(|(inner_path, inner_read, class)| {
                    (
                        inner_path,
                        format!("for {name} in {read} {{ let y = {inner_read}; }} ()"),
                        class,
                    )
                }));
            }
            _ => found.push((path, read, class)),
        }
    }
    found
}

/// Facts in which everything is there, so that every leaf can be reached.
fn full(fields: &[Field]) -> Record {
    let value = |field: &Field| match field.kind {
        Kind::YesNo => true.into(),
        Kind::Whole => 1.into(),
        Kind::Text => "text".into(),
        Kind::Choice(choices) => choices[0].into(),
        Kind::Money => Value::Money(Money::parse("KES 100").unwrap()),
        Kind::Moment => Moment::new(1_767_591_000_000_000, 180).into(),
        Kind::TextList => Value::List(vec!["one".into()]),
        Kind::Record(inner) => full(inner).into(),
        Kind::Records(inner) => Value::List(vec![full(inner).into()]),
    };
    fields
        .iter()
        .map(|field| (field.name.to_owned(), value(field)))
        .collect()
}

fn reading(hook: &zamu_rules::Hook, path: &str, read: &str, granted: bool) -> Decision {
    let asked = if granted {
        format!("read = [\"{path}\"]")
    } else {
        String::new()
    };
    let manifest = manifest(&asked)
        .replace("attendance.lateness", hook.name)
        .replace("attendance/lateness", &hook.path());
    let body = if read.starts_with("for ") {
        read.to_owned()
    } else {
        format!("let x = {read};")
    };
    let rule = format!(
        "fn {}(facts, settings) {{ {body} inherit() }}",
        hook.function()
    );
    let rule = rule.replace(" () inherit()", " inherit()");
    let folder = folder(&[
        (MANIFEST, &manifest),
        (
            &format!("plugins/night-bus/rules/{}.rhai", hook.path()),
            &rule,
        ),
        ("rules/orgs/acme/settings.toml", "packs = [\"night-bus\"]\n"),
    ]);
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, [], "{path}: {rule}");
    book.decide("acme", hook.name, full(hook.facts))
}

/// A refusal of the pack; other layers may stumble over facts that never come together like this.
fn refused(decision: &Decision) -> Option<String> {
    let message = decision
        .problem
        .as_ref()
        .map(|problem| problem.message.clone());
    message.filter(|message| message.starts_with("this pack may not read"))
}

#[test]
fn every_fact_of_every_hook_is_readable_only_as_its_class_allows() {
    let mut seen = 0;
    for hook in hooks() {
        for (path, read, class) in leaves(hook.facts, "", "facts.", Class::Open) {
            let said = refused(&reading(hook, &path, &read, false));
            assert_eq!(
                said.is_none(),
                class == Class::Open,
                "{} {path}: {said:?}",
                hook.name
            );
            if class != Class::Open {
                let above = path
                    .rsplit_once('.')
                    .map_or(path.clone(), |(above, _)| format!("{above}.*"));
                assert_eq!(
                    refused(&reading(hook, &path, &read, true)),
                    None,
                    "{} {path}",
                    hook.name
                );
                assert_eq!(
                    refused(&reading(hook, &above, &read, true)),
                    None,
                    "{} {above}",
                    hook.name
                );
            }
            seen += 1;
        }
    }
    assert!(seen >= 30, "only {seen} facts were looked at");
}

#[test]
fn a_pack_that_changed_since_it_was_enabled_is_left_out() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    let (book, _) = load(folder.path(), None);
    let content = enabled(bound(&book));
    assert_eq!(
        book.book(&content)
            .decide(hooks::LATENESS, late_by(22), &[])
            .outcome
            .name,
        "excused"
    );
    assert_eq!(book.book(&content).problems(), []);

    write(
        folder.path(),
        RULE,
        "fn lateness(c, s) { excused().flag(\"new\") }",
    );
    let (book, problems) = load(folder.path(), Some(&book));
    assert_eq!(problems, []);
    let kept = book.book(&content);
    assert_eq!(
        kept.decide(hooks::LATENESS, late_by(22), &[]).outcome.name,
        "late"
    );
    let (hook, problem) = kept.problems().remove(0);
    assert_eq!(hook, hooks::LATENESS);
    assert_eq!(
        problem.message,
        "the pack `night-bus` changed since it was switched on: version 1.0.0 then, 1.0.0 now"
    );
    // An organization that keeps its rules in files runs on the files.
    assert_eq!(
        book.decide("acme", hooks::LATENESS, late_by(22)).flags,
        ["new"]
    );
    let nowhere = enabled(PackBinding {
        id: "gone".to_owned(),
        ..bound(&book)
    });
    let (hook, problem) = book.book(&nowhere).problems().remove(0);
    assert_eq!(
        (hook, problem.message.as_str()),
        ("", "the pack `gone` is not installed, or cannot be used")
    );
}

#[test]
fn a_pack_may_be_tried_before_it_is_switched_on() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    write(
        folder.path(),
        "plugins/night-bus/settings.toml",
        "[attendance.lateness]\ngrace_minutes = 25\n",
    );
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, []);
    let of = |mode: Mode| {
        book.book(&enabled(PackBinding {
            mode,
            ..bound(&book)
        }))
    };
    let tried = of(Mode::Audit);
    assert_eq!(
        tried.decide(hooks::LATENESS, late_by(22), &[]).outcome.name,
        "late"
    );
    let shadow = tried.shadow(hooks::LATENESS, late_by(22), &[]).unwrap();
    assert_eq!(shadow.outcome.name, "excused");
    assert_eq!(
        of(Mode::Off)
            .decide(hooks::LATENESS, late_by(22), &[])
            .outcome
            .name,
        "late"
    );
    assert!(
        of(Mode::Off)
            .shadow(hooks::LATENESS, late_by(22), &[])
            .is_none()
    );
}

#[test]
fn a_snapshot_keeps_the_text_and_the_permits_of_a_pack() {
    let body = "if clock_in.person.title == \"nurse\" { excused() } else { on_time() }";
    let folder = night_bus("outcomes = [\"excused\"]", body);
    let (book, _) = load(folder.path(), None);
    let book = book.book(&enabled(bound(&book)));
    let text = serde_json::to_string(&book.snapshot()).unwrap();
    let again = zamu_rules::Book::restore(&serde_json::from_str(&text).unwrap()).unwrap();
    let (one, two) = (
        book.decide(hooks::LATENESS, late_by(22), &[]),
        again.decide(hooks::LATENESS, late_by(22), &[]),
    );
    assert_eq!(
        (one.problem, one.outcome),
        (two.problem.clone(), two.outcome)
    );
    assert_eq!(
        two.problem.unwrap().message,
        "this pack may not read `person.title`"
    );
}

#[test]
fn a_broken_pack_falls_to_the_next_layer_and_never_stops_the_server() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    for (file, text, message) in [
        (RULE, "fn lateness(", "the file ends too early"),
        (MANIFEST, "id = ", ""),
        (
            MANIFEST,
            &manifest("read = [\"person.titel\"]"),
            "no rule of this pack is given a fact `person.titel`",
        ),
        (
            MANIFEST,
            &manifest("outcomes = [\"excuse\"]"),
            "no rule of this pack can answer `excuse`",
        ),
        (MANIFEST, &manifest("write = []"), "unknown field `write`"),
        (
            MANIFEST,
            &manifest("").replace(">=1, <2", ">=2"),
            "written for contract >=2; `attendance.lateness` is at version 1",
        ),
        (
            MANIFEST,
            &manifest("").replace(">=1, <2", "newest"),
            "`newest` is not a range of versions",
        ),
        (
            MANIFEST,
            &manifest("").replace("id = \"night-bus\"", "id = \"day-bus\""),
            "the pack is called `day-bus`, its folder `night-bus`",
        ),
        (
            MANIFEST,
            &manifest("").replace("1.0.0", "one"),
            "`one` is not a version",
        ),
        (
            MANIFEST,
            &manifest("").replace("attendance.lateness", "attendance.latenes"),
            "no hook is called `attendance.latenes`",
        ),
        (
            MANIFEST,
            &manifest("").replace("rules/attendance/lateness.rhai", "../x.rhai"),
            "`../x.rhai` is not a rule file of this pack",
        ),
        (
            MANIFEST,
            &(manifest("") + "[integrity]\ndigest = \"sha256:00\"\n"),
            "the files are not the ones the manifest was made for",
        ),
        (
            "plugins/night-bus/rules/attendance/lateness.settings.toml",
            "[grace_minutes]\ntype = \"minutes\"\ndefault = 1\nlabel = \"x\"\n",
            "there is a setting `grace_minutes` already",
        ),
        (
            "plugins/night-bus/settings.toml",
            "[attendance.lateness]\ngrace_minutes = 61\n",
            "`grace_minutes` is 61, above its most, 60",
        ),
    ] {
        let before = fs::read_to_string(folder.path().join(file)).ok();
        write(folder.path(), file, text);
        let (book, problems) = load(folder.path(), None);
        let first = &problems[0];
        assert!(first.message.contains(message), "{message}: {problems:#?}");
        assert!(first.path.starts_with("plugins/night-bus/"), "{first:?}");
        assert_eq!(
            book.decide("acme", hooks::LATENESS, late_by(22))
                .outcome
                .name,
            "late"
        );
        let pack = book.pack("night-bus").unwrap();
        assert!(!pack.is_ok() && !pack.is_usable());
        assert!(!packs::check(&folder.path().join("plugins")).is_ok());
        match before {
            Some(before) => write(folder.path(), file, &before),
            None => fs::remove_file(folder.path().join(file)).unwrap(),
        }
    }
    assert_eq!(load(folder.path(), None).1, []);
}

#[test]
fn a_pack_that_breaks_or_vanishes_keeps_its_last_good_version() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    let (first, _) = load(folder.path(), None);
    write(folder.path(), RULE, "fn lateness(");
    let (broken, problems) = load(folder.path(), Some(&first));
    assert!(problems[0].keeps_last_good);
    assert_eq!(
        broken
            .decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "excused"
    );
    assert!(!broken.pack("night-bus").unwrap().is_ok());

    fs::remove_dir_all(folder.path().join("plugins/night-bus")).unwrap();
    let (gone, problems) = load(folder.path(), Some(&broken));
    assert_eq!(
        problems[0].message,
        "the pack is gone; what was loaded before stays in force"
    );
    assert_eq!(
        gone.decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "excused"
    );
    assert_eq!(gone.release("acme"), first.release("acme"));
}

#[test]
fn the_digest_covers_every_file_and_not_its_own_line() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    let root = folder.path().join("plugins/night-bus");
    let digest = packs::digest(&root).unwrap();
    assert!(digest.starts_with("sha256:") && digest.len() == 71);
    let sealed = manifest("outcomes = [\"excused\"]")
        + format!("[integrity]\ndigest = \"{digest}\"\n").as_str();
    write(folder.path(), MANIFEST, &sealed);
    let sealed_digest = packs::digest(&root).unwrap();
    let sealed = sealed.replace(&digest, &sealed_digest);
    write(folder.path(), MANIFEST, &sealed);
    let (book, problems) = load(folder.path(), None);
    assert_eq!(
        (problems, book.pack("night-bus").unwrap().digest.as_str()),
        (vec![], sealed_digest.as_str())
    );
    write(
        folder.path(),
        "plugins/night-bus/docs/README.md",
        "Something else.",
    );
    let (_, problems) = load(folder.path(), None);
    assert_eq!(
        problems[0].message,
        "the files are not the ones the manifest was made for"
    );
    assert!(
        problems[0]
            .hint
            .as_ref()
            .unwrap()
            .starts_with("their digest is sha256:")
    );
}

#[test]
fn a_pack_adds_settings_and_sets_values_below_the_organizations() {
    let body = "if settings.bus_is_late { excused() } else { inherit() }";
    let folder = night_bus("outcomes = [\"excused\"]", body);
    let schema = "[bus_is_late]\ntype = \"yes_no\"\ndefault = false\nlabel = \"The bus is late\"\n";
    write(
        folder.path(),
        "plugins/night-bus/rules/attendance/lateness.settings.toml",
        schema,
    );
    let values = "[attendance.lateness]\ngrace_minutes = 25\n\n[[change]]\nhook = \"attendance.lateness\"\n\
                  from = 2026-01-06\nuntil = 2026-01-06\nset = { bus_is_late = true }\n";
    write(folder.path(), "plugins/night-bus/settings.toml", values);
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, []);
    let on = |book: &Rulebook, late: i64, day: i64| {
        let mut facts = late_by(late);
        facts.insert(
            "now".to_owned(),
            Moment::new(1_767_591_000_000_000 + day * 86_400_000_000, 180).into(),
        );
        book.decide("acme", hooks::LATENESS, facts).outcome.name
    };
    assert_eq!(
        (on(&book, 22, 0), on(&book, 28, 0)),
        ("on_time".into(), "late".into())
    );
    assert_eq!(
        (on(&book, 28, 1), on(&book, 28, 2)),
        ("excused".into(), "late".into())
    );

    let own = "packs = [\"night-bus\"]\n\n[attendance.lateness]\ngrace_minutes = 3\nbus_is_late = false\n";
    write(folder.path(), "rules/orgs/acme/settings.toml", own);
    let (book, problems) = load(folder.path(), None);
    assert_eq!(problems, []);
    assert_eq!(
        (on(&book, 22, 0), on(&book, 22, 1)),
        ("late".into(), "late".into())
    );
    let pack = book.pack("night-bus").unwrap();
    assert_eq!(pack.settings[0].setting.name, "bus_is_late");
    assert_eq!(pack.values.len(), 2);
}

#[test]
fn an_organizations_file_names_packs_that_are_there() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    let values = "rules/orgs/acme/settings.toml";
    write(folder.path(), values, "packs = [\"night-buss\"]\n");
    let (book, problems) = load(folder.path(), None);
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem.message.as_str(),
                problem.hint.as_deref(),
                problem.line,
            )
        })
        .collect();
    assert_eq!(
        found,
        [(
            "no pack is called `night-buss`",
            Some("did you mean `night-bus`?"),
            Some(1)
        )]
    );
    assert_eq!(
        book.decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "late"
    );
    write(folder.path(), values, "packs = \"night-bus\"\n");
    let (_, problems) = load(folder.path(), None);
    assert_eq!(problems[0].message, "`packs` is not a list of names");
}

#[test]
fn an_organizations_own_rule_needs_no_permission() {
    let text =
        "fn lateness(c, s) { if c.person.title == \"nurse\" { excused() } else { on_time() } }";
    let rule: RuleBinding = serde_json::from_value(serde_json::json!({ "text": text })).unwrap();
    let mut content = Content::default();
    content.rules.insert(hooks::LATENESS.to_owned(), rule);
    let decision = Rulebook::embedded()
        .book(&content)
        .decide(hooks::LATENESS, late_by(22), &[]);
    assert_eq!(decision.outcome.name, "excused");
}

#[test]
fn an_own_rule_may_read_the_settings_of_an_enabled_pack() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let (book, problems) = Rulebook::load(Path::new("nowhere"), Some(&root), None);
    assert_eq!(problems, []);
    let check = |packs: Vec<PackBinding>| {
        let content = Content {
            packs,
            ..Content::default()
        };
        let draft = zamu_rules::checking::Draft {
            hook: hooks::LATENESS,
            kind: zamu_rules::RuleKind::Script,
            text: "fn lateness(clock_in, settings) { if clock_in.minutes_late <= settings.travel_grace_minutes { return on_time(); } inherit() }",
            tests: None,
            cases: &[],
            content: &content,
        };
        let findings = zamu_rules::checking::check_draft(&book, &draft).findings;
        findings
            .into_iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    let pack = book.pack("field-teams").unwrap().binding();
    assert!(check(Vec::new()).contains(&"unknown_setting".to_owned()));
    assert_eq!(check(vec![pack]), Vec::<String>::new());
}

#[test]
fn another_pack_on_another_node_shows_in_its_digest() {
    let folder = night_bus("outcomes = [\"excused\"]", "excused()");
    let (one, _) = load(folder.path(), None);
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) { inherit() }",
    );
    let (two, _) = load(folder.path(), None);
    assert_ne!(one.digest(), two.digest());
    assert_ne!(one.digest(), Rulebook::embedded().digest());
    let (again, _) = load(folder.path(), None);
    assert_eq!(again.digest(), two.digest());
}
