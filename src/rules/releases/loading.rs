//! From rows to books: what an event is judged by. A release proves itself before it replaces one that worked.

use std::sync::Arc;

use zamu_rules::{Book, Content, Mode, Rulebook, Status};

use super::{history, store};
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Result};
use crate::kernel::time::Instant;
use crate::orgs;
use crate::rules::timeline::{Mark, Period, Timeline};

/// The number and the book of the release that was in force at an instant, which may be long ago.
pub async fn book_in(tx: &mut Tx, at: Instant) -> Result<(i64, Book)> {
    let timeline = timeline_in(tx).await?;
    if !timeline.covers(at) {
        return old_book_in(tx, at).await;
    }
    Ok(match timeline.at(at) {
        Some(period) => (period.number, period.book.clone()),
        None => (0, shipped(&tx.app().rules())),
    })
}

/// What this node knows of the organization, read again if it must be.
pub async fn timeline_in(tx: &mut Tx) -> Result<Arc<Timeline>> {
    let app = tx.app().clone();
    let known = app.timelines().recall(tx.org(), tx.now());
    match known {
        Some(known) => Ok(known),
        None => read_in(tx).await,
    }
}

/// Reads the releases and swaps them in. What fails is said and tried again; what worked before goes on.
pub(super) async fn read_in(tx: &mut Tx) -> Result<Arc<Timeline>> {
    let app = tx.app().clone();
    let (held, ticket) = app.timelines().held(tx.org());
    let mark = mark_in(tx).await?;
    if let Some(held) = held.as_ref().filter(|held| held.mark == mark) {
        let timeline = Timeline {
            read_at: tx.now(),
            ..Timeline::clone(held)
        };
        return Ok(app.timelines().remember(tx.org(), ticket, timeline, None));
    }
    let (mut timeline, problem) = build_in(tx, mark, held.as_deref()).await?;
    if let Some(problem) = &problem {
        if let Some(held) = held {
            timeline = Timeline {
                read_at: tx.now(),
                ..Timeline::clone(&held)
            };
        }
        tracing::error!(org = %tx.org(), problem, "a release of rules cannot be used; the last good one stays");
    }
    Ok(app
        .timelines()
        .remember(tx.org(), ticket, timeline, problem))
}

/// What the timeline of now is made from. Cheap: a row for each release that ever held.
async fn mark_in(tx: &mut Tx) -> Result<Mark> {
    let periods = history::periods(&store::activations(tx).await?);
    let rules = tx.app().rules();
    let files = if periods.is_empty() {
        files_in(tx, &rules).await?.map(Content::digest)
    } else {
        None
    };
    Ok(Mark {
        shipped: rules.digest().to_owned(),
        periods: history::recent(&periods, tx.now()).to_vec(),
        files,
    })
}

/// What the rules folder says, for an organization that has no release yet.
async fn files_in<'a>(tx: &mut Tx, rules: &'a Rulebook) -> Result<Option<&'a Content>> {
    let slug = orgs::service::own_in(tx).await?.slug;
    Ok(rules.files(&slug).filter(|content| !content.is_empty()))
}

/// Books for all periods, and the first thing that is wrong. Without a timeline that worked nothing is tried out: a
/// server of a thousand organizations compiles what is asked, when it is asked.
async fn build_in(
    tx: &mut Tx,
    mark: Mark,
    held: Option<&Timeline>,
) -> Result<(Timeline, Option<String>)> {
    let rules = tx.app().rules();
    let (mut entries, mut problem) = (Vec::with_capacity(mark.periods.len()), None);
    if mark.files.is_some()
        && let Some(content) = files_in(tx, &rules).await?
    {
        entries.push(Period {
            from: Instant::MIN_UTC,
            number: 0,
            book: rules.book(content),
        });
    }
    for (from, number) in &mark.periods {
        let same = held.filter(|held| held.mark.shipped == mark.shipped);
        let known = same.and_then(|held| held.entries.iter().find(|one| one.number == *number));
        let book = match known {
            Some(known) => Ok(known.book.clone()),
            None => load_in(tx, &rules, *number, held.is_some()).await?,
        };
        match book {
            Ok(book) => entries.push(Period {
                from: *from,
                number: *number,
                book,
            }),
            Err(said) => problem = problem.or(Some(format!("release {number}: {said}"))),
        }
    }
    let timeline = Timeline {
        read_at: tx.now(),
        entries,
        mark,
    };
    Ok((timeline, problem))
}

/// One release from the database; what is wrong with it is said in words.
async fn load_in(
    tx: &mut Tx,
    rules: &Rulebook,
    number: i64,
    tried: bool,
) -> Result<Result<Book, String>> {
    let release = match store::numbered(tx, number).await {
        Ok(Some(release)) => release,
        Ok(None) => return Ok(Err("it is not in the database".to_owned())),
        Err(error) if error.code == Code::Internal => {
            return Ok(Err("its content cannot be read".to_owned()));
        }
        Err(error) => return Err(error),
    };
    if !release.is_genuine() {
        return Ok(Err("its content was changed after it was made".to_owned()));
    }
    let book = rules.book(&release.content);
    let failed = tried.then(|| trial(&book, &release.content)).flatten();
    Ok(failed.map_or(Ok(book), Err))
}

/// Compiles everything and asks every rule about an ordinary day. A rule from a file is trusted to whoever writes the
/// folder: it must compile, and what it does then shows in its decisions.
pub fn trial(book: &Book, content: &Content) -> Option<String> {
    if let Some((hook, problem)) = book.problems().first() {
        return Some(format!("{hook} does not compile: {}", problem.message));
    }
    let mut own = content.rules.iter().filter(|(_, rule)| rule.file.is_none());
    own.find_map(|(name, rule)| {
        let sample = zamu_rules::hook(name)?.sample();
        let decision = match rule.mode {
            Mode::Off => return None,
            Mode::Audit => book.shadow(name, sample, &[])?,
            Mode::On => book.decide(name, sample, &[]),
        };
        let failed = matches!(
            decision.status,
            Status::Error | Status::Budget | Status::Incident
        );
        let said = decision
            .problem
            .map_or_else(String::new, |problem| problem.message);
        failed.then(|| format!("{name} fails on an ordinary day: {said}"))
    })
}

/// The release of an event older than what is kept in memory: of an import, or of a question about the past.
async fn old_book_in(tx: &mut Tx, at: Instant) -> Result<(i64, Book)> {
    let rules = tx.app().rules();
    let periods = history::periods(&store::activations(tx).await?);
    let number = history::in_force(&periods, at);
    if number == 0 {
        return Ok((0, shipped(&rules)));
    }
    Ok(match load_in(tx, &rules, number, false).await? {
        Ok(book) => (number, book),
        Err(problem) => {
            tracing::error!(org = %tx.org(), number, problem, "an old release cannot be used; what ships answers");
            (0, shipped(&rules))
        }
    })
}

fn shipped(rules: &Rulebook) -> Book {
    rules.book(&Content::default())
}
