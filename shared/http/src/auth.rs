//! Who calls.

use crate::{App, Cx, Problem, Result};
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use kith_domain::{Person, Role, Session, SessionId, User, UserId};

/// The caller's id, left in the request for [`crate::Once`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallerId(pub(crate) UserId);

/// Somebody with a good access token, whose session and account are not looked at yet.
///
/// For reads of one object: [`Caller::admit`] looks at them and reads at the same time. Nothing may be changed before it;
/// and where something is answered before it, such as that a path names nothing, the edge looks at them after all.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    id: UserId,
    session: SessionId,
}

/// A person with a confirmed account, a live session and no ban, as of this request.
pub struct Member {
    /// The account.
    pub user: User,
    /// The session.
    pub session: Session,
}

impl Caller {
    /// Who the token says that it is: where to look, and nothing more.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// Checks session and account while `read` runs; gives both. Whoever is not admitted learns nothing of what was
    /// found.
    pub async fn admit<T>(self, cx: &Cx, read: impl Future<Output = kith_store::Result<T>>) -> Result<(Member, T)> {
        // Boxed: the SDK's futures are large, and each caller would carry both.
        let (member, found) = futures::join!(Box::pin(self.member(cx)), Box::pin(read));
        Ok((member?, found?))
    }

    /// Whoever the token in an `Authorization` header is of.
    pub(crate) async fn named(cx: &Cx, authorization: Option<&HeaderValue>) -> Result<Self> {
        let header = authorization.ok_or_else(|| Problem::unauthorized(false))?;
        // The scheme's name has no case (RFC 9110, section 11.1).
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return Err(Problem::unauthorized(true));
        };
        let claims = cx.verify(token.trim()).await?.map_err(|_| Problem::unauthorized(true))?;
        Ok(Self { id: claims.sub, session: claims.sid })
    }

    /// Checks session and account in one consistent batch.
    pub(crate) async fn member(self, cx: &Cx) -> Result<Member> {
        cx.await_admission(None);
        let found = cx.store.user_and_session(self.id, self.session).await?;
        let alive = found.filter(|(user, session)| user.admits(session, cx.now));
        let (user, session) = alive.ok_or_else(|| Problem::unauthorized(true))?;
        Ok(Member { user, session })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let caller = Self::named(&cx, parts.headers.get(AUTHORIZATION)).await?;
        cx.await_admission(Some(caller));
        parts.extensions.insert(CallerId(caller.id));
        Ok(caller)
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let cx = Cx::from_request_parts(parts, app).await?;
        Caller::from_request_parts(parts, app).await?.member(&cx).await
    }
}

/// The same with what they tell of themselves.
pub struct Myself {
    /// The account and the profile.
    pub person: Person,
    /// The session.
    pub session: Session,
}

impl FromRequestParts<App> for Myself {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let caller = Caller::from_request_parts(parts, app).await?;
        cx.await_admission(None);
        let found = cx.store.person_and_session(caller.id, caller.session).await?;
        let alive = found.filter(|(person, session)| person.user.admits(session, cx.now));
        let (person, session) = alive.ok_or_else(|| Problem::unauthorized(true))?;
        Ok(Self { person, session })
    }
}

/// Anybody, logged in or not; but a token that is sent must be good.
pub struct Anybody {
    /// The account of who is logged in.
    pub user: Option<User>,
}

impl FromRequestParts<App> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self { user: None });
        }
        let Member { user, .. } = Member::from_request_parts(parts, app).await?;
        Ok(Self { user: Some(user) })
    }
}

/// A member who is an admin; 403 for others.
pub struct Admin {
    /// The account.
    pub user: User,
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Member { user, .. } = Member::from_request_parts(parts, app).await?;
        match user.role {
            Role::Admin => Ok(Self { user }),
            Role::Member | Role::Moderator => Err(Problem::forbidden("Only admins may do this.")),
        }
    }
}
