//! Access tokens: JWTs (RFC 7519) signed with `EdDSA` (RFC 8037), of the type `at+jwt` (RFC 9068).
//!
//! RFC 9068 also wants `client_id`; there are no OAuth clients here, so the token names the session instead (`sid`).
//! All times are checked against the `now` that is given: `jsonwebtoken` would read the system clock.

use crate::signing::SigningKey;
use crate::token::RefreshToken;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use kith_domain::{SessionId, UserId, VerificationKey};
use serde::{Deserialize, Serialize};

/// How long an access token is good for.
pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The one media type that is issued and accepted (RFC 9068, section 2.1): no other JWT passes for an access token.
const TYPE: &str = "at+jwt";
/// Ours have some 550 characters; longer ones are not worth decoding.
const MAX_CHARACTERS: usize = 2048;
/// The gateway's machines do not agree to the millisecond, and `nbf` is cut to the second: a token that one of them
/// has just issued must not be too young for the next. Expiry has no such tolerance.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Who issues access tokens and who accepts them: `iss` and `aud`, compared exactly.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The issuer, such as the stage's public URL.
    pub issuer: &'a str,
    /// The audience, such as the stage's API.
    pub audience: &'a str,
}

/// What an access token says. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Who may accept it.
    pub aud: String,
    /// Whose it is.
    pub sub: UserId,
    /// The session that it belongs to and ends with.
    pub sid: SessionId,
    /// When it was issued.
    pub iat: i64,
    /// When it begins.
    pub nbf: i64,
    /// When it ends; at that second it is refused.
    pub exp: i64,
    /// Its own id, by which nothing can be guessed of the refresh token that it goes with.
    pub jti: String,
}

impl Claims {
    /// The claims of the token that goes with a refresh token made at `now`, and lasts [`ACCESS_TOKEN_LIFETIME`].
    pub fn new(parties: Parties<'_>, with: &RefreshToken, now: Timestamp) -> Self {
        let iat = now.as_second();
        Self {
            iss: parties.issuer.to_owned(),
            aud: parties.audience.to_owned(),
            sub: with.user,
            sid: with.session,
            iat,
            nbf: iat,
            exp: iat.saturating_add(ACCESS_TOKEN_LIFETIME.as_secs()),
            jti: with.access_token_id(),
        }
    }
}

/// The token could not be signed; a key that a ring holds always can.
#[derive(Debug, thiserror::Error)]
#[error("the access token could not be signed")]
pub struct IssueError;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Its key is not known, or not yet: look once more where keys are published, then verify again.
    #[error("the key of the access token is not known")]
    UnknownKey,
    /// It is not a JWT of our kind: shape, type, algorithm or claims.
    #[error("not an access token")]
    Malformed,
    /// The signature is not that key's.
    #[error("the signature of the access token is wrong")]
    Forged,
    /// Its key is retired.
    #[error("the key of the access token is retired")]
    RetiredKey,
    /// It comes from another issuer or is meant for another audience.
    #[error("the access token is meant for somebody else")]
    NotForUs,
    /// It has not begun.
    #[error("the access token is not valid yet")]
    NotYet,
    /// It has ended.
    #[error("the access token has expired")]
    Expired,
}

/// Signs the claims.
pub fn issue(signer: &SigningKey, claims: &Claims) -> Result<String, IssueError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(signer.kid().to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(signer.pkcs8())).map_err(|_| IssueError)
}

