//! `zamu org`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};

use super::{Outcome, open, say};
use crate::app::App;
use crate::identity::service::{self as identity, NewOwner};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::OrgId;
use crate::orgs::service::{self, NewOrganization};

#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Found an organization, and give it its first owner.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What people call it.
    #[arg(long)]
    name: String,
    /// Its name at sign-in: small letters, digits and dashes.
    #[arg(long)]
    slug: String,
    /// Where its days begin and end, such as Africa/Nairobi.
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
    /// ISO 4217.
    #[arg(long, default_value = "KES")]
    currency: String,
    /// The first owner. Without one nobody can sign in.
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
    /// The owner signs in with this telephone number.
    #[arg(long, value_name = "NUMBER", requires = "owner_name")]
    owner_phone: Option<String>,
    /// The owner signs in with this e-mail address.
    #[arg(long, value_name = "ADDRESS", requires = "owner_name")]
    owner_email: Option<String>,
    /// The owner's password; without it one is made and printed once.
    #[arg(long, value_name = "PASSWORD", requires = "owner_name")]
    owner_password: Option<String>,
}

pub(super) async fn run(org: Org) -> Result<Outcome> {
    let Org::Create(create) = org;
    let app = open().await?;
    self::create(&app, create).await?;
    app.drain().await?;
    Ok(Outcome::Fine)
}

async fn create(app: &App, create: Create) -> Result<()> {
    let Create { name, slug, time_zone, currency, owner_name, owner_phone, owner_email, owner_password } = create;
    if owner_name.is_some() && owner_phone.is_none() && owner_email.is_none() {
        return Err(Error::invalid("owner", "an owner needs --owner-phone or --owner-email to sign in with"));
    }
    let organization = service::create(app, NewOrganization { slug, name, time_zone, currency }).await?;
    say(&format!("organization {} ({})", organization.slug, organization.id));
    let Some(name) = owner_name else { return Ok(()) };
    let made = owner_password.is_none();
    let password = owner_password.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(app.ids().secret::<15>()));
    let owner = NewOwner { name, phone: owner_phone, email: owner_email, password: password.clone() };
    let member = identity::create_owner(app, &organization, owner).await?;
    say(&format!("owner {} ({})", member.name, member.id));
    if made {
        say(&format!("password {password}"));
        say("It is not kept anywhere: change it after the first sign-in. An account that was there before keeps its own.");
    }
    Ok(())
}

/// The organization of a slug, for commands that work inside one.
pub(super) async fn by_slug(app: &App, slug: &str) -> Result<OrgId> {
    let found = service::find_by_slug(app, slug).await?;
    found.map(|organization| organization.id).ok_or_else(|| Error::not_found(&format!("organization as {slug}")))
}
