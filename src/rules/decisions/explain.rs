//! Takes a kept decision again and says, line by line, how it came about.

use zamu_rules::{Book, Class, Decision};

use super::model::{Given, Said};
use super::{snapshots, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::{self, Scope};
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::DecisionId;

/// A decision taken again.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub decision: Decision,
    /// Whether it came to what was stored.
    pub is_reproduced: bool,
}

/// Takes a kept decision again, by the book it was taken by.
pub async fn explain(app: &App, viewer: &Viewer, id: DecisionId) -> Result<Explanation> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let (given, said) = given_in(&mut tx, id).await?;
    let again = again_in(&mut tx, given).await?;
    Ok(Explanation {
        is_reproduced: said.is_what(&again),
        decision: again,
    })
}

/// Takes a decision under another book, for what it would have been.
pub(in crate::rules) fn under(book: &Book, given: Given, said: &Said) -> Explanation {
    let decision = book.decide(&given.hook, given.facts, &given.scopes);
    Explanation {
        is_reproduced: said.is_what(&decision),
        decision,
    }
}

/// What a decision was taken from and what it said, or why that cannot be had.
pub(in crate::rules) async fn given_in(tx: &mut Tx, id: DecisionId) -> Result<(Given, Said)> {
    let found = store::given(tx, id).await?;
    let (given, said) = found.ok_or_else(|| Error::not_found("rule decision"))?;
    let given = given.ok_or_else(|| {
        Error::refused(
            Code::DecisionFactsGone,
            "the facts of this decision were removed when their time was over; its outcome and reasons stay",
        )
    })?;
    Ok((given, said))
}

/// Takes a decision again under the book it was taken by.
pub(in crate::rules) async fn again_in(tx: &mut Tx, given: Given) -> Result<Decision> {
    let book = snapshots::book_in(tx, &given.release).await?;
    let again = book.and_then(|book| given.decide(&book));
    again.ok_or_else(|| {
        Error::refused(
            Code::DecisionNotRepeatable,
            "the rules this was decided by are not kept, or this version of the server means something else by them",
        )
    })
}

/// Which classes of facts a viewer may see, where they may see the decision at all.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    personal: bool,
    money: bool,
}

impl Sight {
    /// Personal facts go with the contacts of the people the viewer reaches; money with the whole organization. Nobody
    /// may see health facts through a rule.
    pub fn of(viewer: &Viewer) -> Self {
        let sees = |action| policy::grant(viewer.role(), action);
        Self {
            personal: sees(Action::ViewContacts).is_some(),
            money: sees(Action::EditRules) == Some(Scope::Organization),
        }
    }

    pub fn covers(self, class: Class) -> bool {
        match class {
            Class::Open => true,
            Class::Personal => self.personal,
            Class::Money => self.money,
            Class::Health => false,
        }
    }
}
