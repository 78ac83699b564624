//! Decides about releases: proposing, reviewing, activating, going back, switching off.

use serde_json::json;
use zamu_rules::Content;

use super::approval::{self, Missing, Review, Verdict};
use super::history::{self, Activation};
use super::model::{self, Class, Draft, Origin, Release, State, Tests};
use super::{drafts, people, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DraftId, MemberId, OrgId, ReleaseId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::orgs;

/// What the next release builds on.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    /// 0 for what ships.
    pub(super) number: i64,
    pub(super) content: Content,
    /// What the folder said when it was last taken over.
    pub(super) files: Content,
    pub(super) tests: Tests,
}

impl Head {
    fn of(release: Release) -> Result<Self> {
        genuine(&release)?;
        Ok(Self {
            number: release.number,
            content: release.content,
            files: release.files,
            tests: release.tests,
        })
    }
}

fn genuine(release: &Release) -> Result<()> {
    if release.is_genuine() {
        return Ok(());
    }
    let message = format!(
        "release {} was changed after it was made and is not used; roll back to one that was not",
        release.number
    );
    Err(Error::refused(Code::RuleReleaseTampered, message))
}

/// The newest release that holds or is going to.
pub(super) async fn head_in(tx: &mut Tx) -> Result<Head> {
    let number = history::newest(&store::activations(tx).await?);
    base_in(tx, number).await
}

/// A release to build on. Before the first, what the organization's folder says counts.
pub(super) async fn base_in(tx: &mut Tx, number: i64) -> Result<Head> {
    if number > 0 {
        return numbered_in(tx, number).await;
    }
    let slug = orgs::service::own_in(tx).await?.slug;
    let files = tx.app().rules().files(&slug).cloned().unwrap_or_default();
    Ok(Head {
        content: files.clone(),
        files,
        ..Head::default()
    })
}

/// What the organization decides for itself: in a release, or in the newest that holds.
pub async fn content_in(tx: &mut Tx, number: Option<i64>) -> Result<Content> {
    let head = match number {
        Some(number) => numbered_in(tx, number).await?,
        None => head_in(tx).await?,
    };
    Ok(head.content)
}

/// A release that must be there; nothing at all for 0.
pub(super) async fn numbered_in(tx: &mut Tx, number: i64) -> Result<Head> {
    if number == 0 {
        return Ok(Head::default());
    }
    let release = store::numbered(tx, number).await?;
    Head::of(release.ok_or_else(|| Error::not_found("rule release"))?)
}

/// The number of the release in force now.
pub(super) async fn number_now_in(tx: &mut Tx) -> Result<i64> {
    let periods = history::periods(&store::activations(tx).await?);
    Ok(history::in_force(&periods, tx.now()))
}

/// The newest sound release at or before one: what an emergency builds on when the stored one cannot be used.
async fn sound_in(tx: &mut Tx, activations: &[Activation], number: i64) -> Result<Head> {
    let mut number = number;
    loop {
        let spoilt = match base_in(tx, number).await {
            Err(error) if number > 0 => error,
            found => return found,
        };
        if !matches!(spoilt.code, Code::RuleReleaseTampered | Code::Internal) {
            return Err(spoilt);
        }
        let earlier = activations.iter().find(|one| one.number == number);
        number = earlier.map_or(0, |one| one.parent);
    }
}

/// What a release is made of before it has a number.
struct New {
    parent: i64,
    content: Content,
    files: Content,
    tests: Tests,
    topics: Vec<String>,
    origin: Origin,
    state: State,
    note: Option<String>,
}

async fn insert_in(tx: &mut Tx, new: New) -> Result<Release> {
    let release = Release {
        id: tx.id(),
        number: store::last_number(tx).await? + 1,
        parent: new.parent,
        digest: new.content.digest(),
        risk: model::risk_of(&new.topics),
        content: new.content,
        files: new.files,
        tests: new.tests,
        topics: new.topics,
        engine: tx.app().rules().digest().to_owned(),
        origin: new.origin,
        state: new.state,
        note: new.note,
        author: tx.viewer().member(),
        created_at: tx.now(),
    };
    store::insert(tx, &release).await?;
    Ok(release)
}

