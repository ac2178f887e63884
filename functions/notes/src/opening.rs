//! Looking at a note and opening it: for the API and for the page behind the link.
//!
//! Whatever cannot be opened is the same 404 after the same work: unknown, no token at all, ended, used up, destroyed.

use kith_crypto::{NoteSeal, NoteToken, PassphraseKey};
use kith_domain::{Note, Passphrase};
use kith_http::{Cx, NOTES_OPENED, Path, Problem, Result};
use kith_store::Tried;
use secrecy::{ExposeSecret, SecretString};

/// A note that somebody has just opened.
pub(crate) struct Opened {
    pub(crate) text: String,
    /// As it is afterwards.
    pub(crate) note: Note,
}

/// The token in a path as it was sent. What cannot even be read as text is no token, and an unknown one like others.
pub(crate) fn token(path: Result<Path<String>>) -> SecretString {
    path.map(|Path(token)| token).unwrap_or_default().into()
}

/// What may be told of a note before it is opened. Uses nothing up.
pub(crate) async fn peek(cx: &Cx, token: &SecretString) -> Result<Note> {
    find(cx, token).await.map(|found| found.note)
}

/// Opens a note and takes one of its readings, once the text is there. A wrong passphrase uses up nothing but one of ten
/// tries.
pub(crate) async fn open(cx: &Cx, token: &SecretString, passphrase: Option<&SecretString>) -> Result<Opened> {
    let found = find(cx, token).await?;
    let text = match &found.note.salt {
        None => {
            found.unseal(cx, None).await?.ok_or_else(|| Problem::internal("a note was altered: it does not open"))?
        }
        Some(salt) => {
            let given = passphrase.map(ExposeSecret::expose_secret).filter(|given| !given.is_empty());
            let attempt = Passphrase::attempt(given.ok_or_else(Problem::passphrase_needed)?);
            if let Tried::LockedUntil(end) = cx.store.count_try(&found.note, cx.now).await? {
                return Err(Problem::note_locked(end, cx.now));
            }
            let key = PassphraseKey::derive(&attempt, salt).await?;
            found.unseal(cx, Some(&key)).await?.ok_or_else(Problem::wrong_passphrase)?
        }
    };
    let note = cx.store.take_view(&found.note, cx.now).await?;
    Ok(Opened { text, note })
}

/// A note that can be opened, with its token.
struct Found {
    token: NoteToken,
    note: Note,
    sealed: Vec<u8>,
}

async fn find(cx: &Cx, token: &SecretString) -> Result<Found> {
    cx.keep_secret();
    cx.limit(&NOTES_OPENED, &cx.client.network()).await?;
    // What is no token is looked for all the same: as one that nobody has.
    let token = NoteToken::parse(token.expose_secret()).unwrap_or_else(NoteToken::generate);
    let (note, sealed) = cx.store.note(&token.hash().to_string(), cx.now).await?;
    Ok(Found { token, note, sealed })
}

impl Found {
    /// The text; `None` where it does not open under these. 404 once the server's key is gone: then nothing ever will.
    async fn unseal(&self, cx: &Cx, passphrase: Option<&PassphraseKey>) -> Result<Option<String>> {
        let key = cx.note_key(&self.note.key_id, self.note.created_at).await?.ok_or_else(Problem::not_found)?;
        let Self { token, note, sealed } = self;
        let under = NoteSeal { key: &key, token, passphrase, note: note.id, expires_at: note.expires_at };
        Ok(under.open(sealed).and_then(|text| String::from_utf8(text.to_vec()).ok()))
    }
}
