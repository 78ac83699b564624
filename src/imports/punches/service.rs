//! Decides: whose punches a file holds; they become sessions like those of any other import.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::json;

use super::model::{By, Mapping, PunchReport, Reader};
use crate::app::App;
use crate::attendance::model::Source;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Audit;
use crate::events::event::Event;
use crate::identity::bulk;
use crate::identity::model::{self as people, Member};
use crate::imports::claims;
use crate::imports::reason::Reason;
use crate::imports::report::Report;
use crate::imports::service::{CLOCK_TOLERANCE, Import, Origin, PUNCHES};
use crate::imports::table::Sheet;
use crate::imports::taps::Tap;
use crate::kernel::error::{Error, Result};
use crate::orgs;

/// Imports a file of punches by a mapping file. Running it again changes nothing; tried only, nothing is written.
pub async fn run(
    app: &App,
    viewer: &Viewer,
    file: &Path,
    mapping: &Path,
    dry_run: bool,
) -> Result<PunchReport> {
    let mapping = Mapping::parse(&text_of(mapping, "mapping")?)?;
    let sheet = Sheet::parse(&text_of(file, "file")?);
    let sheet = sheet.ok_or_else(|| Error::invalid("file", "the file has no header"))?;
    mapping.check(&sheet)?;
    let mut tx = app.read(viewer, Action::ImportData).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let known = Known::new(mapping.member.by, bulk::everybody_in(&mut tx).await?);
    drop(tx);
    let mut import = Import {
        app,
        viewer,
        organization,
        report: Report::default(),
        members: HashMap::new(),
        places: HashMap::new(),
        from: Origin {
            name: mapping.source.clone(),
            source: Source::Terminal,
            debounce: TimeDelta::seconds(i64::from(mapping.debounce_seconds)),
            dry_run,
        },
        planned: BTreeMap::new(),
    };
    let zone = mapping.zone()?.unwrap_or(import.organization.time_zone);
    for (who, taps) in read(&mut import, (&mapping, zone), &sheet, &known) {
        claims::import_taps(&mut import, &who, taps).await?;
    }
    if import.report.changed() && !dry_run {
        announce(&import).await?;
    }
    Ok(PunchReport::of(import.report, sheet.blank, dry_run))
}

fn text_of(path: &Path, field: &str) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::invalid(field, format!("cannot read {}: {error}", path.display())))
}

fn read(
    import: &mut Import<'_>,
    (mapping, zone): (&Mapping, Tz),
    sheet: &Sheet,
    known: &Known,
) -> BTreeMap<String, Vec<Tap>> {
    let reader = Reader {
        mapping,
        header: &sheet.header,
        zone,
    };
    let latest = import.app.now() + CLOCK_TOLERANCE;
    let mut taps: BTreeMap<String, Vec<Tap>> = BTreeMap::new();
    for row in &sheet.rows {
        import.report.punches.rows += 1;
        let read = reader.read(row.number, &row.cells).and_then(|(who, tap)| {
            if row.is_open {
                let message = "a quote in it never ends".to_owned();
                return Err(Reason::Malformed(message));
            }
            if tap.at > latest {
                return Err(Reason::Future);
            }
            Ok((known.member(&who)?, tap))
        });
        match read {
            Ok((member, tap)) => {
                let key = member.id.to_string();
                import
                    .members
                    .entry(key.clone())
                    .or_insert_with(|| member.clone());
                taps.entry(key).or_default().push(tap);
            }
            Err(reason) => import.report.refuse(PUNCHES, row.number, &reason),
        }
    }
    taps
}

/// Everybody, by what the file calls them.
struct Known {
    by: By,
    members: HashMap<String, Vec<Member>>,
}

impl Known {
    fn new(by: By, all: Vec<Member>) -> Self {
        let mut members: HashMap<String, Vec<Member>> = HashMap::new();
        for member in all {
            let names = match by {
                By::ExternalRef => member.external_ref.clone().into_iter().collect(),
                By::Email => member.email.clone().into_iter().collect(),
                By::Phone => member.phone.clone().into_iter().collect(),
                By::Tag => member.tags.clone(),
            };
            for name in names {
                members.entry(name).or_default().push(member.clone());
            }
        }
        Self { by, members }
    }

    fn member(&self, who: &str) -> Result<&Member, Reason> {
        let name = match self.by {
            By::Phone => people::phone("member", who).unwrap_or_default(),
            By::Email => who.to_lowercase(),
            By::ExternalRef | By::Tag => who.to_owned(),
        };
        match self.members.get(&name).map(Vec::as_slice) {
            Some([one]) => Ok(one),
            Some(_) => Err(Reason::AmbiguousMember(who.to_owned())),
            None => Err(Reason::UnknownMember(who.to_owned())),
        }
    }
}

async fn announce(import: &Import<'_>) -> Result<()> {
    let mut tx = import.begin().await?;
    tx.emit(&Event::DataImported {
        source: import.from.name.clone(),
    })?;
    let (punches, sessions) = (&import.report.punches, &import.report.sessions);
    let detail = json!({ "punches": punches, "sessions": sessions });
    tx.commit(Audit::of(import.organization.id).detail(detail))
        .await
}
