//! Folds claims into sessions. Pure: the same claims give the same sessions in whatever order they arrived.

use chrono::TimeDelta;

use super::model::{Direction, Role, Source, Status};
use crate::kernel::id::{PunchId, ShiftId};
use crate::kernel::time::Instant;

/// The same direction again within so long is the same tap again.
pub const REPEAT: TimeDelta = TimeDelta::seconds(120);
/// Nobody is taken to work on for longer where another clock-in says that they began anew.
pub const LONGEST: TimeDelta = TimeDelta::hours(16);
/// A file without a clock-out for so long has lost it: a later one ends something else.
pub const UNBELIEVABLE: TimeDelta = TimeDelta::hours(24);
/// For so long after the clock-in an automatic end gives way to a real one.
pub const RECOVERABLE: TimeDelta = TimeDelta::hours(25);

/// A claim as far as pairing goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    pub id: PunchId,
    pub at: Instant,
    pub direction: Direction,
    pub source: Source,
    pub emergency: bool,
    pub break_kind: Option<String>,
    /// The name the client or the other system gave it.
    pub said_ref: Option<String>,
}

/// A session as the claims make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub opens: PunchId,
    pub from: Instant,
    pub shift: Option<ShiftId>,
    pub closes: Option<PunchId>,
    pub to: Option<Instant>,
    pub status: Status,
    pub breaks: Vec<MadeBreak>,
}

impl Made {
    /// As it begins.
    pub fn opened(tap: &Tap, shift: Option<ShiftId>) -> Self {
        Self {
            opens: tap.id,
            from: tap.at,
            shift,
            closes: None,
            to: None,
            status: Status::Active,
            breaks: Vec::new(),
        }
    }
}

/// A break within it; open only where the session has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBreak {
    pub starts: PunchId,
    pub kind: String,
    pub from: Instant,
    pub to: Option<Instant>,
}

/// What a break is called where nobody said.
pub const BREAK: &str = "break";

/// What became of a claim: the session it belongs to, by its place in [`Folded::sessions`], and its part there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    pub punch: PunchId,
    pub session: Option<usize>,
    pub role: Role,
}

/// All sessions, in time order and without any shared moment, and what became of each claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    pub sessions: Vec<Made>,
    pub claims: Vec<Played>,
}

/// What a clock-in is while a session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Repeats,
    /// The clock-out of the open session was missed.
    Disconnects,
    Conflicts,
}

/// Another shift, sixteen hours, or a file that tells of another beginning: the end before it was missed.
pub fn come_again(
    open: (Instant, Option<ShiftId>),
    new: (Instant, Option<ShiftId>),
    source: Source,
) -> Again {
    let ((from, shift), (at, new_shift)) = (open, new);
    if at - from <= REPEAT {
        Again::Repeats
    } else if shift != new_shift || at - from >= LONGEST || source == Source::Import {
        Again::Disconnects
    } else {
        Again::Conflicts
    }
}

/// Folds claims, those taken out left out, into sessions. `shift_of` says which shift a moment belongs to.
pub fn fold(taps: &[Tap], shift_of: impl Fn(Instant) -> Option<ShiftId>) -> Folded {
    let mut taps: Vec<&Tap> = taps.iter().collect();
    taps.sort_by_key(|tap| order(tap));
    let mut fold = Fold {
        shift_of,
        made: Folded::default(),
        is_open: false,
    };
    for index in 0..taps.len() {
        let Some((tap, later)) = taps.get_mut(index..).and_then(|rest| {
            fold.bring_fitting_first(rest);
            rest.split_first()
        }) else {
            break;
        };
        match tap.direction {
            Direction::In => fold.come(tap),
            Direction::Out => fold.go(tap, later),
            Direction::BreakStart => fold.start_break(tap),
            Direction::BreakEnd => fold.end_break(tap),
        }
    }
    fold.made
}

fn order(tap: &Tap) -> (Instant, Direction, bool, u8, Option<String>, PunchId) {
    let source = match tap.source {
        Source::Terminal => 0,
        Source::Mobile => 1,
        Source::Sync => 2,
        Source::Manual => 3,
        Source::Import => 4,
        Source::Automatic => 5,
    };
    (
        tap.at,
        tap.direction,
        tap.emergency,
        source,
        tap.said_ref.clone(),
        tap.id,
    )
}

