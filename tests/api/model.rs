//! The server against a naive model: random sequences of everything that can happen to one person's time. The model is
//! plain lists of claims, shifts and grace periods, worked out from scratch after each step in the simplest way; both
//! must agree on sessions, breaks, minutes, lateness and days, on what is refused, and on whether an approval still
//! holds; and the audit chain verifies. At the end of each sequence working everything out anew changes nothing, and
//! every sum is what its days come to.
//!
//! `ZAMU_TEST_SEQUENCES=50` makes the long run, `ZAMU_TEST_SEED` says which one is the first.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand_like::Dice;
use serde_json::{Value, json};
use zamu::attendance::days::verify;

use super::reactions::react;
use super::rebuild::rebuild;
use crate::support::database::setting;
use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, TestApp};

type Instant = DateTime<Utc>;

/// Numbers that look random and are the same in every run.
mod rand_like {
    use super::StdRng;
    use rand::{RngCore as _, SeedableRng as _};

    pub(super) struct Dice(StdRng);

    impl Dice {
        pub(super) fn new(seed: u8) -> Self {
            Self(StdRng::from_seed([seed; 32]))
        }

        /// From 0 to one less than this.
        pub(super) fn below(&mut self, limit: usize) -> usize {
            usize::try_from(self.0.next_u32()).unwrap() % limit
        }

        pub(super) fn minutes(&mut self, limit: usize) -> i64 {
            i64::try_from(self.below(limit)).unwrap()
        }
    }
}

/// The flag of a rule that ran into its limit.
const RULE_FAILED: &str = "rule_failed";
const SYNC: &str =
    "mutation($input: SyncPunchesInput!) { syncPunches(input: $input) { results { status } } }";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Pause,
    Resume,
}

impl Way {
    const ALL: [Self; 4] = [Self::In, Self::Out, Self::Pause, Self::Resume];

    fn name(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::Out => "OUT",
            Self::Pause => "BREAK_START",
            Self::Resume => "BREAK_END",
        }
    }
}

/// What somebody said, and what became of it.
#[derive(Debug, Clone)]
struct Claim {
    said: Instant,
    way: Way,
    moved: Option<Instant>,
    voided: bool,
}

impl Claim {
    fn at(&self) -> Instant {
        self.moved.unwrap_or(self.said)
    }
}

/// A planned shift.
#[derive(Debug, Clone)]
struct Plan {
    id: String,
    date: NaiveDate,
    from: Instant,
    to: Instant,
    cancelled: bool,
}

impl Plan {
    /// Whether it claims a clock-in: from four hours before it begins until it ends.
    fn claims(&self, at: Instant) -> bool {
        !self.cancelled && self.from - TimeDelta::hours(4) <= at && at <= self.to
    }
}

/// What a rule says of so many minutes.
#[derive(Debug, Clone, Copy)]
enum Grace {
    /// What ships: late after five minutes, very late after thirty.
    Shipped,
    /// The organization's own: late after so many.
    Own(i64),
}

impl Grace {
    fn judge(self, minutes: i64) -> (&'static str, i64) {
        match self {
            Self::Shipped if minutes > 30 => ("VERY_LATE", minutes),
            Self::Shipped if minutes > 5 => ("LATE", minutes),
            Self::Own(grace) if minutes > grace => ("LATE", minutes),
            _ => ("ON_TIME", 0),
        }
    }
}

/// A session as the list of claims says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    from: Instant,
    to: Option<Instant>,
    status: &'static str,
    pauses: Vec<(Instant, Option<Instant>)>,
    /// Where its shift is in the list.
    shift: Option<usize>,
    lateness: Option<(&'static str, i64)>,
}

impl Span {
    fn worked(&self) -> i64 {
        let minutes = |from: Instant, to: Instant| (to - from).num_seconds() / 60;
        let pauses: i64 = self
            .pauses
            .iter()
            .map(|(from, to)| minutes(*from, to.unwrap_or(*from)))
            .sum();
        self.to.map_or(0, |to| minutes(self.from, to) - pauses)
    }
}

/// Everything that is known.
#[derive(Debug, Clone, Default)]
struct World {
    claims: Vec<Claim>,
    plans: Vec<Plan>,
    /// The organization's own rules, each from an instant on, in the order they were activated.
    graces: Vec<(Instant, Grace)>,
}

