//! Punches of a terminal, by a mapping file: every row accounted for, and nothing twice.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use zamu::imports::punches::model::PunchReport;
use zamu::imports::punches::{EXAMPLE, service};
use zamu::imports::service::importer;
use zamu::kernel::error::Result;
use zamu_schema::migrate::Target;

use crate::support::TestApp;

use crate::support::people::TestOrg;

const HEADER: &str = "Badge,Time,State,Terminal";

pub(super) struct Files {
    _folder: TempDir,
    file: PathBuf,
    mapping: PathBuf,
}

pub(super) fn files(rows: &[&str], mapping: &str) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let (file, toml) = (
        folder.path().join("gate.csv"),
        folder.path().join("gate.toml"),
    );
    std::fs::write(&file, format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"))).unwrap();
    std::fs::write(&toml, mapping).unwrap();
    Files {
        _folder: folder,
        file,
        mapping: toml,
    }
}

pub(super) async fn run(
    app: &TestApp,
    acme: &TestOrg,
    files: &Files,
    dry: bool,
) -> Result<PunchReport> {
    let viewer = importer(acme.id);
    service::run(&app.app, &viewer, &files.file, &files.mapping, dry).await
}

/// An organization whose worker has the badge 7.
pub(super) async fn with_badge() -> (TestApp, TestOrg) {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let badge = json!({"input": {"id": acme.worker.member, "tags": ["badge:7"]}});
    assert!(acme.admin.run("identity/update_member", badge).await.ok());
    (app, acme)
}

/// `2026-02-23 05:00-14:00 @Main gate TERMINAL`, in the order of time.
async fn sessions(acme: &TestOrg) -> Vec<String> {
    let query = "{ sessions(first: 20) { edges { node {
        workDate clockedInAt clockedOutAt place { name } punches { source }
    } } } }";
    let answer = acme.owner.query(query, json!({})).await;
    let short = |at: &Value| {
        at.as_str()
            .map_or("?".to_owned(), |text| text[11..16].to_owned())
    };
    let line = |edge: &Value| {
        let node = &edge["node"];
        format!(
            "{} {}-{} @{} {}",
            node["workDate"].as_str().unwrap(),
            short(&node["clockedInAt"]),
            short(&node["clockedOutAt"]),
            node["place"]["name"].as_str().unwrap_or("nowhere"),
            node["punches"][0]["source"].as_str().unwrap()
        )
    };
    let edges = answer.data("/sessions/edges").as_array().unwrap().clone();
    edges.iter().rev().map(line).collect()
}

const ROWS: &[&str] = &[
    "7,23/02/2026 08:00:00,0,T1",
    "7,23/02/2026 08:00:30,0,T1",
    "7,23/02/2026 17:00:00,C/Out,T1",
    "",
    "7,24/02/2026 07:55:00,255,T2",
    "7,24/02/2026 12:00:00,255,T2",
    "7,24/02/2026 16:05:00,255,T2",
    "8,24/02/2026 08:00:00,0,T1",
    "7,24/02/2026 08:00:00,9,T1",
    "7,31/02/2026 08:00:00,0,T1",
    ",24/02/2026 08:00:00,0,T1",
    "7,24/02/2026 08:00:00,0",
    "7,24/02/2027 08:00:00,0,T1",
];

#[tokio::test]
async fn the_example_maps_a_file_and_every_row_is_accounted_for() {
    let (app, acme) = with_badge().await;
    let files = files(ROWS, EXAMPLE);
    let report = run(&app, &acme, &files, false).await.unwrap();
    assert!(report.adds_up());
    let all = report.punches;
    assert_eq!(
        (all.rows, report.blank, all.used, all.merged, all.refused),
        (13, 1, 4, 1, 7)
    );
    let refused: Vec<_> = report
        .refusals
        .iter()
        .map(|one| (one.row, one.code))
        .collect();
    assert_eq!(
        refused,
        [
            (7, "BETWEEN"),
            (9, "UNKNOWN_MEMBER"),
            (10, "UNKNOWN_CODE"),
            (11, "BAD_TIME"),
            (12, "NO_USER"),
            (13, "MALFORMED"),
            (14, "FUTURE"),
        ]
    );
    assert_eq!(
        sessions(&acme).await,
        [
            "2026-02-23 05:00-14:00 @Main gate TERMINAL",
            "2026-02-24 04:55-13:05 @Ward 4 TERMINAL",
        ]
    );
    // A second run changes nothing.
    app.drain().await;
    let audit = async || acme.owner.run("audit/audit_entries", json!({})).await.0;
    let (before, log) = (sessions(&acme).await, audit().await);
    let again = run(&app, &acme, &files, false).await.unwrap();
    app.drain().await;
    assert_eq!((again.sessions.created, again.sessions.unchanged), (0, 2));
    assert_eq!(again.punches, report.punches);
    assert_eq!((sessions(&acme).await, audit().await), (before, log));
}

