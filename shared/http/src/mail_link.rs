//! Mailed links, opened by the API and by the pages: nothing is used up by opening.

use crate::{Cx, Fault, Problem, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kith_crypto::{MailToken, password};
use kith_domain::{Email, Link, Password, PersonName, Purpose, Registration, Task, User, UserId, Username, Work};
use kith_store::{Along, StoreError};

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
    },
    /// That of a user's new address.
    NewEmail(Box<UserLink>),
}

/// A link about an account that works.
pub struct UserLink {
    /// The account.
    pub user: User,
    /// What the link opens.
    pub link: Link,
    hash: String,
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
            Self::NewEmail(link) => &link.user.username,
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
        let registration = Box::new(self.store.registration(id, self.now).await.map_err(dead)?);
        if !registration.is_opened_by(&hash, self.now) {
            return Err(Problem::dead_link());
        }
        Ok(ConfirmationLink::Registration { registration, hash })
    }

    /// Opens a link about an account, for one purpose. 400 for whatever does not work.
    pub async fn user_link(&self, purpose: Purpose, token: &str) -> Result<UserLink> {
        let (record, hash) = read(token)?;
        self.open(&record, purpose, hash).await
    }

    async fn open(&self, user: &str, purpose: Purpose, hash: String) -> Result<UserLink> {
        let id: UserId = user.parse().map_err(|_| Problem::dead_link())?;
        let link = self.store.link(id, purpose, self.now).await.map_err(dead)?;
        if !link.is_opened_by(&hash, self.now) {
            return Err(Problem::dead_link());
        }
        let user = self.store.user(id).await.map_err(dead)?;
        // Whoever is banned or switched off gets no password and no address, whatever was mailed before.
        if !user.may_act() {
            return Err(Problem::dead_link());
        }
        // A link proves an address. If the account has another one by now, whoever holds the link is a stranger.
        if purpose != Purpose::EmailChange && link.email.folded() != user.email.folded() {
            return Err(Problem::dead_link());
        }
        // An invitation is for somebody who has no password yet; there is another link for who forgot one.
        if purpose == Purpose::Invitation && user.confirmed_at.is_some() {
            return Err(Problem::dead_link());
        }
        Ok(UserLink { user, link, hash })
    }

    /// Confirms the address: the registration becomes a user, or the user gets the new address and the old one hears
    /// of it.
    pub async fn confirm(&self, link: ConfirmationLink) -> Result<()> {
        match link {
            ConfirmationLink::Registration { registration, hash } => {
                let admins = self.settings().admin_emails()?;
                let user = registration.clone().confirm(&admins, new_cursor_key(), self.now);
                self.store.confirm(&registration, &hash, &user, self.now).await.map_err(dead)
            }
            ConfirmationLink::NewEmail(opened) => {
                let new = opened.link.email.clone();
                let admins = self.settings().admin_emails()?;
                let apply = |user: &mut User| {
                    user.become_admin_if(admins.include(&new));
                    let tasks = vec![Task::new(Work::MailEmailChanged { email: user.email.clone() }, self.now)];
                    user.email = new.clone();
                    Along { tasks, ..Along::default() }
                };
                self.use_link(*opened, apply).await.map(drop)
            }
        }
    }

    /// Destroys a registration on the word of the address's owner; a new address is simply not confirmed.
    pub async fn withdraw(&self, link: ConfirmationLink) -> Result<()> {
        match link {
            ConfirmationLink::Registration { registration, hash } => {
                self.store.withdraw(&registration, &hash, self.now).await.map_err(dead)
            }
            ConfirmationLink::NewEmail(opened) => {
                self.store.drop_link(&opened.link, &opened.hash, self.now).await.map_err(dead)
            }
        }
    }

    /// Sets a new password by a mailed link: all sessions end, and the owner hears of it.
    pub async fn reset_password(&self, opened: UserLink, new: &Password) -> Result<()> {
        check_password("/password", new, &opened.user.username, &opened.user.email)?;
        let hash = password::hash(new.secret()).await?;
        let apply = |user: &mut User| {
            user.password_hash = Some(hash.clone());
            user.end_sessions();
            let tasks = vec![Task::new(Work::MailPasswordChanged { user: user.id }, self.now)];
            // Whoever asked for another address may be the reason why the password is reset.
            Along { tasks, dropped_links: vec![Purpose::EmailChange], ..Along::default() }
        };
        self.use_link(opened, apply).await.map(drop)
    }

    /// Turns an invitation into an account that can be used.
    pub async fn accept_invitation(&self, opened: UserLink, newcomer: Newcomer) -> Result<()> {
        check_password(
            "/password",
            &newcomer.password,
            newcomer.username.as_ref().unwrap_or(&opened.user.username),
            &opened.user.email,
        )?;
        let admins = self.settings().admin_emails()?;
        let hash = password::hash(newcomer.password.secret()).await?;
        let apply = |user: &mut User| {
            user.password_hash = Some(hash.clone());
            user.confirmed_at = Some(self.now);
            user.become_admin_if(admins.include(&user.email));
            user.first_name = Some(newcomer.first_name.clone());
            user.last_name = Some(newcomer.last_name.clone());
            if let Some(username) = &newcomer.username {
                user.username = username.clone();
            }
            Along::default()
        };
        self.use_link(opened, apply).await.map(drop)
    }

    /// Changes the user and uses the link up, in one transaction.
    async fn use_link(&self, opened: UserLink, apply: impl Fn(&mut User) -> Along) -> Result<User> {
        let UserLink { user, link, hash } = opened;
        let changed = self.store.change_user(user, None, self.now, |user| {
            // The account may have been shut at this very moment.
            if !user.may_act() {
                return Err(StoreError::NotFound);
            }
            let along = apply(user);
            user.touch(self.now);
            Ok::<_, StoreError>(Along { used_link: Some((link.purpose, hash.clone())), ..along })
        });
        changed.await.map_err(dead)
    }
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
fn read(token: &str) -> Result<(String, String)> {
    let token = MailToken::parse(token).ok_or_else(Problem::dead_link)?;
    let hash = token.secret.hash().to_string();
    Ok((token.record, hash))
}

/// What does not work any more, and an address that somebody else confirmed first, are the same to whoever pressed.
fn dead(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound | StoreError::Stale | StoreError::EmailTaken => Problem::dead_link(),
        other => other.into(),
    }
}