impl World {
    fn claim(&mut self, said: Instant, way: Way) {
        self.claims.push(Claim {
            said,
            way,
            moved: None,
            voided: false,
        });
    }

    /// A running shift before a coming one.
    fn shift_at(&self, at: Instant) -> Option<usize> {
        let claiming = self.plans.iter().enumerate();
        let claiming = claiming.filter(|(_, plan)| plan.claims(at));
        let nearest = claiming.min_by_key(|(_, plan)| (at < plan.from, (at - plan.from).abs()));
        nearest.map(|(index, _)| index)
    }

    fn grace_at(&self, at: Instant) -> Grace {
        let begun = self.graces.iter().filter(|(from, _)| *from <= at);
        let newest = begun.max_by_key(|(from, _)| *from);
        newest.map_or(Grace::Shipped, |(_, grace)| *grace)
    }

    /// Whether coming again means that the end before it was missed.
    fn is_anew(&self, open: &Span, at: Instant) -> bool {
        let other = self.shift_at(at) != open.shift;
        at - open.from > TimeDelta::minutes(2) && (other || at - open.from >= TimeDelta::hours(16))
    }

    fn begun(&self, at: Instant) -> Span {
        Span {
            from: at,
            to: None,
            status: "ACTIVE",
            pauses: Vec::new(),
            shift: self.shift_at(at),
            lateness: None,
        }
    }

    /// Pairs claims, one after the other. No two claims of this test are of the same second.
    fn sessions(&self) -> Vec<Span> {
        let mut taps: Vec<(Instant, Way)> = self
            .claims
            .iter()
            .filter(|claim| !claim.voided)
            .map(|claim| (claim.at(), claim.way))
            .collect();
        taps.sort_by_key(|tap| tap.0);
        let mut done: Vec<Span> = Vec::new();
        let mut open: Option<Span> = None;
        for (at, way) in taps {
            match (way, &mut open) {
                (Way::In, Some(span)) if self.is_anew(span, at) => {
                    span.status = "DISCONNECTED";
                    done.extend(open.take());
                    open = Some(self.begun(at));
                }
                (Way::In, None) => open = Some(self.begun(at)),
                (Way::Out, Some(span)) => {
                    if let Some(pause) = span.pauses.last_mut().filter(|pause| pause.1.is_none()) {
                        pause.1 = Some(at);
                    }
                    span.to = Some(at);
                    span.status = "COMPLETED";
                    done.extend(open.take());
                }
                (Way::Pause, Some(span))
                    if span.pauses.last().is_none_or(|pause| pause.1.is_some()) =>
                {
                    span.pauses.push((at, None));
                }
                (Way::Resume, Some(span)) => {
                    if let Some(pause) = span.pauses.last_mut().filter(|pause| pause.1.is_none()) {
                        pause.1 = Some(at);
                    }
                }
                _ => {}
            }
        }
        done.extend(open);
        self.judge(&mut done);
        done
    }

    /// Only the first session of a shift can be late.
    fn judge(&self, spans: &mut [Span]) {
        let mut judged = Vec::new();
        for span in spans {
            let Some(shift) = span.shift.filter(|shift| !judged.contains(shift)) else {
                continue;
            };
            judged.push(shift);
            let minutes = (span.from - self.plans[shift].from)
                .num_seconds()
                .div_euclid(60);
            span.lateness = Some(self.grace_at(span.from).judge(minutes));
        }
    }

    /// The day of its shift, or the one it began on in Nairobi.
    fn day(&self, span: &Span) -> NaiveDate {
        let own = (span.from + TimeDelta::hours(3)).date_naive();
        span.shift.map_or(own, |shift| self.plans[shift].date)
    }

    /// Worked minutes by day.
    fn days(&self, spans: &[Span]) -> BTreeMap<String, i64> {
        let mut days = BTreeMap::new();
        for span in spans {
            *days.entry(self.day(span).to_string()).or_default() += span.worked();
        }
        days
    }