/// Reads a token and checks it at `now`.
///
/// `find_key` looks a `kid` up among the published keys. The `kid` is the client's: it must be nothing but a key of
/// a map there.
pub fn verify(
    token: &str,
    find_key: impl Fn(&str) -> Option<VerificationKey>,
    expected: Parties<'_>,
    now: Timestamp,
) -> Result<Claims, TokenFault> {
    if token.len() > MAX_CHARACTERS {
        return Err(TokenFault::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenFault::Malformed)?;
    // `crit` (RFC 7515, section 4.1.11) demands what nobody here understands.
    if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
        return Err(TokenFault::Malformed);
    }
    let kid = header.kid.ok_or(TokenFault::Malformed)?;
    let key = find_key(&kid).ok_or(TokenFault::UnknownKey)?;
    if key.retire_at.is_some_and(|end| end <= now) {
        return Err(TokenFault::RetiredKey);
    }

    let public = DecodingKey::from_ed_components(&key.x).map_err(|_| TokenFault::Forged)?;
    let claims = jsonwebtoken::decode::<Claims>(token, &public, &signature_only())
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenFault::Forged,
            _ => TokenFault::Malformed,
        })?
        .claims;

    if claims.iss != expected.issuer || claims.aud != expected.audience {
        return Err(TokenFault::NotForUs);
    }
    if claims.nbf > now.as_second().saturating_add(CLOCK_SKEW.as_secs()) {
        return Err(TokenFault::NotYet);
    }
    if claims.exp <= now.as_second() {
        return Err(TokenFault::Expired);
    }
    Ok(claims)
}

