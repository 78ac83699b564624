//! Guessing made slow: the password hash, and the counting of attempts.
//!
//! Every attempt is counted **before** its password is looked at, in a transaction of its own, so aliases, batches and
//! parallel requests each count. Three counters:
//!
//! - account and address together: five tries, then a wait that doubles. Another address is not concerned, so nobody
//!   can lock somebody else out.
//! - address: as many as a busy office needs, then a wait until the window ends.
//! - account over all addresses: slows down addresses the account has never signed in from, and no others.

use std::net::Ipv6Addr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::sync::Semaphore;
use zamu_schema::tables::sign_in_attempts;

use crate::app::App;
use crate::auth::token;
use crate::db::lobby::Lobby;
use crate::kernel::error::{Error, Result};
use crate::kernel::time::Instant;

/// How passwords are hashed: Argon2id, off the async threads, a few at a time so that memory stays bounded.
pub struct Hashing {
    memory_kib: u32,
    passes: u32,
    turns: Arc<Semaphore>,
    /// What the password of an account that does not exist is compared with, so that it takes as long.
    nobody: String,
}

impl Hashing {
    /// 19 MiB and two passes, as OWASP advises.
    pub fn strong() -> Self {
        Self::new(19 * 1024, 2)
    }

    /// The same code, fast: for tests only.
    pub fn weak_for_tests() -> Self {
        Self::new(64, 1)
    }

    fn new(memory_kib: u32, passes: u32) -> Self {
        let turns = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let nobody = hash(
            memory_kib,
            passes,
            b"nobody has this password",
            b"nobody has this",
        )
        .unwrap_or_default();
        Self {
            memory_kib,
            passes,
            turns: Arc::new(Semaphore::new(turns)),
            nobody,
        }
    }

    /// A new password as it is stored, with its parameters.
    pub async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String> {
        let (memory, passes, password) = (self.memory_kib, self.passes, password.to_owned());
        self.off_thread(move || hash(memory, passes, password.as_bytes(), &salt))
            .await?
    }

    /// Whether a password fits; without a stored hash it does not, and takes as long to say so.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool> {
        let known = stored.is_some();
        let (password, stored) = (
            password.to_owned(),
            stored.unwrap_or(&self.nobody).to_owned(),
        );
        let fits =
            move || PasswordHash::new(&stored).map(|hash| is_right(password.as_bytes(), &hash));
        Ok(self.off_thread(fits).await?.map_err(Error::internal)? && known)
    }

    /// Whether a stored hash was made with less than what is used now.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let Ok(hash) = PasswordHash::new(stored) else {
            return true;
        };
        let at_least = |name: &str, wanted: u32| {
            hash.params
                .get_decimal(name)
                .is_some_and(|found| found >= wanted)
        };
        !at_least("m", self.memory_kib) || !at_least("t", self.passes)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        // The turn moves into the work: a request that goes away does not free a place its hash still uses.
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)
    }
}

fn is_right(password: &[u8], hash: &PasswordHash) -> bool {
    Argon2::default().verify_password(password, hash).is_ok()
}

fn hash(memory_kib: u32, passes: u32, password: &[u8], salt: &[u8]) -> Result<String> {
    let params = Params::new(memory_kib, passes, 1, None)
        .map_err(|error| Error::internal(error.to_string()))?;
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password, salt)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sign_in_attempts, primary_key(key), treat_none_as_null = true)]
pub struct Counter {
    key: String,
    failures: i32,
    first_failed_at: Instant,
    last_failed_at: Instant,
    locked_until: Option<Instant>,
}

/// How a counter counts.
#[derive(Debug, Clone, Copy)]
struct Limit {
    /// Attempts before there is any wait.
    free: i32,
    /// The first wait; doubled by every further attempt.
    wait: TimeDelta,
    longest: TimeDelta,
    /// After this long without an attempt the count begins again.
    window: TimeDelta,
}

const PAIR: Limit = Limit {
    free: 5,
    wait: TimeDelta::seconds(15),
    longest: TimeDelta::hours(1),
    window: TimeDelta::hours(12),
};
/// An office of a hundred people behind one address signs in at eight; a wait of one minute does not grow much.
const ADDRESS: Limit = Limit {
    free: 100,
    wait: TimeDelta::minutes(1),
    longest: TimeDelta::minutes(5),
    window: TimeDelta::minutes(10),
};
const ACCOUNT: Limit = Limit {
    free: 25,
    wait: TimeDelta::seconds(5),
    longest: TimeDelta::minutes(1),
    window: TimeDelta::hours(1),
};

impl Counter {
    fn new(key: String, now: Instant) -> Self {
        Self {
            key,
            failures: 0,
            first_failed_at: now,
            last_failed_at: now,
            locked_until: None,
        }
    }

    /// Counts an attempt as failed, before it is known; or says how many seconds to wait.
    fn knock(&mut self, limit: Limit, now: Instant) -> Result<(), i64> {
        if let Some(until) = self.locked_until.filter(|until| *until > now) {
            // Rounded up: who waits as told is not told again.
            return Err((until - now + TimeDelta::milliseconds(999))
                .num_seconds()
                .max(1));
        }
        if now - self.last_failed_at >= limit.window {
            (self.failures, self.first_failed_at) = (0, now);
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failed_at = now;
        self.locked_until = limit.wait_after(self.failures).map(|wait| now + wait);
        Ok(())
    }

    /// Takes an attempt back that turned out to be right.
    fn forgive(&mut self) {
        self.failures = self.failures.saturating_sub(1).max(0);
        self.locked_until = None;
    }
}

impl Limit {
    fn wait_after(self, failures: i32) -> Option<TimeDelta> {
        let doublings = u32::try_from(failures - self.free).ok()?.min(16);
        Some((self.wait * 2_i32.pow(doublings)).min(self.longest))
    }
}

/// Somebody at the door: what is guessed at, and from where.
#[derive(Debug, Clone)]
pub struct Knock {
    /// The account, or the identifier if there is none: both are slowed down alike.
    subject: String,
    address: String,
    /// Whether the account has signed in from here before.
    is_known_address: bool,
}

impl Knock {
    /// Identifiers are kept as digests: the table is no list of telephone numbers.
    pub fn new(subject: &str, address: Option<&str>, is_known_address: bool) -> Self {
        Self {
            subject: token::digest(subject).chars().take(32).collect(),
            address: neighbourhood(address.unwrap_or("-")),
            is_known_address,
        }
    }