    /// What whoever approves says yes to, whatever the rules make of its hours.
    fn pinned(&self, spans: &[Span]) -> Vec<Value> {
        let late = |span: &Span| span.lateness.map_or(0, |late| late.1);
        let pin = |span: &Span| {
            let (day, worked) = (self.day(span), span.worked());
            json!([span.from, span.to, span.status, worked, late(span), day])
        };
        spans.iter().map(pin).collect()
    }
}

/// One sequence: the application, the person, the model, and the dice.
struct Play {
    app: TestApp,
    org: TestOrg,
    dice: Dice,
    world: World,
    /// Seconds that tell one claim from another.
    tick: i64,
    /// How many releases there are, those too that were called off.
    releases: i64,
    /// What was approved, while the approval holds: the server's hash of it, and what the model pins.
    approved: Option<(String, Vec<Value>)>,
    told: Vec<String>,
}

impl Play {
    async fn new(seed: u8) -> Self {
        let app = TestApp::start().await;
        let org = app.organization("acme").await;
        app.clock.set("2026-03-10T05:00:00Z".parse().unwrap());
        react(&app).await;
        Self {
            app,
            org,
            dice: Dice::new(seed),
            world: World::default(),
            tick: 0,
            releases: 0,
            approved: None,
            told: Vec::new(),
        }
    }

    async fn step(&mut self) {
        match self.dice.below(17) {
            0..=3 => self.tap().await,
            4 | 5 => self.sync().await,
            6 => self.change().await,
            7 => self.correct().await,
            8 => self.enter().await,
            9 => self.approve().await,
            10..=12 => self.plan().await,
            13 => self.release().await,
            14 => self.wait(4_000),
            _ => self.wait(600),
        }
    }

    /// Time goes by, not beyond the month the timesheet is about.
    fn wait(&mut self, limit: usize) {
        let minutes = self.dice.minutes(limit);
        let then = self.app.now() + TimeDelta::minutes(minutes);
        if then < "2026-03-28T00:00:00Z".parse::<Instant>().unwrap() {
            self.app.clock.set(then);
            self.told.push(format!("wait {minutes}"));
        }
    }

    /// Plans a shift on a day around today; where there is one it gets other times, or is cancelled.
    async fn plan(&mut self) {
        let today = (self.app.now() + TimeDelta::hours(3)).date_naive();
        let date = today + TimeDelta::days(self.dice.minutes(4) - 2);
        let hour = [6, 7, 8, 9, 10, 20, 21, 22][self.dice.below(8)];
        let starts = date.and_hms_opt(hour, 15 * u32::try_from(self.dice.below(4)).unwrap(), 0);
        let starts = starts.unwrap();
        let ends = starts + TimeDelta::minutes(60 + self.dice.minutes(240));
        let mut input = json!({
            "date": date, "starts": starts.format("%H:%M").to_string(), "ends": ends.format("%H:%M").to_string(),
        });
        let utc = |local: chrono::NaiveDateTime| local.and_utc() - TimeDelta::hours(3);
        let (from, to) = (utc(starts), utc(ends));
        let mut plans = self.world.plans.iter_mut();
        let (path, root) = match plans.find(|plan| plan.date == date && !plan.cancelled) {
            None => {
                input["member"] = json!(self.org.worker.member);
                ("schedules/plan_shift", "planShift")
            }
            Some(plan) if self.dice.below(2) == 0 => {
                plan.cancelled = true;
                input = json!({"shift": plan.id, "reason": "not needed"});
                ("schedules/cancel_shift", "cancelShift")
            }
            Some(plan) => {
                (plan.from, plan.to) = (from, to);
                input["shift"] = json!(plan.id);
                input["reason"] = json!("it was another one");
                ("schedules/change_shift", "changeShift")
            }
        };
        self.told.push(format!("{path} {input}"));
        let answer = self.org.admin.run(path, json!({ "input": input })).await;
        assert!(answer.ok(), "{:#}\n{}", answer.0, self.story());
        if root == "planShift" {
            self.world.plans.push(Plan {
                id: answer.text("/planShift/id"),
                date,
                from,
                to,
                cancelled: false,
            });
        }
        // What arrives before anybody has reacted to the plan.
        if self.dice.below(3) == 0 {
            self.sync().await;
        }
    }

