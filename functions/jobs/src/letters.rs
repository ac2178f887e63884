//! Which letter a task is: to whom, with which link, or none any more.

use jiff::Timestamp;
use kith_crypto::MailToken;
use kith_domain::{Email, Link, Person, PlannedFor, Purpose, User, UserId, Work};
use kith_http::{JobCx, JobError, email_change_record};
use kith_mail::{MailError, Message, Telling};
use kith_store::StoreError;

type Letter = Result<Option<Message>, JobError>;

/// The letter for a task; `None` where there is nobody to write to any more.
pub(crate) async fn letter(cx: &JobCx, work: Work, now: Timestamp) -> Letter {
    match work {
        Work::MailConfirmation { registration } => confirmation(cx, registration, now).await,
        Work::MailConfirmationAgain { email } => confirmation_again(cx, &email, now).await,
        Work::MailPasswordReset { email } => password_reset(cx, &email, now).await,
        Work::MailPasswordChanged { user } => password_changed(cx, user).await,
        Work::MailInvitation { user } => invitation(cx, user, now).await,
        Work::MailEmailChange { user } => email_change(cx, user, now).await,
        Work::MailFollowUps { user, planned, more, is_last } => {
            follow_ups(cx, user, &planned, Telling { more, is_last, now, with_details: true }).await
        }
        Work::MailEmailChanged { email } => written(Message::address_changed(&email)),
        Work::MailErased { email } => written(Message::account_erased(&email)),
        Work::EraseAccount { .. } | Work::EraseContact { .. } | Work::RemovePhoto { .. } => {
            Err(JobError("not a mail".into()))
        }
    }
}

/// The link of a registration, or, if the address has an account, word of the attempt.
async fn confirmation(cx: &JobCx, id: UserId, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let Some(registration) = live(store.registration(id, now).await)? else { return Ok(None) };
    if store.claims_on(&registration.email, now).await?.0.is_some() {
        return written(Message::address_has_account(&registration.email));
    }
    confirmation_link(cx, id, now).await
}

/// The same for somebody whose link got lost: nothing where nothing waits.
async fn confirmation_again(cx: &JobCx, email: &Email, now: Timestamp) -> Letter {
    match cx.store()?.claims_on(email, now).await? {
        (Some(_), _) => written(Message::address_has_account(email)),
        (None, Some(registration)) => confirmation_link(cx, registration, now).await,
        (None, None) => Ok(None),
    }
}

async fn confirmation_link(cx: &JobCx, id: UserId, now: Timestamp) -> Letter {
    let Some(registration) = live(cx.store()?.registration(id, now).await)? else { return Ok(None) };
    let token = MailToken::generate(id);
    // It works no longer than what it confirms.
    let end = (now + Purpose::Registration.lifetime()).min(registration.expires_at);
    add_link(cx, &token, Link::new(id, Purpose::Registration, registration.email.clone(), now), end, now).await?;
    let link = link_to(cx, "/confirm", &token)?;
    written(Message::confirm_registration(&registration.email, &registration.username, &link))
}

/// A link that sets a password, if the address has an account; word of it, if that may not be used.
async fn password_reset(cx: &JobCx, email: &Email, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let Some(owner) = store.claims_on(email, now).await?.0 else { return Ok(None) };
    let Some(Person { user, profile }) = live(store.person(owner).await)? else { return Ok(None) };
    if !user.may_act() {
        return written(Message::account_shut(&user.email));
    }
    // Who was invited and has not come yet has no password to forget: the invitation comes again.
    if user.confirmed_at.is_none() {
        return invitation_link(cx, &user, now).await;
    }
    let token = MailToken::generate(user.id);
    let end = now + Purpose::PasswordReset.lifetime();
    add_link(cx, &token, Link::new(user.id, Purpose::PasswordReset, user.email.clone(), now), end, now).await?;
    written(Message::reset_password(&user.email, &profile.username, &link_to(cx, "/reset-password", &token)?))
}

async fn password_changed(cx: &JobCx, user: UserId) -> Letter {
    let Some(Person { user, profile }) = live(cx.store()?.person(user).await)? else { return Ok(None) };
    written(Message::password_changed(&user.email, &profile.username))
}

async fn invitation(cx: &JobCx, user: UserId, now: Timestamp) -> Letter {
    match live(cx.store()?.user(user).await)? {
        Some(user) if user.confirmed_at.is_none() => invitation_link(cx, &user, now).await,
        _ => Ok(None),
    }
}

async fn invitation_link(cx: &JobCx, user: &User, now: Timestamp) -> Letter {
    let token = MailToken::generate(user.id);
    let end = now + Purpose::Invitation.lifetime();
    add_link(cx, &token, Link::new(user.id, Purpose::Invitation, user.email.clone(), now), end, now).await?;
    written(Message::invitation(&user.email, &link_to(cx, "/accept-invitation", &token)?))
}

/// The link that confirms a new address, or, if that has an account, word of the attempt; nothing where the wish is
/// over.
async fn email_change(cx: &JobCx, user: UserId, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let Some(Person { user, profile }) = live(store.person(user).await)? else { return Ok(None) };
    let Some(wish) = user.wanted_email(now) else { return Ok(None) };
    if store.claims_on(&wish.email, now).await?.0.is_some() {
        return written(Message::address_wanted(&wish.email));
    }
    let token = MailToken::generate(email_change_record(user.id));
    add_link(cx, &token, Link::new(user.id, Purpose::EmailChange, wish.email.clone(), now), wish.expires_at, now)
        .await?;
    written(Message::confirm_new_address(&wish.email, &profile.username, &link_to(cx, "/confirm", &token)?))
}

/// Adds the hash of a link that is about to be mailed.
async fn add_link(cx: &JobCx, token: &MailToken, new: Link, end: Timestamp, now: Timestamp) -> Result<(), JobError> {
    cx.store()?.add_link(&new, &token.secret.hash().to_string(), end, now).await.map_err(Into::into)
}

/// The reminder of what is planned; nothing, if none of it is planned any more for that time, or whoever planned it may
/// not use their account.
async fn follow_ups(cx: &JobCx, user: UserId, planned: &[PlannedFor], telling: Telling) -> Letter {
    let store = cx.store()?;
    let Some(Person { user, profile }) = live(store.person(user).await)? else { return Ok(None) };
    let planned = if user.may_act() { store.planned(user.id, planned).await? } else { Vec::new() };
    if planned.is_empty() {
        return Ok(None);
    }
    let with_details = profile.preferences.details_in_reminders;
    written(Message::follow_ups(&user.email, &planned, &Telling { with_details, ..telling }))
}

fn link_to(cx: &JobCx, page: &str, token: &MailToken) -> Result<String, JobError> {
    cx.link(&format!("{page}?token={}", *token.encode()))
}

fn written(message: Result<Message, MailError>) -> Letter {
    message.map(Some).map_err(|error| JobError(error.to_string()))
}

/// What has been used, withdrawn, deleted or has expired meanwhile needs no mail.
fn live<T>(found: kith_store::Result<T>) -> Result<Option<T>, JobError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