struct Fold<F> {
    shift_of: F,
    made: Folded,
    /// Whether the last session made is open.
    is_open: bool,
}

impl<F: Fn(Instant) -> Option<ShiftId>> Fold<F> {
    /// Of claims of one and the same moment the one that fits comes first: whoever is in goes before coming again,
    /// whoever is out comes before going.
    fn bring_fitting_first(&self, rest: &mut [&Tap]) {
        let Some(at) = rest.first().map(|tap| tap.at) else {
            return;
        };
        let ties = rest.iter().take_while(|tap| tap.at == at);
        let fitting = ties
            .enumerate()
            .min_by_key(|(index, tap)| (self.rank(tap.direction), *index));
        if let Some((index, _)) = fitting
            && let Some(ties) = rest.get_mut(..=index)
        {
            ties.rotate_right(1);
        }
    }

    fn rank(&self, direction: Direction) -> u8 {
        let ranks = match (self.is_open, self.on_break()) {
            (false, _) => [0, 3, 1, 2],
            (true, false) => [3, 2, 0, 1],
            (true, true) => [3, 2, 1, 0],
        };
        let [come, go, start, end] = ranks;
        match direction {
            Direction::In => come,
            Direction::Out => go,
            Direction::BreakStart => start,
            Direction::BreakEnd => end,
        }
    }

    fn on_break(&self) -> bool {
        let last = self.made.sessions.last();
        last.and_then(|made| made.breaks.last())
            .is_some_and(|pause| self.is_open && pause.to.is_none())
    }

    fn play(&mut self, tap: &Tap, role: Role) {
        let session = match role {
            Role::Orphan => None,
            _ => self.made.sessions.len().checked_sub(1),
        };
        self.made.claims.push(Played {
            punch: tap.id,
            session,
            role,
        });
    }

    fn come(&mut self, tap: &Tap) {
        let shift = (self.shift_of)(tap.at);
        if let (true, Some(open)) = (self.is_open, self.made.sessions.last_mut()) {
            match come_again((open.from, open.shift), (tap.at, shift), tap.source) {
                Again::Repeats => return self.play(tap, Role::Repeats),
                Again::Conflicts => return self.play(tap, Role::Conflicts),
                Again::Disconnects => open.status = Status::Disconnected,
            }
        }
        self.is_open = true;
        self.made.sessions.push(Made::opened(tap, shift));
        self.play(tap, Role::Opens);
    }

    fn go(&mut self, tap: &Tap, later: &[&Tap]) {
        match self.made.sessions.last_mut() {
            Some(open) if self.is_open && !is_believable(tap, open.from) => {
                open.status = Status::Disconnected;
                self.is_open = false;
                self.play(tap, Role::Orphan);
            }
            Some(open) if self.is_open => {
                if tap.source == Source::Automatic && gives_way(open.from, later) {
                    return self.play(tap, Role::Superseded);
                }
                if let Some(pause) = open.breaks.last_mut().filter(|pause| pause.to.is_none()) {
                    pause.to = Some(tap.at);
                }
                open.closes = Some(tap.id);
                open.to = Some(tap.at);
                open.status = ended_by(tap);
                self.is_open = false;
                self.play(tap, Role::Closes);
            }
            before => {
                let role = gone_again(before.as_deref(), tap, &self.shift_of);
                self.play(tap, role);
            }
        }
    }

    fn start_break(&mut self, tap: &Tap) {
        let on_break = self.on_break();
        let Some(open) = self.made.sessions.last_mut().filter(|_| self.is_open) else {
            return self.play(tap, Role::Orphan);
        };
        if on_break {
            let since = open.breaks.last().map(|pause| pause.from);
            return self.play(tap, again(since, tap.at));
        }
        open.breaks.push(MadeBreak {
            starts: tap.id,
            kind: tap.break_kind.clone().unwrap_or_else(|| BREAK.to_owned()),
            from: tap.at,
            to: None,
        });
        self.play(tap, Role::StartsBreak);
    }