    /// Another grace period, from now or a later time on: written, approved by a second person, activated.
    async fn release(&mut self) {
        let number = self.releases;
        if number == 3 {
            return;
        }
        self.releases += 1;
        let grace = 7 * number + self.dice.minutes(7);
        let source = format!(
            "fn lateness(clock_in, settings) {{ if clock_in.minutes_late <= {grace} {{ return on_time(); }} \
             late(clock_in.minutes_late) }}"
        );
        let from = match self.dice.below(2) {
            0 => None,
            _ => Some(self.app.now() + TimeDelta::minutes(self.dice.minutes(600))),
        };
        let org = &self.org;
        let run = async |by: &Person, path: &str, input: Value| {
            let answer = by.run(path, json!({ "input": input })).await;
            assert!(answer.ok(), "{path}: {:#}", answer.0);
            answer
        };
        let input = json!({"hook": "attendance.lateness", "source": source});
        let draft = run(&org.admin, "rules/save_rule_draft", input).await;
        let input = json!({"drafts": [draft.text("/saveRuleDraft/id")], "note": "as we agreed"});
        let release = run(&org.admin, "rules/submit_rule_release", input).await;
        let release = release.text("/submitRuleRelease/id");
        let input = json!({"release": release, "verdict": "APPROVE"});
        run(&org.owner, "rules/review_rule_release", input).await;
        let input = json!({"release": release, "from": from});
        let activated = run(&org.admin, "rules/activate_rule_release", input).await;
        let begins = activated.text("/activateRuleRelease/activations/0/from");
        let begins: Instant = begins.parse().unwrap();
        // Where nothing was judged before it, the first one holds for what happened before it too.
        let from = match from {
            None if number == 0 && begins == DateTime::UNIX_EPOCH => begins,
            from => from.unwrap_or(self.app.now()),
        };
        assert_eq!(begins, from, "{}", self.story());
        self.world.graces.retain(|(other, _)| *other < from);
        self.world.graces.push((from, Grace::Own(grace)));
        self.told.push(format!("release {grace} from {from}"));
    }

    /// A moment that no other claim has.
    fn moment(&mut self, minutes_ago: i64) -> Instant {
        self.tick += 1;
        let now = self.app.now();
        let minute = now
            - TimeDelta::minutes(minutes_ago)
            - TimeDelta::seconds(now.timestamp().rem_euclid(60));
        minute - TimeDelta::minutes(self.tick / 60 + 1) + TimeDelta::seconds(self.tick % 60)
    }

    /// A tap of now, at a second of its own.
    async fn tap(&mut self) {
        self.tick += 1;
        let way = Way::ALL[self.dice.below(4)];
        let minute = self.app.now() + TimeDelta::minutes(3);
        let rest = minute.timestamp().rem_euclid(60);
        self.app
            .clock
            .set(minute - TimeDelta::seconds(rest) + TimeDelta::seconds(self.tick % 60));
        let path = match way {
            Way::In => "attendance/clock_in",
            Way::Out => "attendance/clock_out",
            Way::Pause => "attendance/start_break",
            Way::Resume => "attendance/end_break",
        };
        let now = self.app.now();
        let spans = self.world.sessions();
        let open = spans
            .last()
            .filter(|span| span.to.is_none() && span.status == "ACTIVE");
        let on_break =
            open.is_some_and(|span| span.pauses.last().is_some_and(|pause| pause.1.is_none()));
        let fits = match way {
            Way::In => open.is_none_or(|span| self.world.is_anew(span, now)),
            Way::Out => open.is_some(),
            Way::Pause => open.is_some() && !on_break,
            Way::Resume => on_break,
        };
        let answer = self.org.worker.run(
            path,
            json!({"input": {"idempotencyKey": format!("tap-{}", self.tick)}}),
        );
        let answer = answer.await;
        self.told
            .push(format!("tap {} at {now}: {}", way.name(), answer.code()));
        assert_eq!(answer.ok(), fits, "{:#}\n{}", answer.0, self.story());
        if fits {
            self.world.claim(now, way);
        }
    }

