//! Which letter a task is: to whom, with which link, or none any more.

use jiff::Timestamp;
use kith_crypto::MailToken;
use kith_domain::{
    Email, Link, Person, PlannedFor, Profile, Purpose, Registration, Task, TaskId, Undo, User, UserId, Work,
};
use kith_http::{
    CONFIRMING_MAILS, CONFIRMING_MAILS_FROM, INVITATION_MAILS, JobCx, JobError, RESET_MAILS, email_change_record,
    email_undo_record,
};
use kith_mail::{MailError, Message, Telling};
use kith_store::{Claims, StoreError};

type Letter = Result<Option<Message>, JobError>;

/// The letter for a task; `None` where there is nobody to write to any more.
pub(crate) async fn letter(cx: &JobCx, Task { id, work, .. }: Task, now: Timestamp) -> Letter {
    match work {
        Work::MailConfirmation { registration, asked_from } => {
            confirmation(cx, registration, &Asker { asked_from: &asked_from, task: id }, now).await
        }
        Work::MailConfirmationAgain { email, asked_from } => {
            confirmation_again(cx, &email, &Asker { asked_from: &asked_from, task: id }, now).await
        }
        Work::MailPasswordReset { email } => password_reset(cx, &email, id, now).await,
        Work::MailPasswordChanged { user } => password_changed(cx, user).await,
        Work::MailInvitation { user } => invitation(cx, user, id, now).await,
        Work::MailEmailChange { user } => email_change(cx, user, id, now).await,
        Work::MailEmailWish { user, number, email } | Work::MailEmailChanged { user, number, email } => {
            email_undo(cx, user, number, &email, now).await
        }
        Work::MailFreshStart { user } => fresh_start(cx, user, now).await,
        Work::MailFollowUps { user, planned, more, is_last } => {
            follow_ups(cx, user, &planned, Telling { more, is_last, now, with_details: true }).await
        }
        Work::MailErased { email } => written(Message::account_erased(&email)),
        Work::EraseAccount { .. } | Work::EraseContact { .. } | Work::RemovePhoto { .. } => {
            Err(JobError("not a mail".into()))
        }
    }
}

/// Who a mail that asks for the confirmation of an address goes back to, and the task that it is.
struct Asker<'a> {
    asked_from: &'a str,
    task: TaskId,
}

impl Asker<'_> {
    /// Whether one more such mail may go to an address: a few for each asker, so that none uses up what others need.
    async fn may_have_mailed(&self, cx: &JobCx, to: &Email, now: Timestamp) -> Result<bool, JobError> {
        let (to, own) = (to.folded(), format!("{}\n{}", to.folded(), self.asked_from));
        Ok(cx.allows(&CONFIRMING_MAILS_FROM, &own, self.task, now).await?
            && cx.allows(&CONFIRMING_MAILS, &to, self.task, now).await?)
    }
}

/// The link of a registration, or, if the address has an account, word of the attempt.
async fn confirmation(cx: &JobCx, id: UserId, asker: &Asker<'_>, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let Some(registration) = live(store.registration(id, now).await)? else { return Ok(None) };
    let claims = store.claims_on(&registration.email, now).await?;
    if !asker.may_have_mailed(cx, &registration.email, now).await? {
        return Ok(None);
    }
    if let Some(letter) = taken(cx, &registration.email, &claims, now).await? {
        return Ok(Some(letter));
    }
    confirmation_links(cx, &registration.email, std::slice::from_ref(&registration), now).await
}

/// The same for somebody whose link got lost: nothing where nothing waits.
async fn confirmation_again(cx: &JobCx, email: &Email, asker: &Asker<'_>, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let claims = store.claims_on(email, now).await?;
    let waiting = store.registrations_to_confirm(&claims, asker.asked_from, now).await?;
    let is_free = claims.owner.or(claims.held_for).is_none();
    if is_free && waiting.is_empty() || !asker.may_have_mailed(cx, email, now).await? {
        return Ok(None);
    }
    if let Some(letter) = taken(cx, email, &claims, now).await? {
        return Ok(Some(letter));
    }
    confirmation_links(cx, email, &waiting, now).await
}

/// Word to an address that has an account, or had one until lately and is held for it; nothing where it is free.
async fn taken(cx: &JobCx, email: &Email, claims: &Claims, now: Timestamp) -> Letter {
    match (claims.owner, claims.held_for) {
        (Some(_), _) => written(Message::address_has_account(email)),
        (None, Some(user)) => email_undo(cx, user, 0, email, now).await,
        (None, None) => Ok(None),
    }
}

/// A link for each of some registrations of one address: whoever reads the mail knows which is theirs.
async fn confirmation_links(cx: &JobCx, to: &Email, waiting: &[Registration], now: Timestamp) -> Letter {
    let mut links = Vec::with_capacity(waiting.len());
    for registration in waiting {
        let token = MailToken::generate(registration.id);
        // It works no longer than what it confirms.
        let end = (now + Purpose::Registration.lifetime()).min(registration.expires_at);
        add_link(cx, &token, Link::new(registration.id, Purpose::Registration, to.clone(), now), end, now).await?;
        links.push((registration.username.clone(), link_to(cx, "/confirm", &token)?));
    }
    written(Message::confirm_registrations(to, &links))
}

