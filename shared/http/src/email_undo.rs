//! The way back for whoever has the address that an account had: a mailed link that ends the wish for another one, or
//! gives the account its address back.

use crate::mail_link::{dead, read};
use crate::{Cx, Problem, Result};
use kith_crypto::{Secret, password};
use kith_domain::{Act, AuditEvent, Email, Person, Purpose, Undo, User, UserId};
use kith_store::{Along, Answer, NewPassword, StoreError};

/// What the id of an account is followed by in such a link, before the number of the wish.
const EMAIL_UNDO: &str = "-undo-";

/// The record in the link that undoes what came of a wish for another address.
pub fn email_undo_record(user: UserId, number: u64) -> String {
    format!("{user}{EMAIL_UNDO}{number}")
}

/// A link that undoes a change of the address and works.
pub struct UndoLink {
    /// Whose account it is.
    pub person: Person,
    /// What pressing does, as things stand.
    pub undo: Undo,
    number: u64,
    email: Email,
    hash: String,
    answer: Option<Answer>,
}

impl UndoLink {
    /// The same link, to be used by a press that is told again of its success.
    #[must_use]
    pub fn told_again_by(self, answer: Option<Answer>) -> Self {
        Self { answer, ..self }
    }
}

impl Cx {
    /// Opens a link that undoes a change of the address. 400 for whatever does not work.
    pub async fn undo_link(&self, token: &str) -> Result<UndoLink> {
        let (record, hash) = read(token)?;
        let parts =
            record.split_once(EMAIL_UNDO).and_then(|(user, number)| Some((user.parse().ok()?, number.parse().ok()?)));
        let (user, number): (UserId, u64) = parts.ok_or_else(Problem::dead_link)?;
        let email = self.link_opened_by(user, Purpose::EmailUndo(number), &hash).await?.email;
        // Whoever is being erased is gone: nothing brings them back. A ban is no reason to lose an address.
        let person = self.store.person(user).await.map_err(dead)?;
        let undo = person.user.undo_by(number, &email, self.now).ok_or_else(Problem::dead_link)?;
        Ok(UndoLink { person, undo, number, email, hash, answer: None })
    }

    /// Withdraws the wish, or gives the address back: then all sessions end, no password is good any more, and a mail
    /// there says how to choose another.
    pub async fn undo_email_change(&self, opened: UndoLink) -> Result<()> {
        // A password that nobody knows. A wish that is confirmed at this very moment is a matter for the next press.
        let useless = match opened.undo {
            Undo::GiveBack(_) => Some(password::hash(&Secret::<32>::generate().encode().as_str().into()).await?),
            Undo::Withdraw => None,
        };
        let apply = |user: &mut User| {
            let undo = user.undo_by(opened.number, &opened.email, self.now).ok_or(StoreError::NotFound)?;
            let used_link = Some((Purpose::EmailUndo(opened.number), opened.hash.clone()));
            let along = Along { used_link, answer: opened.answer.clone(), ..Along::default() };
            let told = |act| vec![AuditEvent::new(user.id, user.id, act, self.now)];
            let along = match (undo, &useless) {
                (Undo::Withdraw, _) => {
                    let audit = told(Act::EmailChangeWithdrawn);
                    user.email_change = None;
                    Along { audit, ..along }
                }
                (Undo::GiveBack(past), Some(useless)) => Along {
                    audit: told(Act::EmailChangeUndone),
                    tasks: vec![user.give_back(&past, self.now)],
                    dropped_links: vec![Purpose::PasswordReset, Purpose::EmailChange],
                    new_password: Some(NewPassword { hash: useless.clone(), verified: None }),
                    ..along
                },
                (Undo::GiveBack(_), None) => return Err(StoreError::Busy("the wish was confirmed meanwhile".into())),
            };
            user.touch(self.now);
            Ok(along)
        };
        self.store.change_user(opened.person.user, None, self.now, apply).await.map(drop).map_err(dead)
    }
}