    /// Up to four punches that a phone had kept, in any order. Somebody may have moved its clock; its running time says
    /// when they really were.
    async fn sync(&mut self) {
        let mut punches = Vec::new();
        for _ in 0..=self.dice.below(4) {
            let ago = self.dice.minutes(3_000);
            let at = self.moment(ago);
            let way = Way::ALL[self.dice.below(4)];
            self.told.push(format!("sync {} at {at}", way.name()));
            self.world.claim(at, way);
            let name = format!("phone-{}", self.tick);
            let mut punch = json!({"clientId": name, "kind": way.name(), "deviceTime": at});
            if self.dice.below(2) == 0 {
                let wrong = at + TimeDelta::minutes(self.dice.minutes(2_000) - 1_000);
                let counted = (at - self.app.now()).num_milliseconds();
                punch["deviceTime"] = json!(wrong);
                punch["bootId"] = json!("boot");
                punch["monotonicMs"] = json!(1_000_000_000 + counted);
                let heard = json!({"bootId": "boot", "monotonicMs": 1_000_000_000, "serverTime": self.app.now()});
                punch["lastHeard"] = heard;
            }
            punches.push(punch);
        }
        let variables = json!({"device": {"id": "phone"}, "punches": punches});
        let answer = self
            .org
            .worker
            .query(SYNC, json!({ "input": variables }))
            .await;
        assert!(answer.ok(), "{:#}\n{}", answer.0, self.story());
    }

    /// A supervisor moves, takes out or restores a punch.
    async fn change(&mut self) {
        let known = self.punches().await;
        if self.world.claims.is_empty() {
            return;
        }
        let index = self.dice.below(self.world.claims.len());
        let punch = known[&self.world.claims[index].said].clone();
        let ago = self.dice.minutes(3_000);
        let at = self.moment(ago);
        let mut input = json!({
            "idempotencyKey": format!("change-{}", self.tick), "punch": punch, "reasonCode": "FORGOT_TO_CLOCK_IN",
            "attested": true,
        });
        let claim = &mut self.world.claims[index];
        let path = match self.dice.below(3) {
            0 => {
                (claim.moved, claim.voided) = (Some(at), false);
                input["at"] = json!(at);
                "corrections/correct_punch"
            }
            1 => {
                (claim.moved, claim.voided) = (None, true);
                "corrections/void_punch"
            }
            _ => {
                (claim.moved, claim.voided) = (None, false);
                "corrections/restore_punch"
            }
        };
        self.told.push(format!("{path} {} {at}", claim.said));
        let answer = self
            .org
            .supervisor
            .run(path, json!({ "input": input }))
            .await;
        assert!(answer.ok(), "{:#}\n{}", answer.0, self.story());
    }

    /// The worker asks for a punch to be added, and a supervisor says yes or no.
    async fn correct(&mut self) {
        let ago = self.dice.minutes(3_000);
        let (at, way) = (self.moment(ago), Way::ALL[self.dice.below(4)]);
        let input = json!({
            "idempotencyKey": format!("ask-{}", self.tick), "reasonCode": "FORGOT_TO_CLOCK_OUT",
            "changes": [{"add": {"direction": way.name(), "at": at}}],
        });
        let asked = self
            .org
            .worker
            .run("corrections/request_correction", json!({ "input": input }))
            .await;
        let correction = asked.text("/requestCorrection/id");
        let answer = if self.dice.below(3) == 0 {
            let no = json!({"input": {"correction": correction, "memo": "no"}});
            self.org
                .supervisor
                .run("corrections/reject_correction", no)
                .await
        } else {
            self.world.claim(at, way);
            let yes = json!({"input": {"correction": correction, "attested": true}});
            self.org
                .supervisor
                .run("corrections/approve_correction", yes)
                .await
        };
        self.told.push(format!("correct {} at {at}", way.name()));
        assert!(answer.ok(), "{:#}\n{}", answer.0, self.story());
    }

