//! Takes a kept decision again and says, line by line, how it came about.

use zamu_rules::{Book, Class, Explained};

use super::model::{Given, Said};
use super::{snapshots, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::{self, Scope};
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::DecisionId;

/// A decision taken again, line by line.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub explained: Explained,
    /// Whether it came to what was stored.
    pub is_reproduced: bool,
}

impl Explanation {
    fn of(explained: Explained, said: &Said) -> Self {
        Self {
            is_reproduced: said.is_what(&explained.decision),
            explained,
        }
    }
}

/// Takes a kept decision again, by the book it was taken by.
pub async fn explain(app: &App, viewer: &Viewer, id: DecisionId) -> Result<Explanation> {
    explain_as(app, viewer, Action::ViewSessions, id).await
}

/// The same for whoever runs the server, who sees no sessions.
pub async fn explain_for_operator(
    app: &App,
    viewer: &Viewer,
    id: DecisionId,
) -> Result<Explanation> {
    explain_as(app, viewer, Action::ReplayRules, id).await
}

async fn explain_as(
    app: &App,
    viewer: &Viewer,
    action: Action,
    id: DecisionId,
) -> Result<Explanation> {
    let mut tx = app.read(viewer, action).await?;
    let (given, said) = given_in(&mut tx, id).await?;
    let book = book_in(&mut tx, &given).await?;
    drop(tx);
    under(book, given, said).await
}

/// Takes a decision under a book, in a thread of its own: a rule may use its whole budget.
pub(in crate::rules) async fn under(book: Book, given: Given, said: Said) -> Result<Explanation> {
    let explaining = tokio::task::spawn_blocking(move || {
        let explained = given.explain(&book);
        explained.map(|explained| Explanation::of(explained, &said))
    });
    let explanation = explaining.await.map_err(Error::internal)?;
    explanation.ok_or_else(not_repeatable)
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

/// The book a decision was taken by.
pub(in crate::rules) async fn book_in(tx: &mut Tx, given: &Given) -> Result<Book> {
    let book = snapshots::book_in(tx, &given.release).await?;
    book.ok_or_else(not_repeatable)
}

fn not_repeatable() -> Error {
    Error::refused(
        Code::DecisionNotRepeatable,
        "the rules this was decided by are not kept, or this version of the server means something else by them",
    )
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
