//! Secrets that travel: signed access tokens, and the digests under which random tokens are kept.
//!
//! An access token only carries ids; whether they still mean anything is the database's to say. It lives minutes, so
//! changing the server's secret needs no list of old keys: a token of another key has simply expired, and the client
//! refreshes it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{AccountId, LoginId, MemberId, OrgId, Source};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// How long an access token is good for.
pub const ACCESS_SECONDS: i64 = 15 * 60;
const ISSUER: &str = "zamu";
const AUDIENCE: &str = "zamu-api";

/// What an access token says. The organization and the member are those of the login session when it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(rename = "sub")]
    pub account: AccountId,
    #[serde(rename = "lid")]
    pub login: LoginId,
    pub org: Option<OrgId>,
    pub member: Option<MemberId>,
}

impl Claims {
    pub fn new(
        account: AccountId,
        login: LoginId,
        membership: Option<(OrgId, MemberId)>,
        now: Instant,
    ) -> Self {
        let iat = now.timestamp();
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat + ACCESS_SECONDS,
            account,
            login,
            org: membership.map(|(org, _)| org),
            member: membership.map(|(_, member)| member),
        }
    }
}

/// The signing key and its name.
pub struct Keys {
    id: String,
    signing: EncodingKey,
    checking: DecodingKey,
    rules: Validation,
}

impl Keys {
    /// Derived from the server's secret, so that the secret itself signs nothing.
    pub fn new(secret: &str) -> Self {
        let key = Sha256::digest(format!("zamu access token key 1\n{secret}"));
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Its clock is the machine's; ours is the application's, so the expiry is checked here.
        rules.validate_exp = false;
        let id = text::hex(&Sha256::digest(key)).chars().take(8).collect();
        Self {
            id,
            signing: EncodingKey::from_secret(&key),
            checking: DecodingKey::from_secret(&key),
            rules,
        }
    }

    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(Error::internal)
    }

    pub fn read(&self, token: &str, now: Instant) -> Result<Claims> {
        let header = jsonwebtoken::decode_header(token).map_err(|_not_a_token| unreadable())?;
        if header.kid.as_deref() != Some(self.id.as_str()) {
            return Err(expired());
        }
        let read = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.rules);
        let claims = read.map_err(|_forged| unreadable())?.claims;
        if claims.exp <= now.timestamp() {
            return Err(expired());
        }
        Ok(claims)
    }
}

/// What expired and what was revoked look alike: refresh, and learn there whether it still works.
pub fn expired() -> Error {
    Error::refused(
        Code::TokenExpired,
        "the access token has expired or was revoked: refresh it",
    )
}

/// No token we made.
pub fn unreadable() -> Error {
    Error::refused(Code::Unauthenticated, "this is not a valid token: sign in")
}

/// 256 bits nobody can guess, fit for a URL.
pub fn random(ids: &Source) -> String {
    URL_SAFE_NO_PAD.encode(ids.secret::<32>())
}

/// The SHA-256 under which a random token is stored. Random tokens need no slow hash: there is nothing to guess.
pub fn digest(token: &str) -> String {
    text::hex(&Sha256::digest(token.as_bytes()))
}

/// Compares without telling by its duration how much was right.
pub fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn claims(now: Instant) -> Claims {
        let ids = Source::seeded(3);
        Claims::new(
            ids.id(now),
            ids.id(now),
            Some((ids.id(now), ids.id(now))),
            now,
        )
    }

    fn now() -> Instant {
        "2026-03-02T05:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_is_read_until_it_expires() {
        let keys = Keys::new("a secret");
        let token = keys.sign(&claims(now())).unwrap();
        let almost = now() + TimeDelta::seconds(ACCESS_SECONDS - 1);
        assert_eq!(keys.read(&token, almost).unwrap(), claims(now()));
        let after = now() + TimeDelta::seconds(ACCESS_SECONDS);
        assert_eq!(
            keys.read(&token, after).unwrap_err().code,
            Code::TokenExpired
        );
    }

    #[test]
    fn another_secret_means_expired_and_a_forgery_means_unauthenticated() {
        let token = Keys::new("old").sign(&claims(now())).unwrap();
        assert_eq!(
            Keys::new("new").read(&token, now()).unwrap_err().code,
            Code::TokenExpired
        );
        let (body, _signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{body}.AAAA");
        for bad in [forged.as_str(), "", "a.b.c", "{}"] {
            assert_eq!(
                Keys::new("old").read(bad, now()).unwrap_err().code,
                Code::Unauthenticated,
                "{bad}"
            );
        }
    }

    #[test]
    fn the_algorithm_is_not_the_tokens_to_choose() {
        let keys = Keys::new("a secret");
        let header = serde_json::json!({"alg": "none", "typ": "JWT", "kid": keys.id});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!(
            "{}.{}.",
            part(&header),
            part(&serde_json::to_value(claims(now())).unwrap())
        );
        assert_eq!(
            keys.read(&token, now()).unwrap_err().code,
            Code::Unauthenticated
        );
    }
}
