//! `zamu rules …` as somebody types it: what it says, how it ends, and the JSON programs rely on.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program in a folder, without any setting.
fn zamu(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zamu"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn ended(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}\n{}",
        said(output),
        complained(output)
    );
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&said(output)).unwrap()
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const RULE: &str = "rules/orgs/acme/attendance/lateness.rhai";

#[test]
fn a_new_rule_is_the_one_that_ships_with_tests_that_pass() {
    let folder = tempfile::tempdir().unwrap();
    for hook in zamu_rules::hooks() {
        let made = zamu(folder.path(), &["rules", "new", hook.name, "--org", "acme"]);
        ended(&made, 0);
        let rule = format!("rules/orgs/acme/{}.rhai", hook.path());
        assert!(said(&made).contains(&rule), "{}", said(&made));
        let text = std::fs::read_to_string(folder.path().join(&rule)).unwrap();
        assert!(
            text.contains(&format!("fn {}(", hook.function())),
            "{rule}: {text}"
        );
    }
    let text = std::fs::read_to_string(folder.path().join(RULE)).unwrap();
    assert!(text.contains("//   grace_minutes = 5"), "{text}");
    assert!(text.contains("orgs/acme/settings.toml"), "{text}");
    ended(&zamu(folder.path(), &["rules", "check"]), 0);
    ended(&zamu(folder.path(), &["rules", "test"]), 0);
}

#[test]
fn a_new_rule_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RULE, "// mine\n");
    let again = zamu(
        folder.path(),
        &["rules", "new", "attendance.lateness", "--org", "acme"],
    );
    ended(&again, 2);
    assert!(
        complained(&again).contains("already there"),
        "{}",
        complained(&again)
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join(RULE)).unwrap(),
        "// mine\n"
    );
    let tests = folder
        .path()
        .join("rules/orgs/acme/attendance/lateness.test.rhai");
    assert!(!tests.exists());
}

#[test]
fn a_new_rule_goes_where_it_is_told_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    ended(
        &zamu(folder.path(), &["rules", "new", "attendance.lateness"]),
        0,
    );
    assert!(folder.path().join("attendance/lateness.rhai").exists());
    let told = [
        "rules",
        "new",
        "attendance.lateness",
        "--org",
        "acme",
        "--dir",
        "ours",
    ];
    ended(&zamu(folder.path(), &told), 0);
    assert!(
        folder
            .path()
            .join("ours/orgs/acme/attendance/lateness.test.rhai")
            .exists()
    );
    let outside = ["rules", "new", "attendance.lateness", "--org", "../../etc"];
    ended(&zamu(folder.path(), &outside), 2);
    let unknown = zamu(folder.path(), &["rules", "new", "attendance.mood"]);
    ended(&unknown, 2);
    assert!(
        complained(&unknown).contains("attendance.lateness"),
        "{}",
        complained(&unknown)
    );
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) {\n    late(clock_in.minuts_late)\n}\n",
    );
    let checked = zamu(folder.path(), &["rules", "check"]);
    ended(&checked, 1);
    let text = said(&checked);
    assert!(text.contains("lateness.rhai:2:"), "{text}");
    assert!(text.contains("minutes_late"), "{text}");
    let checked = zamu(folder.path(), &["rules", "check", RULE, "--json"]);
    ended(&checked, 1);
    let report = json(&checked);
    assert_eq!(report["version"], 1);
    assert_eq!(report["files"], 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "unknown_fact");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["line"], 2);
    assert!(
        finding["message"].is_string() && finding["hint"].is_string(),
        "{finding}"
    );
}

#[test]
fn check_without_findings_ends_well_and_without_files_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) { inherit() }\n",
    );
    let checked = zamu(folder.path(), &["rules", "check", "--json"]);
    ended(&checked, 0);
    assert_eq!(json(&checked)["findings"], serde_json::json!([]));
    let nowhere = zamu(folder.path(), &["rules", "check", "rulse"]);
    ended(&nowhere, 2);
    assert!(
        complained(&nowhere).contains("rulse"),
        "{}",
        complained(&nowhere)
    );
    ended(&zamu(folder.path(), &["rules", "test", "rulse"]), 2);
    ended(&zamu(folder.path(), &["rules", "chekc"]), 2);
}