/// Everything but algorithm and signature is checked by [`verify`] itself.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;
    use serde_json::{Value, json};

    const US: Parties<'static> = Parties { issuer: "https://kith.example", audience: "https://kith.example/v1" };
    const NOW: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key() -> SigningKey {
        SigningKey::generate(at(0)).unwrap()
    }

    fn claims() -> Claims {
        Claims::new(US, &RefreshToken::generate(UserId::new(at(NOW)), SessionId::new(at(NOW))), at(NOW))
    }

    fn check(token: &str, key: &SigningKey, now: i64) -> Result<Claims, TokenFault> {
        verify(token, |kid| (kid == key.kid()).then(|| key.public_jwk()), US, at(now))
    }

    /// Signs any header and payload with a real key: what a careless second issuer under the same key would make.
    fn sign(key: &SigningKey, header: &Value, payload: &Value) -> String {
        let [header, payload] = [header, payload].map(|part| base64url::encode(part.to_string().as_bytes()));
        let message = format!("{header}.{payload}");
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(key.pkcs8()).unwrap();
        format!("{message}.{}", base64url::encode(pair.sign(message.as_bytes()).as_ref()))
    }

    fn good_header(key: &SigningKey) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key.kid()})
    }

    #[test]
    fn an_issued_token_verifies_and_lasts_900_seconds() {
        let (key, claims) = (key(), claims());
        let token = issue(&key, &claims).unwrap();
        assert_eq!(claims.exp - claims.iat, 900);
        assert_eq!(check(&token, &key, NOW), Ok(claims.clone()));
        assert_eq!(check(&token, &key, NOW + 899), Ok(claims));
        assert_eq!(check(&token, &key, NOW + 900), Err(TokenFault::Expired));
    }

    #[test]
    fn the_header_says_what_it_is_and_which_key_signed() {
        let key = key();
        let header = jsonwebtoken::decode_header(issue(&key, &claims()).unwrap()).unwrap();
        assert_eq!(
            (header.typ.as_deref(), header.alg, header.kid.as_deref()),
            (Some("at+jwt"), Algorithm::EdDSA, Some(key.kid()))
        );
    }

    #[test]
    fn a_token_from_the_future_is_refused_but_for_clock_skew() {
        let (key, claims) = (key(), claims());
        let token = issue(&key, &claims).unwrap();
        assert_eq!(check(&token, &key, NOW - 5), Ok(claims));
        assert_eq!(check(&token, &key, NOW - 6), Err(TokenFault::NotYet));
    }

    #[test]
    fn an_unknown_key_is_told_from_a_forgery() {
        let (key, other) = (key(), key());
        let token = issue(&other, &claims()).unwrap();
        assert_eq!(check(&token, &key, NOW), Err(TokenFault::UnknownKey));
        let forged = sign(&other, &good_header(&key), &serde_json::to_value(claims()).unwrap());
        assert_eq!(check(&forged, &key, NOW), Err(TokenFault::Forged));
    }

    #[test]
    fn a_retired_key_is_refused_from_its_second_on() {
        let (key, claims) = (key(), claims());
        let token = issue(&key, &claims).unwrap();
        let retired = VerificationKey { retire_at: Some(at(NOW + 10)), ..key.public_jwk() };
        let check = |now| verify(&token, |_| Some(retired.clone()), US, at(now));
        assert_eq!(check(NOW + 9), Ok(claims));
        assert_eq!(check(NOW + 10), Err(TokenFault::RetiredKey));
    }

    #[test]
    fn any_changed_character_is_refused() {
        let key = key();
        let token = issue(&key, &claims()).unwrap();
        for position in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(check(&changed, &key, NOW).is_err(), "character {position}");
        }
    }

    #[test]
    fn unsigned_and_wrongly_typed_tokens_are_refused() {
        let key = key();
        let payload = serde_json::to_value(claims()).unwrap();
        for change in [
            json!({"alg": "none"}),
            json!({"alg": "HS256"}),
            json!({"alg": "ES256"}),
            json!({"typ": "JWT"}),
            json!({"typ": null}),
            json!({"kid": null}),
            json!({"crit": ["exp"]}),
        ] {
            let mut header = good_header(&key);
            header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(check(&sign(&key, &header, &payload), &key, NOW), Err(TokenFault::Malformed), "{header}");
        }
        let signed = sign(&key, &good_header(&key), &payload);
        let unsigned = &signed[..=signed.rfind('.').unwrap()];
        assert_eq!(check(unsigned, &key, NOW), Err(TokenFault::Forged));
    }

    #[test]
    fn the_public_key_is_no_hmac_secret() {
        let key = key();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(key.kid().to_owned());
        let secret = EncodingKey::from_secret(&base64url::decode(&key.public_jwk().x).unwrap());
        let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
        assert_eq!(check(&token, &key, NOW), Err(TokenFault::Malformed));
    }

    #[test]
    fn a_key_that_the_token_brings_along_is_ignored() {
        let (key, own) = (key(), key());
        let mut header = good_header(&key);
        header["jwk"] = serde_json::to_value(crate::Jwk::of(&own.public_jwk())).unwrap();
        let token = sign(&own, &header, &serde_json::to_value(claims()).unwrap());
        assert_eq!(check(&token, &key, NOW), Err(TokenFault::Forged));
    }

    #[test]
    fn issuer_and_audience_must_fit_exactly() {
        let key = key();
        for (claim, value) in
            [("iss", json!("https://other.example")), ("aud", json!("https://kith.example")), ("aud", json!(""))]
        {
            let mut payload = serde_json::to_value(claims()).unwrap();
            payload[claim] = value;
            assert_eq!(
                check(&sign(&key, &good_header(&key), &payload), &key, NOW),
                Err(TokenFault::NotForUs),
                "{payload}"
            );
        }
    }

    #[test]
    fn no_claim_may_be_missing_or_of_another_type() {
        let key = key();
        let whole = serde_json::to_value(claims()).unwrap();
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"] {
            let mut payload = whole.clone();
            payload.as_object_mut().unwrap().remove(claim);
            assert_eq!(
                check(&sign(&key, &good_header(&key), &payload), &key, NOW),
                Err(TokenFault::Malformed),
                "{claim}"
            );
            payload[claim] = json!({});
            assert_eq!(
                check(&sign(&key, &good_header(&key), &payload), &key, NOW),
                Err(TokenFault::Malformed),
                "{claim}"
            );
        }
    }

    #[test]
    fn junk_is_refused() {
        let key = key();
        let long = "a".repeat(MAX_CHARACTERS + 1);
        for junk in ["", ".", "..", "a.b.c", "a.b.c.d", "e30.e30.", &long] {
            assert_eq!(check(junk, &key, NOW), Err(TokenFault::Malformed), "{junk:?}");
        }
    }
}