    /// Always in this order, so that two at once cannot wait for each other in a circle.
    fn keys(&self) -> [(String, Limit); 3] {
        [
            (format!("account:{}", self.subject), ACCOUNT),
            (format!("address:{}", self.address), ADDRESS),
            (format!("pair:{}:{}", self.subject, self.address), PAIR),
        ]
    }

    /// Counts the attempt, or says `TRY_AGAIN` with the seconds to wait.
    pub async fn count(&self, app: &App) -> Result<()> {
        let mut lobby = app.lobby_change().await?;
        for (key, limit) in self.keys() {
            let excused = self.is_known_address && key.starts_with("account:");
            let mut counter = locked(&mut lobby, key).await?;
            let now = lobby.now();
            match counter.knock(limit, now) {
                Err(seconds) if !excused => {
                    return Err(Error::try_again(
                        "too many attempts to sign in: wait a little",
                        seconds,
                    ));
                }
                _ => save(&mut lobby, counter)?,
            }
        }
        lobby.commit().await
    }

    /// Forgets what led to a right password. What others try meanwhile still counts.
    pub async fn forgive(&self, lobby: &mut Lobby) -> Result<()> {
        for (key, _) in self.keys() {
            if key.starts_with("pair:") {
                lobby.stage(diesel::delete(
                    sign_in_attempts::table.filter(sign_in_attempts::key.eq(key)),
                ))?;
            } else {
                let mut counter = locked(lobby, key).await?;
                counter.forgive();
                save(lobby, counter)?;
            }
        }
        Ok(())
    }
}

/// One address of IPv4; of IPv6 the network of 64 bits that one customer has to themselves.
fn neighbourhood(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Err(_not_six) => address.to_owned(),
    }
}

/// The counter of a key, held until the end of the transaction. An insert that changes nothing when the row is there
/// locks it on PostgreSQL; SQLite has one writer anyway.
async fn locked(lobby: &mut Lobby, key: String) -> Result<Counter> {
    use diesel::upsert::excluded;
    let fresh = Counter::new(key, lobby.now());
    let row = diesel::insert_into(sign_in_attempts::table)
        .values(fresh)
        .on_conflict(sign_in_attempts::key)
        .do_update()
        .set(sign_in_attempts::key.eq(excluded(sign_in_attempts::key)))
        .returning(Counter::as_returning());
    Ok(row.get_result(lobby.conn()?).await?)
}

fn save(lobby: &mut Lobby, counter: Counter) -> Result<()> {
    let row = sign_in_attempts::table.filter(sign_in_attempts::key.eq(counter.key.clone()));
    lobby.stage(diesel::update(row).set(counter))
}

/// Removes counters nobody touched for a day: for the timetable.
pub async fn purge(app: &App) -> Result<()> {
    let mut lobby = app.lobby_change().await?;
    let old = lobby.now() - TimeDelta::days(1);
    lobby.stage(diesel::delete(
        sign_in_attempts::table.filter(sign_in_attempts::last_failed_at.lt(old)),
    ))?;
    lobby.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-03-02T05:00:00Z".parse().unwrap()
    }

    #[test]
    fn five_tries_then_a_wait_that_doubles() {
        let mut counter = Counter::new("pair:x".into(), now());
        for _ in 0..5 {
            assert_eq!(counter.knock(PAIR, now()), Ok(()));
        }
        assert_eq!(counter.knock(PAIR, now()), Err(15));
        assert_eq!(
            counter.knock(PAIR, now() + TimeDelta::milliseconds(14_001)),
            Err(1)
        );
        let later = now() + TimeDelta::seconds(15);
        assert_eq!(counter.knock(PAIR, later), Ok(()));
        assert_eq!(counter.knock(PAIR, later), Err(30));
    }

    #[test]
    fn a_wait_never_exceeds_its_longest_and_a_quiet_window_forgets() {
        let mut counter = Counter {
            failures: i32::MAX,
            ..Counter::new("pair:x".into(), now())
        };
        assert_eq!(counter.knock(PAIR, now()), Ok(()));
        assert_eq!(counter.knock(PAIR, now()), Err(3600));
        let tomorrow = now() + TimeDelta::hours(13);
        assert_eq!(counter.knock(PAIR, tomorrow), Ok(()));
        assert_eq!(counter.failures, 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        assert_eq!(neighbourhood("2001:db8:1:2:3::9"), "2001:db8:1:2::");
        assert_eq!(neighbourhood("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(neighbourhood("198.51.100.7"), "198.51.100.7");
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only_and_knows_its_age() {
        let weak = Hashing::weak_for_tests();
        let stored = weak.hash("copper kettle", [7; 16]).await.unwrap();
        assert!(weak.verify("copper kettle", Some(&stored)).await.unwrap());
        assert!(!weak.verify("copper cattle", Some(&stored)).await.unwrap());
        assert!(!weak.verify("nobody has this password", None).await.unwrap());
        assert!(!weak.is_outdated(&stored) && Hashing::strong().is_outdated(&stored));
    }
}