    /// A supervisor enters a session; refused where it does not stand by itself.
    async fn enter(&mut self) {
        let ago = self.dice.minutes(3_000) + 60;
        let from = self.moment(ago);
        let length = self.dice.minutes(50) + 3;
        let to = self.moment(ago) + TimeDelta::minutes(length);
        let mut world = self.world.clone();
        world.claim(from, Way::In);
        world.claim(to, Way::Out);
        let fits = world
            .sessions()
            .iter()
            .any(|span| span.from == from && span.to == Some(to));
        let input = json!({
            "idempotencyKey": format!("enter-{}", self.tick), "member": self.org.worker.member,
            "clockedInAt": from, "clockedOutAt": to, "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
        });
        let answer = self
            .org
            .supervisor
            .run("corrections/enter_punches", json!({ "input": input }))
            .await;
        self.told
            .push(format!("enter {from} {to}: {}", answer.code()));
        assert_eq!(answer.ok(), fits, "{:#}\n{}", answer.0, self.story());
        if fits {
            self.world = world;
        } else {
            assert_eq!(answer.code(), "CONFLICT");
        }
    }

    async fn approve(&mut self) {
        let sheet = self.sheet().await;
        let hash = sheet.text("/timesheet/hash");
        let state = sheet.text("/timesheet/state");
        if state != "APPROVED" {
            let submit = json!({"input": {"date": "2026-03-10", "hash": hash}});
            assert!(
                self.org
                    .worker
                    .run("timesheets/submit_timesheet", submit)
                    .await
                    .ok()
            );
            let approve = json!({"input": {"member": self.org.worker.member, "date": "2026-03-10", "hash": hash}});
            assert!(
                self.org
                    .supervisor
                    .run("timesheets/approve_timesheet", approve)
                    .await
                    .ok()
            );
        }
        let pinned = self.world.pinned(&self.world.sessions());
        self.approved = Some((hash, pinned));
        self.told.push("approve".to_owned());
    }

    async fn sheet(&self) -> Answer {
        let month = json!({"member": self.org.worker.member, "date": "2026-03-10"});
        self.org.supervisor.run("timesheets/timesheet", month).await
    }

    async fn punches(&self) -> BTreeMap<Instant, Value> {
        let document = "query($member: ID!) { punches(filter: {member: $member}, first: 100) { edges { node { id occurredAt } } } }";
        let answer = self
            .org
            .owner
            .query(document, json!({"member": self.org.worker.member}))
            .await;
        let edges = answer.data("/punches/edges").as_array().unwrap().clone();
        let at = |edge: &Value| {
            edge["node"]["occurredAt"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        };
        edges
            .iter()
            .map(|edge| (at(edge), edge["node"]["id"].clone()))
            .collect()
    }

    fn story(&self) -> String {
        self.told.join("\n")
    }

    /// Both agree on everything.
    async fn compare(&mut self) {
        react(&self.app).await;
        let document = "query($member: ID!, $date: NaiveDate!) {
            sessions(filter: {member: $member}, first: 100) { edges { node {
                status clockedInAt clockedOutAt breaks { startsAt endsAt } hours { workedMinutes }
                lateness minutesLate shift { id } flags
            } } }
            timesheet(member: $member, date: $date) {
                state hash days { date totals { workedMinutes } sessions { id } }
            }
            auditVerification { problem }
        }";
        let variables = json!({"member": self.org.worker.member, "date": "2026-03-10"});
        let answer = self.org.owner.query(document, variables).await;
        let spans = self.world.sessions();
        let expected: Vec<Value> = spans.iter().map(|span| self.shown(span)).collect();
        let mut stored = stored(&answer);
        for (stored, expected) in stored.iter_mut().zip(&expected) {
            // On a busy machine a rule may run out of time; then what ships answered, and says so.
            let failed = stored["flags"].take().to_string().contains(RULE_FAILED);
            for field in ["lateness", "minutesLate"].iter().filter(|_| failed) {
                stored[*field] = expected[*field].clone();
            }
        }
        assert_eq!(stored, expected, "{}", self.story());
        let days = answer.data("/timesheet/days").as_array().unwrap().iter();
        let days = days.filter(|day| day["sessions"] != json!([]));
        let worked = |day: &Value| day["totals"]["workedMinutes"].as_i64().unwrap();
        let days: BTreeMap<String, i64> = days
            .map(|day| (day["date"].as_str().unwrap().to_owned(), worked(day)))
            .collect();
        assert_eq!(days, self.world.days(&spans), "{}", self.story());
        if let Some((hash, before)) = &self.approved {
            let holds = answer.data("/timesheet/hash") == hash;
            let same = *before == self.world.pinned(&spans);
            assert!(same || !holds, "{}", self.story());
            // What was voided stays so, even where everything is as it was again.
            if !holds {
                self.approved = None;
            }
            let state = if holds { "APPROVED" } else { "VOIDED" };
            assert_eq!(answer.data("/timesheet/state"), state, "{}", self.story());
        }
        assert_eq!(answer.data("/auditVerification/problem"), &Value::Null);
    }