/// From when on, by whom, why.
struct Begin {
    parent: i64,
    from: Instant,
    alone: bool,
    reason: Option<String>,
}

/// Lets a release hold; what was to begin at the same time or later never does.
fn activate_in(tx: &mut Tx, release: &Release, begin: Begin) -> Result<()> {
    store::cancel_from(tx, begin.from)?;
    let id: ReleaseId = tx.id();
    let activation = Activation {
        id: id.uuid(),
        number: release.number,
        parent: begin.parent,
        effective_from: begin.from,
        activated_at: tx.now(),
        activated_by: tx.viewer().member(),
        alone: begin.alone,
        reason: begin.reason,
        cancelled_at: None,
    };
    store::insert_activation(tx, activation)?;
    tx.emit(&Event::RuleReleaseActivated {
        release: release.number,
        from: begin.from,
    })
}

/// The first release of an organization for which nothing was decided yet holds from the beginning.
async fn beginning_in(tx: &mut Tx, parent: i64) -> Result<Instant> {
    let is_first = parent == 0 && !store::has_decisions(tx).await?;
    Ok(if is_first {
        Instant::UNIX_EPOCH
    } else {
        tx.now()
    })
}

fn audit(release: &Release, reason: Option<String>) -> Audit {
    let detail =
        json!({"number": release.number, "digest": release.digest, "origin": release.origin});
    Audit::of(release.id).because(reason).detail(detail)
}

/// Makes a release of drafts and asks for its approval. Class A needs none.
pub async fn submit(
    app: &App,
    viewer: &Viewer,
    ids: &[DraftId],
    note: Option<&str>,
) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let author = viewer.person()?;
    let note = text::optional("note", note, 500)?;
    let head = head_in(&mut tx).await?;
    let (mut content, mut tests) = (head.content.clone(), head.tests.clone());
    for id in ids {
        let draft = store::draft(&mut tx, *id).await?;
        fit_in(&mut tx, &draft, &head).await?;
        draft.apply(&mut content, &mut tests);
    }
    let topics = model::topics_between(&head.content, &content);
    if topics.is_empty() {
        return Err(Error::invalid("drafts", "these drafts change nothing"));
    }
    drafts::check_in(&mut tx, &content, &tests, &topics).await?;
    let people = people::people_in(&mut tx).await?;
    let risk = model::risk_of(&topics);
    let ready = approval::missing(risk, author, &[], &people).is_none();
    let new = New {
        parent: head.number,
        content,
        files: head.files,
        tests,
        topics,
        origin: Origin::Edit,
        state: if ready {
            State::Approved
        } else {
            State::Proposed
        },
        note,
    };
    let release = insert_in(&mut tx, new).await?;
    let number = release.number;
    tx.emit(&Event::RuleReleaseProposed { release: number })?;
    if ready {
        tx.emit(&Event::RuleReleaseApproved { release: number })?;
    }
    let reason = release.note.clone();
    tx.commit(audit(&release, reason)).await?;
    Ok(release)
}

/// Whether a draft still fits what the next release builds on.
async fn fit_in(tx: &mut Tx, draft: &Draft, head: &Head) -> Result<()> {
    drafts::check_owner(head, &draft.topic, draft.takes_over)?;
    if drafts::is_stale_in(tx, draft, head).await? {
        let message = format!(
            "{} was changed by a release after {}, from which this draft began: look at both with rebaseRuleDraft",
            draft.topic, draft.base
        );
        let refused = Error::refused(Code::RuleDraftStale, message).at("drafts");
        return Err(refused
            .with("draft", draft.id.to_string())
            .with("hook", draft.topic.clone()));
    }
    Ok(())
}