/// A link that sets a password, if the address has an account; word of it, if that may not be used.
async fn password_reset(cx: &JobCx, email: &Email, task: TaskId, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let claims = store.claims_on(email, now).await?;
    let Some(owner) = claims.owner.or(claims.held_for) else { return Ok(None) };
    let Some(Person { user, profile }) = live(store.person(owner).await)? else { return Ok(None) };
    // Who was invited and has not come yet has no password to forget: the invitation comes again.
    if user.may_act() && user.confirmed_at.is_none() {
        return invitation_link(cx, &user, task, now).await;
    }
    if !cx.allows(&RESET_MAILS, &email.folded(), task, now).await? {
        return Ok(None);
    }
    if claims.owner.is_none() {
        return email_undo(cx, user.id, 0, email, now).await;
    }
    if !user.may_act() {
        return written(Message::account_shut(&user.email));
    }
    if !user.may_reset(now) {
        return written(Message::reset_waits(&user.email));
    }
    reset_link(cx, &user, &profile, now).await
}

/// A link that sets a password for an account whose old one is good no more; nobody asked for it too often.
async fn fresh_start(cx: &JobCx, user: UserId, now: Timestamp) -> Letter {
    let Some(Person { user, profile }) = live(cx.store()?.person(user).await)? else { return Ok(None) };
    if !user.may_act() {
        return written(Message::account_shut(&user.email));
    }
    reset_link(cx, &user, &profile, now).await
}

async fn reset_link(cx: &JobCx, user: &User, profile: &Profile, now: Timestamp) -> Letter {
    let token = MailToken::generate(user.id);
    let end = now + Purpose::PasswordReset.lifetime();
    add_link(cx, &token, Link::new(user.id, Purpose::PasswordReset, user.email.clone(), now), end, now).await?;
    written(Message::reset_password(&user.email, &profile.username, &link_to(cx, "/reset-password", &token)?))
}

async fn password_changed(cx: &JobCx, user: UserId) -> Letter {
    let Some(Person { user, profile }) = live(cx.store()?.person(user).await)? else { return Ok(None) };
    written(Message::password_changed(&user.email, &profile.username))
}

async fn invitation(cx: &JobCx, user: UserId, task: TaskId, now: Timestamp) -> Letter {
    match live(cx.store()?.user(user).await)? {
        Some(user) if user.confirmed_at.is_none() => invitation_link(cx, &user, task, now).await,
        _ => Ok(None),
    }
}

async fn invitation_link(cx: &JobCx, user: &User, task: TaskId, now: Timestamp) -> Letter {
    if !cx.allows(&INVITATION_MAILS, &user.email.folded(), task, now).await? {
        return Ok(None);
    }
    let token = MailToken::generate(user.id);
    let end = now + Purpose::Invitation.lifetime();
    add_link(cx, &token, Link::new(user.id, Purpose::Invitation, user.email.clone(), now), end, now).await?;
    written(Message::invitation(&user.email, &link_to(cx, "/accept-invitation", &token)?))
}

/// The link that confirms a new address, or, if that has an account, word of the attempt; nothing where the wish is
/// over.
async fn email_change(cx: &JobCx, user: UserId, task: TaskId, now: Timestamp) -> Letter {
    let store = cx.store()?;
    let Some(Person { user, profile }) = live(store.person(user).await)? else { return Ok(None) };
    let Some(wish) = user.wanted_email(now) else { return Ok(None) };
    let asker = Asker { asked_from: &user.id.to_string(), task };
    if !asker.may_have_mailed(cx, &wish.email, now).await? {
        return Ok(None);
    }
    let claims = store.claims_on(&wish.email, now).await?;
    if claims.owner.is_some() {
        return written(Message::address_wanted(&wish.email));
    }
    if let Some(holder) = claims.held_for.filter(|holder| *holder != user.id) {
        return email_undo(cx, holder, 0, &wish.email, now).await;
    }
    let token = MailToken::generate(email_change_record(user.id));
    add_link(cx, &token, Link::new(user.id, Purpose::EmailChange, wish.email.clone(), now), wish.expires_at, now)
        .await?;
    written(Message::confirm_new_address(&wish.email, &profile.username, &link_to(cx, "/confirm", &token)?))
}

/// Word to the address that an account has, or had, of a wish for another one or a change since, with a link that
/// withdraws or undoes it; nothing where there is nothing to undo any more.
async fn email_undo(cx: &JobCx, user: UserId, number: u64, to: &Email, now: Timestamp) -> Letter {
    let Some(Person { user, profile }) = live(cx.store()?.person(user).await)? else { return Ok(None) };
    let Some(undo) = user.undo_by(number, to, now) else { return Ok(None) };
    let (number, end) = match &undo {
        Undo::Withdraw => (number, now + Purpose::EmailUndo(number).lifetime()),
        Undo::GiveBack(past) => (past.number, past.until),
    };
    let token = MailToken::generate(email_undo_record(user.id, number));
    add_link(cx, &token, Link::new(user.id, Purpose::EmailUndo(number), to.clone(), now), end, now).await?;
    let link = link_to(cx, "/undo-email-change", &token)?;
    match undo {
        Undo::Withdraw => written(Message::address_change_wanted(to, &profile.username, &link)),
        Undo::GiveBack(_) => written(Message::address_changed(to, &profile.username, &link)),
    }
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
