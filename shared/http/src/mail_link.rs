//! Mailed links, opened by the API and by the pages: nothing is used up by opening.

use crate::{Cx, Fault, PASSWORD_CHECKS, Problem, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kith_crypto::{MailToken, password};
use kith_domain::{
    Act, AuditEvent, Email, Link, Password, Person, PersonName, Purpose, Registration, Role, Task, User, UserId,
    Username, Work,
};
use kith_store::{Along, Answer, NewPassword, StoreError};
use secrecy::SecretString;

/// What the id of a record is followed by in a link that confirms a new address. A registration's has nothing there.
const EMAIL_CHANGE: &str = "-email";

/// The record in the link that confirms a user's new address.
pub fn email_change_record(user: UserId) -> String {
    format!("{user}{EMAIL_CHANGE}")
}

/// A link that confirms an address and works.
pub enum ConfirmationLink {
    /// That of a registration.
    Registration {
        /// The registration.
        registration: Box<Registration>,
        /// Hash of the link's secret.
        hash: String,
        /// What is kept for repeats of the press that uses it.
        answer: Option<Answer>,
    },
    /// That of a user's new address.
    NewEmail(Box<UserLink>),
}

/// A link about an account that works.
pub struct UserLink {
    /// Whose account it is.
    pub person: Person,
    /// What the link opens.
    pub link: Link,
    hash: String,
    answer: Option<Answer>,
}

impl UserLink {
    /// The same link, to be used by a press that is told again of its success.
    #[must_use]
    pub fn told_again_by(self, answer: Option<Answer>) -> Self {
        Self { answer, ..self }
    }
}

/// What an invited person tells of themselves.
pub struct Newcomer {
    /// The first password.
    pub password: Password,
    /// Another username than the one that was made up; free, or 409.
    pub username: Option<Username>,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
}

impl ConfirmationLink {
    /// For whom the link is.
    pub fn username(&self) -> &Username {
        match self {
            Self::Registration { registration, .. } => &registration.username,
            Self::NewEmail(link) => &link.person.profile.username,
        }
    }

    /// The same link, to be used by a press that is told again of its success.
    #[must_use]
    pub fn told_again_by(self, answer: Option<Answer>) -> Self {
        match self {
            Self::Registration { registration, hash, .. } => Self::Registration { registration, hash, answer },
            Self::NewEmail(link) => Self::NewEmail(Box::new(link.told_again_by(answer))),
        }
    }
}

impl Cx {
    /// Opens a link that confirms an address. 400 for whatever does not work: forged, used, replaced, expired.
    pub async fn confirmation_link(&self, token: &str) -> Result<ConfirmationLink> {
        let (record, hash) = read(token)?;
        if let Some(user) = record.strip_suffix(EMAIL_CHANGE) {
            return self
                .open(user, Purpose::EmailChange, hash)
                .await
                .map(|link| ConfirmationLink::NewEmail(Box::new(link)));
        }
        let id: UserId = record.parse().map_err(|_| Problem::dead_link())?;
        self.link_opened_by(id, Purpose::Registration, &hash).await?;
        let registration = Box::new(self.store.registration(id, self.now).await.map_err(dead)?);
        Ok(ConfirmationLink::Registration { registration, hash, answer: None })
    }

    /// Opens a link about an account, for one purpose. 400 for whatever does not work.
    pub async fn user_link(&self, purpose: Purpose, token: &str) -> Result<UserLink> {
        let (record, hash) = read(token)?;
        self.open(&record, purpose, hash).await
    }

    async fn open(&self, user: &str, purpose: Purpose, hash: String) -> Result<UserLink> {
        let id: UserId = user.parse().map_err(|_| Problem::dead_link())?;
        let link = self.link_opened_by(id, purpose, &hash).await?;
        let person = self.store.person(id).await.map_err(dead)?;
        if !is_still_for(&link, &person.user, self.now) {
            return Err(Problem::dead_link());
        }
        Ok(UserLink { person, link, hash, answer: None })
    }

    /// What was mailed for a purpose, if this link is one of it and works.
    pub(crate) async fn link_opened_by(&self, id: UserId, purpose: Purpose, hash: &str) -> Result<Link> {
        let link = self.store.link(id, purpose, self.now).await.map_err(dead)?;
        if link.is_opened_by(hash, self.now) { Ok(link) } else { Err(Problem::dead_link()) }
    }

    /// That whoever confirms a registration is the one who made it: the password of the registration. 403 where it is
    /// wrong, 422 where none is given, 429 after too many tries. A new address needs none: whoever wished for it gave the
    /// password with the wish.
    pub async fn prove(&self, link: &ConfirmationLink, given: Option<&SecretString>) -> Result<()> {
        let ConfirmationLink::Registration { registration, .. } = link else { return Ok(()) };
        let given = given.ok_or_else(|| Problem::invalid(vec![Fault::new("/password", "is required")]))?;
        // The account will have the same id, and all its tries.
        self.limit(&PASSWORD_CHECKS, &format!("registration\n{}", registration.id)).await?;
        let chosen = Some(&registration.password_hash);
        let verdict = password::verify(Password::attempt(given).secret(), chosen).await?;
        if verdict.matches { Ok(()) } else { Err(Problem::wrong_password()) }
    }

    /// Confirms the address: the registration becomes a user, or the user gets the new address and the old one hears
    /// of it.
    pub async fn confirm(&self, link: ConfirmationLink) -> Result<()> {
        match link {
            ConfirmationLink::Registration { registration, hash, answer } => {
                let admins = self.settings().admin_emails()?;
                let (person, credentials) = registration.clone().confirm(&admins, new_cursor_key(), self.now);
                let (id, after) = (registration.id, person.user.role);
                let act = Act::RoleChanged { before: Role::Member, after };
                let appointed = (after != Role::Member).then(|| AuditEvent::new(id, id, act, self.now));
                let made = (&person, &credentials, appointed.as_ref());
                self.store.confirm(&registration, &hash, made, answer, self.now).await.map_err(dead)
            }
            ConfirmationLink::NewEmail(opened) => {
                let admins = self.settings().admin_emails()?;
                let apply = |user: &mut User| {
                    let Some(wish) = user.email_change.take() else { return Along::default() };
                    let changed =
                        AuditEvent::new(wish.asked_by.unwrap_or(user.id), user.id, Act::EmailChanged, self.now);
                    let appointed = user.become_admin_if(admins.include(&wish.email), self.now);
                    let tasks = vec![user.take_email(wish, self.now)];
                    Along { tasks, audit: appointed.into_iter().chain([changed]).collect(), ..Along::default() }
                };
                self.use_link(*opened, apply).await.map(drop)
            }
        }
    }

    /// Destroys a registration, or ends the wish for a new address, on the word of the address's owner.
    pub async fn withdraw(&self, link: ConfirmationLink) -> Result<()> {
        match link {
            ConfirmationLink::Registration { registration, hash, answer } => {
                self.store.withdraw(&registration, &hash, answer, self.now).await.map_err(dead)
            }
            ConfirmationLink::NewEmail(opened) => {
                let apply = |user: &mut User| {
                    user.email_change = None;
                    let withdrawn = AuditEvent::new(user.id, user.id, Act::EmailChangeWithdrawn, self.now);
                    Along { audit: vec![withdrawn], ..Along::default() }
                };
                self.use_link(*opened, apply).await.map(drop)
            }
        }
    }

    /// Sets a new password by a mailed link: all sessions end, and the owner hears of it.
    pub async fn reset_password(&self, opened: UserLink, new: &Password) -> Result<()> {
        check_password("/password", new, &opened.person.profile.username, &opened.person.user.email)?;
        let new_password = Some(NewPassword { hash: password::hash(new.secret()).await?, verified: None });
        let apply = |user: &mut User| {
            user.end_sessions();
            let tasks = vec![Task::new(Work::MailPasswordChanged { user: user.id }, self.now)];
            Along { tasks, new_password: new_password.clone(), ..Along::default() }
        };
        self.use_link(opened, apply).await.map(drop)
    }

    /// Turns an invitation into an account that can be used.
    pub async fn accept_invitation(&self, opened: UserLink, newcomer: Newcomer) -> Result<()> {
        check_password(
            "/password",
            &newcomer.password,
            newcomer.username.as_ref().unwrap_or(&opened.person.profile.username),
            &opened.person.user.email,
        )?;
        let admins = self.settings().admin_emails()?;
        let new_password =
            Some(NewPassword { hash: password::hash(newcomer.password.secret()).await?, verified: None });
        let UserLink { person, link, hash, answer } = opened;
        let apply = |person: &mut Person| {
            let Person { user, profile } = person;
            // Asked again with each try: the account may have changed since the link was opened.
            if !is_still_for(&link, user, self.now) {
                return Err(StoreError::NotFound);
            }
            user.confirmed_at = Some(self.now);
            let audit = user.become_admin_if(admins.include(&user.email), self.now).into_iter().collect();
            user.touch(self.now);
            profile.first_name = Some(newcomer.first_name.clone());
            profile.last_name = Some(newcomer.last_name.clone());
            if let Some(username) = &newcomer.username {
                profile.username = username.clone();
            }
            profile.touch(self.now);
            let used_link = Some((link.purpose, hash.clone()));
            let (new_password, answer) = (new_password.clone(), answer.clone());
            Ok::<_, StoreError>(Along { used_link, new_password, answer, audit, ..Along::default() })
        };
        self.store.change_person(person, None, self.now, apply).await.map(drop).map_err(dead)
    }

    /// Changes what admits the user and uses the link up, in one transaction.
    async fn use_link(&self, opened: UserLink, apply: impl Fn(&mut User) -> Along) -> Result<User> {
        let UserLink { person, link, hash, answer } = opened;
        let changed = self.store.change_user(person.user, None, self.now, |user| {
            // Asked again with each try: the account may have changed since the link was opened.
            if !is_still_for(&link, user, self.now) {
                return Err(StoreError::NotFound);
            }
            let along = apply(user);
            user.touch(self.now);
            Ok::<_, StoreError>(Along {
                used_link: Some((link.purpose, hash.clone())),
                answer: answer.clone(),
                ..along
            })
        });
        changed.await.map_err(dead)
    }
}

/// Whether a link that works still means this account as it is.
///
/// A link proves an address: if it is not the account's, or not the one that is wished for, whoever holds the link is a
/// stranger by now. An invitation is for somebody who has no password yet; there is another link for who forgot one. And
/// whoever is banned or switched off gets no password and no address, whatever was mailed before.
fn is_still_for(link: &Link, user: &User, now: Timestamp) -> bool {
    let meant = match link.purpose {
        Purpose::EmailChange => user.wanted_email(now).map(|wish| &wish.email),
        Purpose::PasswordReset => Some(&user.email).filter(|_| user.may_reset(now)),
        Purpose::Registration | Purpose::Invitation => Some(&user.email),
        // Those know their accounts in another way; see `undo_link`.
        Purpose::EmailUndo(_) => None,
    };
    let is_used = link.purpose == Purpose::Invitation && user.confirmed_at.is_some();
    user.may_act() && !is_used && meant.is_some_and(|email| email.folded() == link.email.folded())
}

/// The key of a new user's list cursors.
pub fn new_cursor_key() -> String {
    URL_SAFE_NO_PAD.encode(kith_crypto::random::<32>())
}

/// A password that is the account's own name protects nothing: 422 for the field at `pointer`.
pub fn check_password(pointer: &str, new: &Password, username: &Username, email: &Email) -> Result<()> {
    if new.is_any_of(&[username.as_str(), email.as_str()]) {
        return Err(Problem::invalid(vec![Fault::new(pointer, "must not be your username or your address")]));
    }
    Ok(())
}

/// The record and the hash of the secret in a link.
pub(crate) fn read(token: &str) -> Result<(String, String)> {
    let token = MailToken::parse(token).ok_or_else(Problem::dead_link)?;
    let hash = token.secret.hash().to_string();
    Ok((token.record, hash))
}

/// What does not work any more, and an address that somebody else confirmed first, are the same to whoever pressed.
pub(crate) fn dead(error: StoreError) -> Problem {
    match error {
        // Where the same press has had its success meanwhile, the link is used up; see `Press`.
        StoreError::NotFound | StoreError::Stale | StoreError::EmailTaken | StoreError::Repeated(_) => {
            Problem::dead_link()
        }
        other => other.into(),
    }
}
