//! Clocking in and out: punches are claims and never change; the work session is built from them.
//!
//! | file | |
//! |---|---|
//! | `model` | sessions, the pure transitions between them |
//! | `punch` | punches and the layers people put above them |
//! | `claims` | punches with those layers applied |
//! | `fold` | pairs claims into sessions, whatever order they arrived in |
//! | `intervals` | spans of time on days and nights |
//! | `case` | everything known about one session when it is judged |
//! | `facts` | what the rules of this slice may know |
//! | `judge` | asks the rules and turns their outcomes into verdicts and flags |
//! | `closing` | the same for the end of a session |
//! | `hours` | what its time counts as |
//! | `findings`, `evidence` | what a person must look at |
//! | `assess` | judges a session by the rules of its time, at once or long after |
//! | `calendar`, `surroundings` | what lies around it |
//! | `rebuild` | works sessions out anew from the claims |
//! | `signals` | what about a punch should make a person look |
//! | `devices` | decides: who used the same device is looked at too |
//! | `sync` | punches captured without a signal, handed in later |
//! | `versions` | layers above claims, and what sessions were before |
//! | `locations` | positions between the punches, and for how long they are kept |
//! | `figures` | what sessions come to, added up and compared |
//! | `corrections` | time put right by people, and what was known when |
//! | `timesheets` | a person's time in a period, approved and locked |
//! | `changes` | what a phone needs for the day |
//! | `days` | what a day counts as, and the sums reports read |
//! | `store`, `punch_store` | remember |
//! | `clocking`, `breaks` | decide: the whole story of a clock-in is one function |
//! | `automatic` | decides: sessions that nobody closed |
//! | `presence` | decides: who is at work now, and what was claimed |
//! | `service` | decides the rest |
//! | `imported` | claims that come by the file |
//! | `words`, `graphql`, `punches` | speak: sessions, notes, punches |
//! | `queries`, `mutations`, `live` | speak: what can be asked, done and listened to |

pub mod model;
pub mod punch;
pub mod claims;
pub mod fold;
pub mod intervals;
pub mod facts;
pub mod case;
pub mod judge;
pub mod hours;
pub mod closing;
pub mod findings;
pub mod evidence;
pub mod assess;
pub mod calendar;
pub mod surroundings;
pub mod rebuild;
pub mod signals;
pub mod devices;
pub mod sync;
pub mod locations;
pub mod figures;
pub mod corrections;
pub mod timesheets;
pub mod changes;
pub mod days;
pub mod store;
mod punch_store;
pub mod versions;
pub mod clocking;
pub mod breaks;
pub mod automatic;
pub mod presence;
pub mod service;
pub mod imported;
pub mod words;
pub mod punches;
pub mod graphql;
pub mod queries;
pub mod mutations;
pub mod live;
