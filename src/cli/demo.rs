//! An organization to play with.

use crate::app::App;
use crate::config::Config;
use crate::http::Demo;
use crate::identity::service::{self as identity, NewOwner};
use crate::kernel::error::{Error, Result};
use crate::orgs::service::{self as orgs, NewOrganization};

const SLUG: &str = "demo";
const IDENTIFIER: &str = "owner@demo.example";
/// Known to everybody who reads this, which is why the demo is refused where others can connect.
const PASSWORD: &str = "karibu kwenye zamu";

/// Makes the demo if it is wanted, or if nothing at all was set. Answers how to sign in to it.
pub(super) async fn prepare(app: &App, config: &Config, wanted: bool) -> Result<Option<Demo>> {
    let is_private = config.listen.ip().is_loopback();
    if wanted && !is_private {
        return Err(Error::invalid("--demo", "everybody knows the demo's password: it needs a loopback address"));
    }
    if !wanted && !(config.untouched && is_private) {
        return Ok(None);
    }
    if orgs::find_by_slug(app, SLUG).await?.is_none() {
        found(app).await?;
    }
    Ok(Some(Demo { identifier: IDENTIFIER.to_owned(), password: PASSWORD.to_owned() }))
}

async fn found(app: &App) -> Result<()> {
    let organization = NewOrganization {
        slug: SLUG.to_owned(),
        name: "Demo".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: "KES".to_owned(),
    };
    let organization = orgs::create(app, organization).await?;
    let owner = NewOwner {
        name: "Amina Odhiambo".to_owned(),
        phone: None,
        email: Some(IDENTIFIER.to_owned()),
        password: PASSWORD.to_owned(),
    };
    identity::create_owner(app, &organization, owner).await?;
    Ok(())
}