/// Says yes or no to a release. The last yes it needs approves it; one no rejects it.
pub async fn review(
    app: &App,
    viewer: &Viewer,
    id: ReleaseId,
    verdict: Verdict,
    note: Option<&str>,
) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::ReviewRules).await?;
    let member = viewer.person()?;
    let note = text::optional("note", note, 500)?;
    let mut release = store::release(&mut tx, id).await?;
    genuine(&release)?;
    let author = release.author.ok_or_else(nothing_to_review)?;
    if author == member {
        let message = "nobody reviews their own release: ask somebody else";
        return Err(Error::refused(Code::RuleOwnRelease, message));
    }
    if release.state != State::Proposed {
        return Err(nothing_to_review());
    }
    let people = people::people_in(&mut tx).await?;
    let mine = people.iter().find(|person| person.member == member);
    if !mine.is_some_and(|mine| approval::may_approve(release.risk, mine, &people)) {
        let message = format!(
            "a change of class {:?} is not yours to approve",
            release.risk
        );
        return Err(Error::refused(Code::Forbidden, message));
    }
    let review = Review {
        member,
        verdict,
        note: note.clone(),
        digest: release.digest.clone(),
        at: tx.now(),
    };
    store::insert_review(&mut tx, release.number, author, &review).await?;
    release.state = match verdict {
        Verdict::Reject => State::Rejected,
        Verdict::Approve if missing_in(&mut tx, &release, author).await?.is_none() => {
            State::Approved
        }
        Verdict::Approve => State::Proposed,
    };
    store::set_state(&mut tx, release.number, release.state)?;
    announce(&mut tx, &release)?;
    tx.commit(audit(&release, note)).await?;
    Ok(release)
}

fn nothing_to_review() -> Error {
    Error::refused(Code::Conflict, "this release does not wait for a review")
}

fn announce(tx: &mut Tx, release: &Release) -> Result<()> {
    let number = release.number;
    match release.state {
        State::Approved => tx.emit(&Event::RuleReleaseApproved { release: number }),
        State::Rejected => tx.emit(&Event::RuleReleaseRejected { release: number }),
        State::Proposed => Ok(()),
    }
}

/// What a release still lacks, by its content and the reviews of exactly that content; its state is not believed.
async fn missing_in(tx: &mut Tx, release: &Release, author: MemberId) -> Result<Option<Missing>> {
    let before = base_in(tx, release.parent).await?.content;
    let risk = risk_against(release, &before);
    let reviews = store::reviews(tx, &[release.number]).await?;
    let approvals = reviews.into_iter().filter(|(_, review)| {
        review.verdict == Verdict::Approve && review.digest == release.digest
    });
    let approvers: Vec<MemberId> = approvals.map(|(_, review)| review.member).collect();
    let people = people::people_in(tx).await?;
    Ok(approval::missing(risk, author, &approvers, &people))
}

/// The risk by what really differs; the stored one may only be higher.
fn risk_against(release: &Release, before: &Content) -> Class {
    let topics = model::topics_between(before, &release.content);
    model::risk_of(&topics).max(release.risk)
}

/// Lets an approved release hold, now or from an instant to come.
pub async fn activate(
    app: &App,
    viewer: &Viewer,
    id: ReleaseId,
    from: Option<Instant>,
    accept_alone: bool,
) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::ReleaseRules).await?;
    let release = store::release(&mut tx, id).await?;
    genuine(&release)?;
    if release.state == State::Rejected {
        let message = format!(
            "release {} was rejected; submit a better one",
            release.number
        );
        return Err(Error::refused(Code::RuleApprovalMissing, message));
    }
    let activations = store::activations(&mut tx).await?;
    check_turn(&release, &activations)?;
    let alone = approved_in(&mut tx, &release, accept_alone).await?;
    let from = match from {
        Some(from) if from < tx.now() => {
            let message =
                "a release holds from now or from a time to come; the past stays as it was judged";
            return Err(Error::invalid("from", message));
        }
        Some(from) => from,
        None => beginning_in(&mut tx, release.parent).await?,
    };
    store::remove_drafts_until(&mut tx, &release.topics, release.created_at)?;
    let begin = Begin {
        parent: release.parent,
        from,
        alone,
        reason: None,
    };
    activate_in(&mut tx, &release, begin)?;
    finish(
        app,
        tx,
        &release,
        alone.then(|| "there is nobody else to approve it".to_owned()),
    )
    .await?;
    Ok(release)
}

