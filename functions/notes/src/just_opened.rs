//! The cookie of a browser that has just opened a note: the key of the form that did it, for this note's page and for as
//! long as it opens the note again. So whoever goes back finds a button that shows the text, not a note that is gone.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName};
use kith_domain::NOTE_REPEAT;
use kith_http::RepeatKey;

const NAME: &str = "kith_opened";

/// The header that leaves it, if the key is one that our pages make up: anything may be sent as one.
pub(crate) fn cookie(token: &str, key: &str) -> Option<(HeaderName, String)> {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let seconds = NOTE_REPEAT.as_secs();
    let rest = "HttpOnly; Secure; SameSite=Lax";
    let cookie = || format!("{NAME}={key}; Path=/n/{token}; Max-Age={seconds}; {rest}");
    (is_plain(token) && is_plain(key) && RepeatKey::parse(key).is_some()).then(|| (SET_COOKIE, cookie()))
}

/// The key in it, if there is one.
pub(crate) fn key(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let key = pairs.filter(|(name, _)| *name == NAME).map(|(_, key)| key.to_owned()).next()?;
    RepeatKey::parse(&key).is_some().then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h31_the_cookie_is_for_one_note_and_a_minute_and_reads_back() {
        let (name, value) = cookie("a-token", "0123456789abcdef").unwrap();
        assert_eq!(name, SET_COOKIE);
        assert_eq!(value, "kith_opened=0123456789abcdef; Path=/n/a-token; Max-Age=60; HttpOnly; Secure; SameSite=Lax");
        let headers = HeaderMap::from_iter([(COOKIE, "a=1; kith_opened=0123456789abcdef; b=2".parse().unwrap())]);
        assert_eq!(key(&headers).as_deref(), Some("0123456789abcdef"));
    }

    #[test]
    fn what_would_break_out_of_a_cookie_is_left_out() {
        for (token, key) in [("t", "0123456789abcde;"), ("t; Path=/", "0123456789abcdef"), ("t", "short"), ("t", "")] {
            assert!(cookie(token, key).is_none(), "{token} {key}");
        }
        for sent in ["", "kith_opened", "kith_opened=short", "other=0123456789abcdef"] {
            let headers = HeaderMap::from_iter([(COOKIE, sent.parse().unwrap())]);
            assert!(key(&headers).is_none(), "{sent}");
        }
    }
}
