//! Sealing a note: for the API and for the page with the form.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kith_crypto::note::new_salt;
use kith_crypto::{NoteSeal, NoteToken, PassphraseKey, Secret};
use kith_domain::{
    MaxViews, NOTE_TEXT_LIMIT, Note, NoteHandle, NoteLifetime, NoteText, Passphrase, Sealing, SealingMode, User,
};
use kith_http::{Anybody, App, Cx, Problem, Result};
use kith_store::Answer;

/// Somebody who may seal notes here: anybody, or members only, as the deployment says.
pub struct Sealer {
    /// The account of who is logged in.
    pub user: Option<User>,
}

impl FromRequestParts<App> for Sealer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let Anybody { user } = Anybody::from_request_parts(parts, app).await?;
        match (cx.settings().sealing_mode()?, &user) {
            (SealingMode::Members, None) => Err(Problem::unauthorized(false)),
            (SealingMode::Open, _) | (SealingMode::Members, Some(_)) => Ok(Self { user }),
        }
    }
}

/// What somebody wants to have sealed.
pub(crate) struct Wanted {
    pub(crate) text: NoteText,
    pub(crate) lifetime: NoteLifetime,
    pub(crate) max_views: MaxViews,
    pub(crate) passphrase: Option<Passphrase>,
}

/// A note that is sealed and not stored yet, with the two secrets that only its maker gets.
pub(crate) struct Sealed {
    pub(crate) note: Note,
    pub(crate) token: NoteToken,
    pub(crate) manage_token: Secret,
    text: Vec<u8>,
}

impl Wanted {
    /// A text that is too large is 413: it does not depend on how it was sent.
    pub(crate) fn check_size(&self) -> Result<()> {
        if self.text.is_too_large() { Err(Problem::text_too_large(NOTE_TEXT_LIMIT)) } else { Ok(()) }
    }

    /// Seals it under a new token.
    pub(crate) async fn seal(&self, cx: &Cx, author: Option<&User>) -> Result<Sealed> {
        let key = cx.note_key_for_sealing().await?;
        let (token, manage_token) = (NoteToken::generate(), Secret::generate());
        let salt = self.passphrase.as_ref().map(|_| new_salt());
        let passphrase = match (&self.passphrase, &salt) {
            (Some(passphrase), Some(salt)) => Some(PassphraseKey::derive(passphrase, salt).await?),
            _ => None,
        };
        let sealing = Sealing {
            token_hash: token.hash().to_string(),
            author: author.map(|user| user.id),
            key_id: key.kid().to_owned(),
            salt,
            lifetime: self.lifetime,
            max_views: self.max_views,
        };
        let note = Note::new(sealing, cx.now);
        let passphrase = passphrase.as_ref();
        let under = NoteSeal { key: &key, token: &token, passphrase, note: note.id, expires_at: note.expires_at };
        let text = under.seal(self.text.as_bytes()).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Sealed { note, token, manage_token, text })
    }
}

impl Sealed {
    /// The path of the page that opens it.
    pub(crate) fn path(&self) -> String {
        format!("/n/{}", *self.token.encode())
    }

    /// Stores it, and the answer to the request with it.
    pub(crate) async fn store(&self, cx: &Cx, answer: Option<Answer>) -> kith_store::Result<()> {
        let handle = NoteHandle::new(&self.note, self.manage_token.hash().to_string());
        cx.store.seal_note(&self.note, &handle, self.text.clone(), answer, cx.now).await
    }
}