    /// A session as the API shows it.
    fn shown(&self, span: &Span) -> Value {
        let pauses = span.pauses.iter().map(|pause| json!([pause.0, pause.1]));
        json!({
            "status": span.status, "from": span.from, "to": span.to, "pauses": pauses.collect::<Vec<_>>(),
            "worked": span.worked(), "lateness": span.lateness.map(|late| late.0),
            "minutesLate": span.lateness.map(|late| late.1), "shift": span.shift.map(|shift| &self.world.plans[shift].id), "flags": null,
        })
    }

    /// Nothing is other than it would be if everything had been worked out just now.
    async fn finish(&mut self) {
        self.app.clock.advance(TimeDelta::seconds(1));
        rebuild(&self.app, &self.org).await;
        let changed = self.new_versions().await;
        assert!(changed.is_empty(), "{}\n{changed:#?}", self.story());
        self.compare().await;
        let sums = verify::verify(&self.app.app, self.org.id).await.unwrap();
        assert!(sums.differences.is_empty(), "{sums:?}\n{}", self.story());
    }
}

impl Play {
    /// What changed just now, but for a rule that ran out of time once and not the other time.
    async fn new_versions(&self) -> Vec<Value> {
        let query = "{ sessions(first: 100) { edges { node {
            clockedInAt versions { since changes { field before after } }
        } } } }";
        let answer = self.org.worker.query(query, json!({})).await;
        let edges = answer.data("/sessions/edges").as_array().unwrap().clone();
        let is_new = |edge: &Value| {
            let newest = edge["node"]["versions"].as_array().unwrap().last();
            let since: Option<Instant> =
                newest.map(|one| one["since"].as_str().unwrap().parse().unwrap());
            since == Some(self.app.now()) && !newest.unwrap().to_string().contains(RULE_FAILED)
        };
        edges.into_iter().filter(is_new).collect()
    }
}

/// The sessions that count, the earliest first.
fn stored(answer: &Answer) -> Vec<Value> {
    let time = |value: &Value| value.as_str().map(|text| text.parse::<Instant>().unwrap());
    let edges = answer.data("/sessions/edges").as_array().unwrap().iter();
    let mut stored: Vec<Value> = edges
        .map(|edge| &edge["node"])
        .filter(|node| node["status"] != "VOID")
        .map(|node| {
            let pauses = node["breaks"].as_array().unwrap().iter();
            let pauses = pauses.map(|pause| json!([time(&pause["startsAt"]), time(&pause["endsAt"])]));
            json!({
                "status": node["status"], "from": time(&node["clockedInAt"]), "to": time(&node["clockedOutAt"]),
                "pauses": pauses.collect::<Vec<_>>(), "worked": node["hours"]["workedMinutes"].as_i64().unwrap_or(0),
                "lateness": node["lateness"], "minutesLate": node["minutesLate"], "shift": node["shift"]["id"], "flags": node["flags"],
            })
        })
        .collect();
    stored.sort_by_key(|session| session["from"].to_string());
    stored
}

/// How many sequences, and of how many steps: fewer where each step crosses a network.
fn size() -> (u8, usize) {
    let wanted = setting("ZAMU_TEST_SEQUENCES").map(|wanted| wanted.parse().unwrap());
    if crate::support::database::is_postgres() {
        (wanted.unwrap_or(3), 20)
    } else {
        (wanted.unwrap_or(6), 40)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_agrees_with_a_naive_model() {
    let (sequences, steps) = size();
    let first: u8 = setting("ZAMU_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    for seed in (first..).take(sequences.into()) {
        let mut play = Play::new(seed).await;
        for _ in 0..steps {
            play.step().await;
            play.compare().await;
        }
        play.finish().await;
    }
}