    fn end_break(&mut self, tap: &Tap) {
        let Some(open) = self.made.sessions.last_mut().filter(|_| self.is_open) else {
            return self.play(tap, Role::Orphan);
        };
        match open.breaks.last_mut() {
            Some(pause) if pause.to.is_none() => {
                pause.to = Some(tap.at);
                self.play(tap, Role::EndsBreak);
            }
            ended => {
                let ended = ended.and_then(|pause| pause.to);
                self.play(tap, again(ended, tap.at));
            }
        }
    }
}

fn ended_by(tap: &Tap) -> Status {
    if tap.emergency {
        Status::EmergencyEnded
    } else if tap.source == Source::Automatic {
        Status::AutoClosed
    } else {
        Status::Completed
    }
}

fn again(since: Option<Instant>, at: Instant) -> Role {
    match since {
        Some(since) if at - since <= REPEAT => Role::Repeats,
        _ => Role::Conflicts,
    }
}

/// Whether a real clock-out follows before the next clock-in: an automatic end is the weakest claim.
fn gives_way(from: Instant, later: &[&Tap]) -> bool {
    later
        .iter()
        .take_while(|tap| tap.direction != Direction::In && tap.at - from <= RECOVERABLE)
        .any(|tap| {
            let is_real = tap.direction == Direction::Out && tap.source != Source::Automatic;
            is_real && is_believable(tap, from)
        })
}

/// Whether a clock-out ends what began so long ago. A person who says so is believed; the lines of a file do not belong
/// together because nothing lies between them.
fn is_believable(tap: &Tap, from: Instant) -> bool {
    tap.source != Source::Import || tap.at - from <= UNBELIEVABLE
}