/// History is a line: a release follows the newest one that holds or is going to.
fn check_turn(release: &Release, activations: &[Activation]) -> Result<()> {
    let held = |one: &&Activation| one.number == release.number && one.cancelled_at.is_none();
    if activations.iter().any(|one| held(&one)) {
        let message = format!("release {} was activated already", release.number);
        return Err(Error::refused(Code::Conflict, message));
    }
    let newest = history::newest(activations);
    if release.parent == newest {
        return Ok(());
    }
    let message = format!(
        "release {} follows release {}, and by now release {newest} was activated: submit its drafts again, after \
         rebaseRuleDraft for those whose hook was changed",
        release.number, release.parent
    );
    Err(Error::refused(Code::RuleReleaseStale, message).with("newest", newest))
}

/// Whether nothing is missing; and whether the author took it upon themselves.
async fn approved_in(tx: &mut Tx, release: &Release, accept_alone: bool) -> Result<bool> {
    // Without an author it came from files or the command line, and held from the moment it was made.
    let Some(author) = release.author else {
        return Ok(false);
    };
    let message = match missing_in(tx, release, author).await? {
        None => return Ok(false),
        Some(Missing::Alone) if accept_alone => return Ok(true),
        Some(Missing::Approval { who }) => format!("this needs the approval of {who}"),
        Some(Missing::Alone) => {
            "nobody else could approve this: say acceptAlone to take it upon yourself; it is \
                                 recorded"
                .to_owned()
        }
        Some(Missing::NobodyElse { who }) => format!(
            "this needs the approval of {who}, and there is nobody: make somebody an admin or appoint an approver"
        ),
    };
    Err(Error::refused(Code::RuleApprovalMissing, message)
        .with("risk", format!("{:?}", release.risk)))
}

async fn finish(app: &App, tx: Tx, release: &Release, reason: Option<String>) -> Result<()> {
    let org = tx.org();
    tx.commit(audit(release, reason)).await?;
    app.timelines().forget(org);
    Ok(())
}

/// Makes a release equal to one that held before, and lets it hold at once. One person, any time.
pub async fn roll_back(app: &App, viewer: &Viewer, to: ReleaseId, reason: &str) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::ReleaseRules).await?;
    let target = store::release(&mut tx, to).await?;
    roll_back_in(app, tx, target, reason).await
}

/// The same by the number of the release, for the command line.
pub async fn roll_back_to(app: &App, viewer: &Viewer, to: i64, reason: &str) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::ReleaseRules).await?;
    let target = store::numbered(&mut tx, to).await?;
    roll_back_in(
        app,
        tx,
        target.ok_or_else(|| Error::not_found("rule release"))?,
        reason,
    )
    .await
}

async fn roll_back_in(app: &App, mut tx: Tx, target: Release, reason: &str) -> Result<Release> {
    let reason = text::required("reason", reason, 500)?;
    genuine(&target)?;
    let now = tx.now();
    let activations = store::activations(&mut tx).await?;
    let held = |one: &Activation| {
        let begun = one.effective_from <= one.cancelled_at.unwrap_or(now);
        one.number == target.number && begun
    };
    if !activations.iter().any(held) {
        let message = format!(
            "release {} never held: only what held can be gone back to",
            target.number
        );
        return Err(Error::refused(Code::RuleApprovalMissing, message).at("to"));
    }
    let current = history::in_force(&history::periods(&activations), now);
    if current == target.number {
        let message = format!("release {current} is in force already");
        return Err(Error::refused(Code::Conflict, message).at("to"));
    }
    let before = sound_in(&mut tx, &activations, current).await?;
    let new = New {
        parent: current,
        topics: model::topics_between(&before.content, &target.content),
        content: target.content,
        files: before.files,
        tests: target.tests,
        origin: Origin::Rollback,
        state: State::Approved,
        note: Some(reason.clone()),
    };
    at_once(app, tx, new, reason).await
}

/// A release that one person may let hold at once.
async fn at_once(app: &App, mut tx: Tx, new: New, reason: String) -> Result<Release> {
    let parent = new.parent;
    let release = insert_in(&mut tx, new).await?;
    let begin = Begin {
        parent,
        from: tx.now(),
        alone: false,
        reason: Some(reason.clone()),
    };
    activate_in(&mut tx, &release, begin)?;
    finish(app, tx, &release, Some(reason)).await?;
    Ok(release)
}