#[tokio::test]
async fn a_try_out_says_what_would_happen_and_writes_nothing() {
    let (app, acme) = with_badge().await;
    app.drain().await;
    let audit = async || acme.owner.run("audit/audit_entries", json!({})).await.0;
    let before = audit().await;
    let files = files(ROWS, EXAMPLE);
    let tried = run(&app, &acme, &files, true).await.unwrap();
    app.drain().await;
    assert_eq!(audit().await, before);
    assert!(sessions(&acme).await.is_empty());
    let places = acme.owner.run("places/places", json!({})).await;
    assert_eq!(places.data("/places/edges"), &json!([]));
    let real = run(&app, &acme, &files, false).await.unwrap();
    assert_eq!(tried.punches, real.punches);
    assert_eq!(tried.refusals, real.refusals);
    assert_eq!(tried.sessions.created, real.sessions.created);
}

#[tokio::test]
async fn a_planned_night_is_one_session_without_directions() {
    let (app, acme) = with_badge().await;
    let shift = json!({"member": acme.worker.member, "date": "2026-02-25", "starts": "22:00", "ends": "06:00"});
    let planned = acme
        .owner
        .run("schedules/plan_shift", json!({"input": shift}))
        .await;
    assert!(planned.ok(), "{:#}", planned.0);
    let mapping = EXAMPLE.replace("[direction]\ncolumn = \"State\"\nin = [\"0\", \"C/In\"]\nout = [\"1\", \"C/Out\"]\ninfer = [\"255\"]\n", "");
    assert_ne!(mapping, EXAMPLE);
    let rows = ["7,25/02/2026 21:50:00,,T1", "7,26/02/2026 06:10:00,,T1"];
    let report = run(&app, &acme, &files(&rows, &mapping), false)
        .await
        .unwrap();
    assert_eq!((report.punches.used, report.punches.refused), (2, 0));
    assert_eq!(
        sessions(&acme).await,
        ["2026-02-25 18:50-03:10 @Main gate TERMINAL"]
    );
}

#[tokio::test]
async fn a_mapping_that_does_not_fit_writes_nothing() {
    let (app, acme) = with_badge().await;
    let wrong = EXAMPLE.replace("column = \"Badge\"", "column = \"Card\"");
    let error = run(&app, &acme, &files(ROWS, &wrong), false)
        .await
        .unwrap_err();
    assert!(error.message.contains("`Card`"), "{error}");
    let error = run(&app, &acme, &files(ROWS, "source = 1"), false)
        .await
        .unwrap_err();
    assert_eq!(error.field.as_deref(), Some("mapping"));
    assert!(sessions(&acme).await.is_empty());
}

/// How the command ends, and what it says.
fn command(app: &TestApp, files: &Files, more: &[&str]) -> (Option<i32>, String) {
    let url = match app.target() {
        Target::Sqlite(path) => format!("sqlite:{}", path.display()),
        Target::Postgres(url) => url.clone(),
    };
    let folder = files.file.parent().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_zamu"));
    command
        .args(["import", "punches", "--org", "acme", "--json"])
        .args(["--file", "gate.csv", "--mapping", "gate.toml"])
        .args(more)
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("ZAMU_LOG", "error")
        .env("ZAMU_DATA_DIR", folder);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_ends_as_programs_expect() {
    let (app, acme) = with_badge().await;
    let fine = files(&ROWS[..3], EXAMPLE);
    let (code, _) = command(&app, &fine, &["--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(sessions(&acme).await.is_empty());
    let (code, said) = command(&app, &files(ROWS, EXAMPLE), &[]);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&report["rows"], &report["refused"]),
        (&json!(13), &json!(7))
    );
    assert_eq!(report["sessions"]["created"], 2);
    let (code, _) = command(&app, &files(ROWS, "source = 1"), &[]);
    assert_eq!(code, Some(2));
}
