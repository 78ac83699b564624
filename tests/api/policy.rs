//! Who may do what, as a table in review: a changed permission is a changed cell.

use std::fmt::Write as _;

use zamu::auth::action::Action;
use zamu::auth::policy::{Role, Scope, grant};

#[test]
fn the_permission_matrix() {
    let mut table = format!("{:22}", "");
    for role in Role::ALL {
        write!(table, "{:13}", role.name()).unwrap();
    }
    table.truncate(table.trim_end().len());
    for action in Action::ALL {
        write!(table, "\n{:22}", action.name()).unwrap();
        for role in Role::ALL {
            let cell = match grant(*role, *action) {
                Some(Scope::Organization) => "all",
                Some(Scope::Department) => "department",
                Some(Scope::Own) => "own",
                None => "-",
            };
            write!(table, "{cell:13}").unwrap();
        }
        table.truncate(table.trim_end().len());
    }
    insta::assert_snapshot!(table);
}

/// `Action::ALL` is written by hand: each name once, none forgotten.
#[test]
fn every_action_is_listed_once() {
    let mut names: Vec<String> = Action::ALL.iter().map(|action| action.name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Action::ALL.len());
    // The enum is laid out in order from nought, so the last one's number counts them.
    let last = Action::ALL.last().unwrap();
    assert_eq!(*last as usize + 1, Action::ALL.len());
}