/// What a clock-out is while nothing is open.
fn gone_again(
    before: Option<&Made>,
    tap: &Tap,
    shift_of: impl Fn(Instant) -> Option<ShiftId>,
) -> Role {
    let Some(before) = before else {
        return Role::Orphan;
    };
    if tap.source == Source::Automatic {
        return Role::Superseded;
    }
    if before.to.is_some_and(|to| tap.at - to <= REPEAT) {
        return Role::Repeats;
    }
    let shift = shift_of(tap.at);
    let same = shift.is_none() || shift == before.shift;
    if same && tap.at - before.from <= LONGEST {
        Role::Conflicts
    } else {
        Role::Orphan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{BreakEnd, BreakStart, In, Out};
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use uuid::Uuid;

    fn at(text: &str) -> Instant {
        format!("{text}:00Z").parse().unwrap()
    }

    fn tap(number: u128, direction: Direction, time: &str) -> Tap {
        Tap {
            id: PunchId::from_uuid(Uuid::from_u128(number)),
            at: at(time),
            direction,
            source: Source::Mobile,
            emergency: false,
            break_kind: None,
            said_ref: None,
        }
    }

    fn shift(number: u128) -> ShiftId {
        ShiftId::from_uuid(Uuid::from_u128(number))
    }

    fn none(_: Instant) -> Option<ShiftId> {
        None
    }

    fn day(claims: &[(Direction, &str)]) -> Vec<Tap> {
        let numbered = claims.iter().zip(1..);
        numbered
            .map(|((direction, time), number)| {
                tap(number, *direction, &format!("2025-07-14T{time}"))
            })
            .collect()
    }

    fn roles(folded: &Folded) -> Vec<Role> {
        folded.claims.iter().map(|played| played.role).collect()
    }

    fn times(made: &Made) -> (String, Option<String>) {
        let text = |at: Instant| at.format("%d %H:%M").to_string();
        (text(made.from), made.to.map(text))
    }

    #[test]
    fn a_day_with_two_breaks_is_one_session() {
        let taps = day(&[
            (In, "08:00"),
            (BreakStart, "10:00"),
            (BreakEnd, "10:15"),
            (BreakStart, "12:00"),
            (BreakEnd, "12:30"),
            (Out, "17:00"),
        ]);
        let folded = fold(&taps, none);
        let [made] = folded.sessions.as_slice() else {
            panic!("{folded:?}")
        };
        assert_eq!(made.status, Status::Completed);
        let breaks: Vec<_> = made
            .breaks
            .iter()
            .map(|pause| (pause.to.unwrap() - pause.from).num_minutes())
            .collect();
        assert_eq!(breaks, [15, 30]);
        assert_eq!(
            roles(&folded),
            [
                Role::Opens,
                Role::StartsBreak,
                Role::EndsBreak,
                Role::StartsBreak,
                Role::EndsBreak,
                Role::Closes
            ]
        );
    }

    /// The night of the reference case: the clock-out ten minutes after the end of A closes A and not B.
    #[test]
    fn a_night_closes_with_the_clock_out_of_the_morning_after() {
        let (a, b) = (
            (at("2025-07-13T14:00"), at("2025-07-14T07:00")),
            (at("2025-07-14T10:00"), at("2025-07-14T20:00")),
        );
        let shift_of = |when: Instant| {
            if (a.0..=a.1).contains(&when) {
                Some(shift(1))
            } else {
                (b.0..=b.1).contains(&when).then(|| shift(2))
            }
        };
        let taps = [
            tap(1, In, "2025-07-13T18:30"),
            tap(2, Out, "2025-07-14T07:10"),
            tap(3, In, "2025-07-14T13:55"),
            tap(4, Out, "2025-07-14T20:00"),
        ];
        let folded = fold(&taps, shift_of);
        let shifts: Vec<_> = folded.sessions.iter().map(|made| made.shift).collect();
        assert_eq!(shifts, [Some(shift(1)), Some(shift(2))]);
        let first = &folded.sessions[0];
        assert_eq!((first.to.unwrap() - first.from).num_minutes(), 12 * 60 + 40);
        // Without the clock-out in the morning, the afternoon shows that it was missed.
        let missed = fold(
            &[taps[0].clone(), taps[2].clone(), taps[3].clone()],
            shift_of,
        );
        assert_eq!(missed.sessions[0].status, Status::Disconnected);
        assert_eq!(missed.sessions[0].to, None);
        assert_eq!(missed.sessions[1].status, Status::Completed);
    }

    /// The day after has no shift: the clock-out still ends the night, however late.
    #[test]
    fn a_clock_out_needs_no_shift_of_its_own() {
        let shift_of = |when: Instant| (when < at("2025-07-14T07:00")).then(|| shift(1));
        let folded = fold(
            &[
                tap(1, In, "2025-07-13T22:00"),
                tap(2, Out, "2025-07-14T15:30"),
            ],
            shift_of,
        );
        assert_eq!(
            times(&folded.sessions[0]),
            ("13 22:00".to_owned(), Some("14 15:30".to_owned()))
        );
        assert_eq!(folded.sessions.len(), 1);
    }

    #[test]
    fn two_periods_of_work_in_a_day_are_two_sessions() {
        let folded = fold(
            &day(&[(In, "08:00"), (Out, "12:00"), (In, "13:00"), (Out, "17:00")]),
            none,
        );
        let all: Vec<_> = folded
            .sessions
            .iter()
            .map(|made| (made.to.unwrap() - made.from).num_hours())
            .collect();
        assert_eq!(all, [4, 4]);
    }

    #[test]
    fn a_second_tap_of_the_same_finger_repeats() {
        let folded = fold(
            &day(&[
                (In, "08:00"),
                (In, "08:02"),
                (In, "08:03"),
                (Out, "17:00"),
                (Out, "17:02"),
                (Out, "17:03"),
            ]),
            none,
        );
        assert_eq!(
            roles(&folded),
            [
                Role::Opens,
                Role::Repeats,
                Role::Conflicts,
                Role::Closes,
                Role::Repeats,
                Role::Conflicts
            ]
        );
        assert_eq!(folded.sessions.len(), 1);
    }

    #[test]
    fn a_break_twice_started_or_ended_keeps_both_claims() {
        let folded = fold(
            &day(&[
                (BreakStart, "07:00"),
                (In, "08:00"),
                (BreakEnd, "09:00"),
                (BreakStart, "10:00"),
                (BreakStart, "10:01"),
                (BreakStart, "10:05"),
                (BreakEnd, "10:15"),
                (BreakEnd, "10:16"),
                (BreakStart, "12:00"),
                (Out, "12:30"),
                (BreakEnd, "13:00"),
            ]),
            none,
        );
        assert_eq!(
            roles(&folded),
            [
                Role::Orphan,
                Role::Opens,
                Role::Conflicts,
                Role::StartsBreak,
                Role::Repeats,
                Role::Conflicts,
                Role::EndsBreak,
                Role::Repeats,
                Role::StartsBreak,
                Role::Closes,
                Role::Orphan
            ]
        );
        // Going ends the break.
        assert_eq!(folded.sessions[0].breaks[1].to, folded.sessions[0].to);
    }

    #[test]
    fn coming_again_after_sixteen_hours_or_from_a_file_begins_anew() {
        let long = fold(
            &[
                tap(1, In, "2025-07-13T18:00"),
                tap(2, In, "2025-07-14T10:00"),
            ],
            none,
        );
        assert_eq!(
            long.sessions
                .iter()
                .map(|made| made.status)
                .collect::<Vec<_>>(),
            [Status::Disconnected, Status::Active]
        );
        let short = fold(
            &[
                tap(1, In, "2025-07-13T18:00"),
                tap(2, In, "2025-07-14T09:59"),
            ],
            none,
        );
        assert_eq!(roles(&short), [Role::Opens, Role::Conflicts]);
        let file = Tap {
            source: Source::Import,
            ..tap(2, In, "2025-07-13T19:00")
        };
        assert_eq!(
            roles(&fold(&[tap(1, In, "2025-07-13T18:00"), file], none)),
            [Role::Opens, Role::Opens]
        );
    }

    #[test]
    fn an_end_without_a_beginning_belongs_to_nothing() {
        assert_eq!(roles(&fold(&day(&[(Out, "17:00")]), none)), [Role::Orphan]);
        // Sixteen hours after the clock-in it has nothing to do with that session any more.
        let folded = fold(
            &[
                tap(1, In, "2025-07-13T08:00"),
                tap(2, Out, "2025-07-13T12:00"),
                tap(3, Out, "2025-07-14T00:01"),
            ],
            none,
        );
        assert_eq!(roles(&folded), [Role::Opens, Role::Closes, Role::Orphan]);
        let other = |when: Instant| (when > at("2025-07-14T13:00")).then(|| shift(1));
        let folded = fold(
            &day(&[(In, "08:00"), (Out, "12:00"), (Out, "17:00")]),
            other,
        );
        assert_eq!(roles(&folded), [Role::Opens, Role::Closes, Role::Orphan]);
    }

    #[test]
    fn a_file_s_clock_out_of_another_day_ends_nothing() {
        let out = |time: &str| Tap {
            source: Source::Import,
            ..tap(2, Out, time)
        };
        let came = tap(1, In, "2025-07-14T08:00");
        let a_day = fold(&[came.clone(), out("2025-07-15T08:00")], none);
        assert_eq!(roles(&a_day), [Role::Opens, Role::Closes]);
        let longer = fold(&[came.clone(), out("2025-07-15T08:01")], none);
        assert_eq!(roles(&longer), [Role::Opens, Role::Orphan]);
        assert_eq!(longer.sessions[0].status, Status::Disconnected);
        let by_hand = tap(2, Out, "2025-07-15T08:01");
        assert_eq!(
            roles(&fold(&[came, by_hand], none)),
            [Role::Opens, Role::Closes]
        );
    }

    #[test]
    fn an_automatic_end_gives_way_to_a_real_one() {
        let automatic = |number, time: &str| Tap {
            source: Source::Automatic,
            ..tap(number, Out, time)
        };
        let closed = [
            tap(1, In, "2025-07-14T08:00"),
            automatic(2, "2025-07-14T17:00"),
        ];
        assert_eq!(fold(&closed, none).sessions[0].status, Status::AutoClosed);
        for (time, role) in [
            ("2025-07-14T16:00", Role::Closes),
            ("2025-07-15T09:00", Role::Closes),
        ] {
            let real = fold(&[&closed[..], &[tap(3, Out, time)]].concat(), none);
            assert_eq!(real.sessions[0].status, Status::Completed, "{time}");
            assert_eq!(real.sessions[0].to, Some(at(time)));
            let played = |id: u128| {
                real.claims
                    .iter()
                    .find(|played| played.punch.uuid().as_u128() == id)
                    .unwrap()
                    .role
            };
            assert_eq!((played(2), played(3)), (Role::Superseded, role));
        }
        let late = fold(
            &[&closed[..], &[tap(3, Out, "2025-07-15T09:01")]].concat(),
            none,
        );
        assert_eq!(roles(&late), [Role::Opens, Role::Closes, Role::Orphan]);
        let next = fold(
            &[
                &closed[..],
                &[
                    tap(3, In, "2025-07-14T18:00"),
                    tap(4, Out, "2025-07-14T19:00"),
                ],
            ]
            .concat(),
            none,
        );
        assert_eq!(
            next.sessions
                .iter()
                .map(|made| made.status)
                .collect::<Vec<_>>(),
            [Status::AutoClosed, Status::Completed]
        );
    }

    #[test]
    fn the_panic_button_ends_what_is_open() {
        let panic = Tap {
            emergency: true,
            ..tap(2, Out, "2025-07-14T09:00")
        };
        let folded = fold(&[tap(1, In, "2025-07-14T08:00"), panic], none);
        assert_eq!(folded.sessions[0].status, Status::EmergencyEnded);
    }

    /// From one visit straight to the next, by clocks that know minutes only.
    #[test]
    fn of_claims_of_one_moment_the_fitting_one_comes_first() {
        let folded = fold(
            &day(&[(In, "08:00"), (In, "10:00"), (Out, "10:00"), (Out, "11:00")]),
            none,
        );
        assert_eq!(folded.sessions.len(), 2);
        assert!(
            folded
                .sessions
                .iter()
                .all(|made| made.status == Status::Completed)
        );
        let nothing = fold(&day(&[(Out, "10:00"), (In, "10:00")]), none);
        assert_eq!(roles(&nothing), [Role::Opens, Role::Closes]);
    }

    fn claims() -> impl Strategy<Value = Vec<Tap>> {
        let direction = select(vec![In, In, Out, Out, BreakStart, BreakEnd]);
        let source = select(vec![
            Source::Mobile,
            Source::Sync,
            Source::Manual,
            Source::Automatic,
            Source::Import,
        ]);
        let one = (0_i64..4_000, direction, source);
        prop::collection::vec(one, 0..40).prop_map(|all| {
            let numbered = all.into_iter().zip(1_u128..);
            numbered
                .map(|((minute, direction, source), number)| Tap {
                    at: at("2025-07-14T00:00") + TimeDelta::minutes(minute),
                    source,
                    ..tap(number, direction, "2025-07-14T00:00")
                })
                .collect()
        })
    }

    /// A shift every twelve hours, and hours between that belong to none.
    fn rota(when: Instant) -> Option<ShiftId> {
        let hour = (when - at("2025-07-14T00:00")).num_hours();
        (hour % 12 < 9).then(|| shift(u128::try_from(hour / 12).unwrap_or(0)))
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_gives_the_same(taps in claims(), moves in prop::collection::vec((any::<Index>(), any::<Index>()), 40)) {
            let folded = fold(&taps, rota);
            let mut shuffled = taps.clone();
            if !shuffled.is_empty() {
                for (a, b) in moves {
                    let (a, b) = (a.index(shuffled.len()), b.index(shuffled.len()));
                    shuffled.swap(a, b);
                }
            }
            prop_assert_eq!(fold(&shuffled, rota), folded);
        }

        #[test]
        fn no_minute_counts_twice_and_no_claim_is_lost(taps in claims()) {
            let folded = fold(&taps, rota);
            prop_assert_eq!(folded.claims.len(), taps.len());
            for pair in folded.sessions.windows(2) {
                prop_assert!(pair[0].status != Status::Active);
                prop_assert!(pair[0].to.unwrap_or(pair[0].from) <= pair[1].from);
            }
            for made in &folded.sessions {
                let mut since = made.from;
                for pause in &made.breaks {
                    prop_assert!(since <= pause.from);
                    since = pause.to.unwrap_or(pause.from);
                    prop_assert!(pause.from <= since && made.to.is_none_or(|to| since <= to));
                    prop_assert!(pause.to.is_some() || made.to.is_none());
                }
            }
        }
    }
}