/// Makes a release without the organization's rule of one hook, and lets it hold at once: what lies below answers. Where
/// the release in force cannot be used, the one before it is what is left.
pub async fn switch_off(app: &App, viewer: &Viewer, hook: &str, reason: &str) -> Result<Release> {
    let mut tx = app.begin(viewer, Action::ReleaseRules).await?;
    let reason = text::required("reason", reason, 500)?;
    let hook = drafts::known(hook)?;
    let activations = store::activations(&mut tx).await?;
    let number = history::in_force(&history::periods(&activations), tx.now());
    let head = sound_in(&mut tx, &activations, number).await?;
    let mut content = head.content;
    if content.rules.remove(hook).is_none() && head.number == number {
        let message = format!("the organization has no rule of its own for {hook} in force");
        return Err(Error::refused(Code::NotFound, message).at("hook"));
    }
    let new = New {
        parent: number,
        content,
        files: head.files,
        tests: head.tests,
        topics: vec![hook.to_owned()],
        origin: Origin::SwitchOff,
        state: State::Approved,
        note: Some(reason.clone()),
    };
    at_once(app, tx, new, reason).await
}

/// Records what the organization's folder says, if it changed; whoever writes the folder is trusted. `said` is given
/// what it said when it was last recorded.
pub async fn record_files(
    app: &App,
    org: OrgId,
    said: impl Fn(&Content) -> Content + Send,
) -> Result<Option<Release>> {
    let viewer = Viewer::job(org, "RULE_FILES");
    let mut tx = app.begin(&viewer, Action::ReleaseRules).await?;
    let number = number_now_in(&mut tx).await?;
    let head = numbered_in(&mut tx, number).await?;
    let files = said(&head.files);
    let content = model::merge_files(&head.content, &head.files, &files);
    let topics = model::topics_between(&head.content, &content);
    if topics.is_empty() {
        return Ok(None);
    }
    let new = New {
        parent: number,
        content,
        files,
        tests: head.tests,
        topics,
        origin: Origin::Files,
        state: State::Approved,
        note: None,
    };
    let release = insert_in(&mut tx, new).await?;
    let begin = Begin {
        parent: number,
        from: beginning_in(&mut tx, number).await?,
        alone: false,
        reason: None,
    };
    activate_in(&mut tx, &release, begin)?;
    finish(app, tx, &release, None).await?;
    Ok(Some(release))
}

/// A release with its reviews and its activations.
#[derive(Debug, Clone)]
pub struct Told {
    pub release: Release,
    pub reviews: Vec<Review>,
    pub activations: Vec<Activation>,
}

async fn tell_in(tx: &mut Tx, releases: Vec<Release>) -> Result<Vec<Told>> {
    let numbers: Vec<i64> = releases.iter().map(|release| release.number).collect();
    let reviews = store::reviews(tx, &numbers).await?;
    let activations = store::activations(tx).await?;
    let told = |release: Release| Told {
        reviews: reviews
            .iter()
            .filter(|(number, _)| *number == release.number)
            .map(|(_, review)| review.clone())
            .collect(),
        activations: activations
            .iter()
            .filter(|one| one.number == release.number)
            .cloned()
            .collect(),
        release,
    };
    Ok(releases.into_iter().map(told).collect())
}

/// The same for one that was just changed.
pub async fn told(app: &App, viewer: &Viewer, release: Release) -> Result<Told> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let mut told = tell_in(&mut tx, vec![release]).await?;
    told.pop().ok_or_else(|| Error::not_found("rule release"))
}

pub async fn numbered(app: &App, viewer: &Viewer, number: i64) -> Result<Told> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let release = store::numbered(&mut tx, number).await?;
    let release = release.ok_or_else(|| Error::not_found("rule release"))?;
    let mut told = tell_in(&mut tx, vec![release]).await?;
    told.pop().ok_or_else(|| Error::not_found("rule release"))
}

pub async fn list(app: &App, viewer: &Viewer, page: &PageRequest) -> Result<Page<Told>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let Page { rows, has_next } = store::list(&mut tx, page).await?;
    Ok(Page {
        rows: tell_in(&mut tx, rows).await?,
        has_next,
    })
}
