//! Looking at a note and opening it: for the API and for the page behind the link.
//!
//! Whatever cannot be opened is the same 404 after the same work: unknown, no token at all, ended, used up, destroyed.

use kith_crypto::{NoteSeal, NoteToken, PassphraseKey};
use kith_domain::{Note, Passphrase};
use kith_http::{Cx, NOTES_OPENED, Path, Problem, RepeatKey, Result};
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

/// What may be told of a note before it is opened, and whether it opens again for this key. Uses nothing up.
pub(crate) async fn peek(cx: &Cx, token: &SecretString, key: Option<&RepeatKey>) -> Result<(Note, bool)> {
    count(cx).await?;
    let token = note_token(token);
    let mark = key.map(|key| mark(key, &token));
    let note = find(cx, token, mark.as_deref()).await?.note;
    let opens_again = mark.is_some_and(|mark| note.opens_again_for(&mark, cx.now));
    Ok((note, opens_again))
}

/// Opens a note and takes one of its readings, once the text is there; or opens it again without another, for whoever
/// sends the key under which they took one just now. A wrong passphrase uses up nothing but one of ten tries.
pub(crate) async fn open(
    cx: &Cx,
    token: &SecretString,
    key: Option<&RepeatKey>,
    passphrase: Option<&SecretString>,
) -> Result<Opened> {
    count(cx).await?;
    let token = note_token(token);
    let mark = key.map(|key| mark(key, &token));
    let mark = mark.as_deref();
    let found = find(cx, token, mark).await?;
    let text = match &found.note.salt {
        None => {
            found.unseal(cx, None).await?.ok_or_else(|| Problem::internal("a note was altered: it does not open"))?
        }
        Some(salt) => {
            let given = passphrase.map(ExposeSecret::expose_secret).filter(|given| !given.is_empty());
            let attempt = Passphrase::attempt(given.ok_or_else(Problem::passphrase_needed)?);
            let left = match cx.store.count_try(&found.note, mark, cx.now).await? {
                Tried::Counted { left } => left,
                Tried::LockedUntil(end) => return Err(Problem::note_locked(end, cx.now)),
            };
            let key = PassphraseKey::derive(&attempt, salt).await?;
            found.unseal(cx, Some(&key)).await?.ok_or_else(|| Problem::wrong_passphrase(left))?
        }
    };
    let note = cx.store.take_view(&found.note, mark, cx.now).await?;
    Ok(Opened { text, note })
}

/// A note that can be opened, perhaps only again, with its token.
struct Found {
    token: NoteToken,
    note: Note,
    sealed: Vec<u8>,
}

async fn count(cx: &Cx) -> Result<()> {
    cx.keep_secret();
    cx.limit(&NOTES_OPENED, &cx.client.network()).await
}

/// What is no token is looked for all the same: as one that nobody has.
fn note_token(sent: &SecretString) -> NoteToken {
    NoteToken::parse(sent.expose_secret()).unwrap_or_else(NoteToken::generate)
}

/// What stands in the note for a key under which a reading was taken.
fn mark(key: &RepeatKey, token: &NoteToken) -> String {
    Note::mark_to_open_again(&key.mark(&token.encode()))
}

async fn find(cx: &Cx, token: NoteToken, mark: Option<&str>) -> Result<Found> {
    let (note, sealed) = cx.store.note(&token.hash().to_string(), mark, cx.now).await?;
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
