//! The server against a naive model: random sequences of everything that can happen to one person's time. The model is
//! a plain list of claims, worked out from scratch after each step in the simplest way; both must agree on sessions,
//! breaks, minutes and days, on what is refused, and on whether an approval still holds; and the audit chain verifies.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand_like::Dice;
use serde_json::{Value, json};

use crate::support::people::TestOrg;
use crate::support::{Answer, TestApp};

type Instant = DateTime<Utc>;
/// Status, from, to, breaks and worked minutes of a stored session.
type Stored = (
    Value,
    Option<Instant>,
    Option<Instant>,
    Vec<(Option<Instant>, Option<Instant>)>,
    i64,
);

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

/// A session as the list of claims says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    from: Instant,
    to: Option<Instant>,
    status: &'static str,
    pauses: Vec<(Instant, Option<Instant>)>,
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

/// Pairs claims, one after the other. No two claims of this test are of the same second.
fn sessions(claims: &[Claim]) -> Vec<Span> {
    let mut taps: Vec<(Instant, Way)> = claims
        .iter()
        .filter(|claim| !claim.voided)
        .map(|claim| (claim.at(), claim.way))
        .collect();
    taps.sort_by_key(|tap| tap.0);
    let mut done: Vec<Span> = Vec::new();
    let mut open: Option<Span> = None;
    for (at, way) in taps {
        match (way, &mut open) {
            (Way::In, Some(span)) if at - span.from >= TimeDelta::hours(16) => {
                span.status = "DISCONNECTED";
                done.extend(open.take());
                open = Some(begun(at));
            }
            (Way::In, None) => open = Some(begun(at)),
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
    done
}

fn begun(at: Instant) -> Span {
    Span {
        from: at,
        to: None,
        status: "ACTIVE",
        pauses: Vec::new(),
    }
}

/// Minutes by day in Nairobi, three hours ahead.
fn days(spans: &[Span]) -> BTreeMap<String, i64> {
    let mut days = BTreeMap::new();
    for span in spans {
        let day = (span.from + TimeDelta::hours(3)).date_naive().to_string();
        *days.entry(day).or_default() += span.worked();
    }
    days
}

/// One sequence: the application, the person, the model, and the dice.
struct Play {
    app: TestApp,
    org: TestOrg,
    dice: Dice,
    claims: Vec<Claim>,
    /// Seconds that tell one claim from another.
    tick: i64,
    /// What was approved, by day, while the approval holds.
    approved: Option<BTreeMap<String, i64>>,
    told: Vec<String>,
}

impl Play {
    async fn new(seed: u8) -> Self {
        let app = TestApp::start().await;
        let org = app.organization("acme").await;
        app.clock.set("2026-03-10T05:00:00Z".parse().unwrap());
        Self {
            app,
            org,
            dice: Dice::new(seed),
            claims: Vec::new(),
            tick: 0,
            approved: None,
            told: Vec::new(),
        }
    }

    async fn step(&mut self) {
        match self.dice.below(12) {
            0..=3 => self.tap().await,
            4 | 5 => self.sync().await,
            6 => self.change().await,
            7 => self.correct().await,
            8 => self.enter().await,
            9 => self.approve().await,
            _ => {
                let minutes = self.dice.minutes(600);
                self.app.clock.advance(TimeDelta::minutes(minutes));
                self.told.push(format!("wait {minutes}"));
            }
        }
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
        let spans = sessions(&self.claims);
        let open = spans
            .last()
            .filter(|span| span.to.is_none() && span.status == "ACTIVE");
        let on_break =
            open.is_some_and(|span| span.pauses.last().is_some_and(|pause| pause.1.is_none()));
        let fits = match way {
            Way::In => open.is_none_or(|span| now - span.from >= TimeDelta::hours(16)),
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
            self.claims.push(Claim {
                said: now,
                way,
                moved: None,
                voided: false,
            });
        }
    }

    /// Up to four punches that a phone had kept, in any order.
    async fn sync(&mut self) {
        let mut punches = Vec::new();
        for _ in 0..=self.dice.below(4) {
            let ago = self.dice.minutes(3_000);
            let at = self.moment(ago);
            let way = Way::ALL[self.dice.below(4)];
            self.told.push(format!("sync {} at {at}", way.name()));
            self.claims.push(Claim {
                said: at,
                way,
                moved: None,
                voided: false,
            });
            punches.push(json!({"clientId": format!("phone-{}", self.tick), "kind": way.name(), "deviceTime": at}));
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
        if self.claims.is_empty() {
            return;
        }
        let index = self.dice.below(self.claims.len());
        let punch = known[&self.claims[index].said].clone();
        let ago = self.dice.minutes(3_000);
        let at = self.moment(ago);
        let mut input = json!({
            "idempotencyKey": format!("change-{}", self.tick), "punch": punch, "reasonCode": "FORGOT_TO_CLOCK_IN",
            "attested": true,
        });
        let claim = &mut self.claims[index];
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
            self.claims.push(Claim {
                said: at,
                way,
                moved: None,
                voided: false,
            });
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
        let mut claims = self.claims.clone();
        for (said, way) in [(from, Way::In), (to, Way::Out)] {
            claims.push(Claim {
                said,
                way,
                moved: None,
                voided: false,
            });
        }
        let fits = sessions(&claims)
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
            self.claims = claims;
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
        self.approved = Some(self.said());
        self.told.push("approve".to_owned());
    }

    /// What the approval is for, in the words of the model.
    fn said(&self) -> BTreeMap<String, i64> {
        let spans = sessions(&self.claims);
        let mut said = days(&spans);
        for span in &spans {
            said.insert(
                format!("{} {:?} {}", span.from, span.to, span.status),
                span.worked(),
            );
        }
        said
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
        let document = "query($member: ID!) { sessions(filter: {member: $member}, first: 100) { edges { node {
            status clockedInAt clockedOutAt breaks { startsAt endsAt } hours { workedMinutes } } } } }";
        let answer = self
            .org
            .owner
            .query(document, json!({"member": self.org.worker.member}))
            .await;
        let edges = answer.data("/sessions/edges").as_array().unwrap().clone();
        let time = |value: &Value| value.as_str().map(|text| text.parse::<Instant>().unwrap());
        let mut stored: Vec<Stored> = edges
            .iter()
            .map(|edge| &edge["node"])
            .filter(|node| node["status"] != "VOID")
            .map(|node| {
                let pauses = node["breaks"].as_array().unwrap().iter();
                let pauses = pauses
                    .map(|pause| (time(&pause["startsAt"]), time(&pause["endsAt"])))
                    .collect();
                let worked = node["hours"]["workedMinutes"].as_i64().unwrap_or(0);
                (
                    node["status"].clone(),
                    time(&node["clockedInAt"]),
                    time(&node["clockedOutAt"]),
                    pauses,
                    worked,
                )
            })
            .collect();
        stored.sort_by_key(|session| session.1);
        let spans = sessions(&self.claims);
        let expected: Vec<_> = spans
            .iter()
            .map(|span| {
                let pauses = span
                    .pauses
                    .iter()
                    .map(|pause| (Some(pause.0), pause.1))
                    .collect::<Vec<_>>();
                (
                    json!(span.status),
                    Some(span.from),
                    span.to,
                    pauses,
                    span.worked(),
                )
            })
            .collect();
        assert_eq!(stored, expected, "{}", self.story());

        let sheet = self.sheet().await;
        let found: BTreeMap<String, i64> = sheet
            .data("/timesheet/days")
            .as_array()
            .unwrap()
            .iter()
            .map(|day| {
                (
                    day["date"].as_str().unwrap().to_owned(),
                    day["totals"]["workedMinutes"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, days(&spans), "{}", self.story());
        if let Some(approved) = &self.approved {
            let holds = *approved == self.said();
            // What was voided stays so, even where everything is as it was again.
            if !holds {
                self.approved = None;
            }
            let state = if holds { "APPROVED" } else { "VOIDED" };
            assert_eq!(sheet.data("/timesheet/state"), state, "{}", self.story());
        }
        self.app.drain().await;
        let chain = self
            .org
            .owner
            .run("audit/audit_verification", json!({}))
            .await;
        assert_eq!(chain.data("/auditVerification/problem"), &Value::Null);
    }
}

/// How many sequences, and of how many steps: fewer where each step crosses a network.
fn size() -> (u8, usize) {
    if crate::support::database::is_postgres() {
        (4, 20)
    } else {
        (25, 40)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_agrees_with_a_naive_model() {
    let (sequences, steps) = size();
    for seed in 1..=sequences {
        let mut play = Play::new(seed).await;
        for _ in 0..steps {
            play.step().await;
            play.compare().await;
        }
    }
}