const TESTS: &str = r#"
fn test_early() { expect(run(clock_in(#{ minutes_late: -5 }), settings(#{}))).to_be("on_time"); }
fn test_wrong() { expect(run(clock_in(#{ minutes_late: 9 }), settings(#{}))).to_be("excused"); }
"#;

#[test]
fn test_says_which_failed_and_what_was_said_instead() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        RULE,
        "fn lateness(clock_in, settings) { inherit() }\n",
    );
    write(
        folder.path(),
        "rules/orgs/acme/attendance/lateness.test.rhai",
        TESTS,
    );
    let tested = zamu(folder.path(), &["rules", "test"]);
    ended(&tested, 1);
    assert!(
        said(&tested).contains("test_wrong: expected excused"),
        "{}",
        said(&tested)
    );
    assert!(
        said(&tested).contains("1 passed, 1 failed"),
        "{}",
        said(&tested)
    );
    let tested = zamu(folder.path(), &["rules", "test", "--json"]);
    ended(&tested, 1);
    let report = json(&tested);
    assert_eq!(report["version"], 1);
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&1.into(), &1.into())
    );
    assert_eq!(report["tests"][0]["name"], "test_early");
    assert_eq!(report["tests"][1]["passed"], false);
    let one = zamu(folder.path(), &["rules", "test", "--filter", "early"]);
    ended(&one, 0);
    assert!(said(&one).contains("1 passed, 0 failed"), "{}", said(&one));
}

#[test]
fn coverage_names_the_lines_no_test_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "fn lateness(clock_in, settings) {\n    if clock_in.minutes_late > 600 {\n        return excused();\n    }\n    inherit()\n}\n";
    write(folder.path(), RULE, rule);
    let tests = TESTS.lines().take(2).collect::<Vec<_>>().join("\n");
    write(
        folder.path(),
        "rules/orgs/acme/attendance/lateness.test.rhai",
        &tests,
    );
    let tested = zamu(folder.path(), &["rules", "test", "--coverage"]);
    ended(&tested, 0);
    assert!(
        said(&tested).contains("never reached: 3"),
        "{}",
        said(&tested)
    );
    let tested = zamu(folder.path(), &["rules", "test", "--coverage", "--json"]);
    let coverage = &json(&tested)["coverage"][0];
    assert_eq!(coverage["never"], serde_json::json!([3]));
}

#[test]
fn docs_writes_a_page_for_each_question() {
    let folder = tempfile::tempdir().unwrap();
    let written = zamu(folder.path(), &["rules", "docs", "--out", "reference"]);
    ended(&written, 0);
    for (file, text) in zamu_rules::docs::pages() {
        let page = std::fs::read_to_string(folder.path().join("reference").join(&file)).unwrap();
        assert_eq!(page, text, "{file}");
    }
    write(folder.path(), "taken", "a file, not a folder");
    ended(
        &zamu(folder.path(), &["rules", "docs", "--out", "taken"]),
        2,
    );
}

/// The packs that ship, beside an empty rules folder.
fn shipped_packs() -> String {
    format!("{}/plugins", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn plugin_check_finds_nothing_wrong_with_what_ships_and_something_with_a_broken_pack() {
    let folder = tempfile::tempdir().unwrap();
    let checked = zamu(
        folder.path(),
        &["plugin", "check", &shipped_packs(), "--json"],
    );
    ended(&checked, 0);
    assert_eq!(json(&checked)["version"], 1);
    let manifest = "id = \"broken\"\nversion = \"1.0.0\"\ntitle = \"Broken\"\nengine = \">=1, <2\"\nlicense = \"MIT\"\n[[rule]]\nhook = \"attendance.mood\"\nfile = \"rules/mood.rhai\"\n";
    write(folder.path(), "plugins/broken/plugin.toml", manifest);
    let checked = zamu(folder.path(), &["plugin", "check"]);
    ended(&checked, 1);
    assert!(
        said(&checked).contains("attendance.mood"),
        "{}",
        said(&checked)
    );
    ended(&zamu(folder.path(), &["plugin", "list"]), 1);
    ended(&zamu(folder.path(), &["plugin", "check", "nowhere"]), 2);
}

#[test]
fn plugin_list_and_permissions_say_what_a_pack_is_and_asks() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(shipped_packs(), folder.path().join("plugins")).unwrap();
    let listed = zamu(folder.path(), &["plugin", "list"]);
    ended(&listed, 0);
    assert!(
        said(&listed).contains("ke-labour 1.0.0"),
        "{}",
        said(&listed)
    );
    let listed = zamu(folder.path(), &["plugin", "list", "--json"]);
    let packs = json(&listed);
    assert_eq!(packs["version"], 1);
    assert!(
        packs["packs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|pack| pack["id"] == "field-teams")
    );
    let asked = zamu(folder.path(), &["plugin", "permissions", "ke-labour"]);
    ended(&asked, 0);
    assert!(
        said(&asked).contains("reads open facts only"),
        "{}",
        said(&asked)
    );
    assert!(said(&asked).contains("answers hours"), "{}", said(&asked));
    let asked = zamu(
        folder.path(),
        &["plugin", "permissions", "ke-labour", "--json"],
    );
    assert_eq!(
        json(&asked)["permissions"]["outcomes"],
        serde_json::json!(["hours"])
    );
    let unknown = zamu(folder.path(), &["plugin", "permissions", "nobody"]);
    ended(&unknown, 2);
    assert!(
        complained(&unknown).contains("ke-labour"),
        "{}",
        complained(&unknown)
    );
}
