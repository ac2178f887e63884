//! `PATCH /v1/users/{user_id}`: changes somebody's account.

use crate::user_view::{self, UserView};
use kith_domain::{
    Act, AuditEvent, Email, NameField, Person, PersonName, ProfileChange, Purpose, Task, User, UserId, Username, Work,
    given, rules,
};
use kith_http::{
    Admin, Cx, EMAIL_CHANGES, Function, INVITATIONS, IfMatch, IfMatchHeader, Json, Path, Problem, Result, Router,
    Setting, Tagged,
};
use kith_store::{Along, StoreError};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-user", NEEDS, || Router::default().routes(routes!(update_user)))
}

/// A change of somebody's account: only what is given changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// New address; free, or 409. Of somebody who was invited and has not come yet it is corrected at once, and the
    /// invitation goes there. Everybody else confirms it by a mailed link, and the address before can withdraw and undo it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    email: Option<Email>,
    /// New username. Free, or 409.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    username: Option<Username>,
    /// New first name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    first_name: Option<PersonName>,
    /// New last name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    last_name: Option<PersonName>,
    /// False switches the account off and ends its sessions.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// Change a user
///
/// Not another admin; and nobody switches their own account off, or moves it to another address without the password:
/// that is `PATCH /v1/me`.
#[utoipa::path(
    patch, path = "/v1/users/{user_id}", operation_id = "update-user", tag = "users", security(("bearer" = [])),
    request_body = UserChange, extensions(("x-kith-who" = json!("adm"))), params(IfMatchHeader, ("user_id" = UserId, Path)),
    responses((status = 200, description = "The user as they are now", body = UserView, headers(("ETag"))))
)]
pub async fn update_user(
    cx: Cx,
    Admin { user: admin }: Admin,
    Path(id): Path<UserId>,
    IfMatch(rev): IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Tagged<UserView>> {
    let person = cx.store.person(id).await?;
    rules::may_manage(&admin, &person.user)?;
    if let Some(email) = change.new_email(&person.user) {
        may_give(&cx, &admin, &person.user, email).await?;
    }
    let person = cx.store.change_person(person, rev, cx.now, |person| change.apply(&cx, &admin, person)).await?;
    user_view::shown(&cx, person, &admin).await
}

/// That an admin may have mails sent because of another address for somebody.
async fn may_give(cx: &Cx, admin: &User, user: &User, email: &Email) -> Result<()> {
    if user.id == admin.id {
        return Err(Problem::forbidden("Change your own address by PATCH /v1/me: it takes your password."));
    }
    if cx.store.is_taken(email, user.id, cx.now).await? {
        return Err(StoreError::EmailTaken.into());
    }
    match user.confirmed_at {
        None => cx.limit(&INVITATIONS, &admin.id.to_string()).await,
        // Not what the owner may do: nobody uses that up for them.
        Some(_) => cx.limit(&EMAIL_CHANGES, &format!("admins\n{}", user.id)).await,
    }
}

impl UserChange {
    fn new_email(&self, user: &User) -> Option<&Email> {
        self.email.as_ref().filter(|email| email.folded() != user.email.folded())
    }

    /// Makes the changes, with an event for each.
    fn apply(&self, cx: &Cx, admin: &User, person: &mut Person) -> Result<Along> {
        rules::may_manage(admin, &person.user)?;
        let mut along = Along::default();
        let mut acts = Vec::new();
        acts.extend(self.switch(cx, admin, &mut person.user)?);
        if let Some(email) = self.new_email(&person.user) {
            acts.push(give_email(cx, admin, &mut person.user, email, &mut along)?);
        }
        let before = person.profile.clone();
        person.profile.apply(&self.names(), cx.now);
        let fields = NameField::changed(&before, &person.profile);
        acts.extend((!fields.is_empty()).then_some(Act::UserUpdated { fields }));
        along.audit = acts.into_iter().map(|act| AuditEvent::new(admin.id, person.user.id, act, cx.now)).collect();
        Ok(along)
    }

    fn switch(&self, cx: &Cx, admin: &User, user: &mut User) -> Result<Option<Act>> {
        let Some(active) = self.active.filter(|active| *active != user.is_active) else { return Ok(None) };
        if !active {
            rules::may_shut_out(admin, user)?;
            user.end_sessions();
        }
        user.is_active = active;
        user.touch(cx.now);
        Ok(Some(if active { Act::UserActivated } else { Act::UserDeactivated }))
    }

    fn names(&self) -> ProfileChange {
        ProfileChange {
            username: self.username.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            ..ProfileChange::default()
        }
    }
}

/// Whoever was invited and has not come yet gets the invitation at the corrected address; for everybody else it is a
/// wish, which is confirmed there and can be withdrawn and undone from the address that they have.
fn give_email(cx: &Cx, admin: &User, user: &mut User, email: &Email, along: &mut Along) -> Result<Act> {
    if !user.may_act() {
        return Err(Problem::conflict("Whoever is banned or switched off gets no other address. Let them in first."));
    }
    if user.confirmed_at.is_some() {
        along.tasks = user.wish_for_email(email.clone(), Some(admin.id), cx.now);
        return Ok(Act::EmailChangeAsked);
    }
    user.email = email.clone();
    user.touch(cx.now);
    along.tasks = vec![Task::new(Work::MailInvitation { user: user.id }, cx.now)];
    along.dropped_links = vec![Purpose::Invitation];
    Ok(Act::EmailChanged)
}
