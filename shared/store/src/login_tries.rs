//! Tries to log in: counted before the password is looked at, and given back where it was right.
//!
//! What one network tries in a window is one item, so one write counts it over all names, at the name that was typed, and
//! at the account that is meant. A set of requests says which tries are counted: so one that is repeated after a lost
//! answer counts once and is given back once, and a window that has begun anew gives nothing back.

use crate::item::{Item, VERSION, number_of, ttl};
use crate::keys::{self, number, text};
use crate::limits::Window;
use crate::table::{Expression, TRIES};
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use std::collections::HashMap;

/// What a try counts for, and as what. All are hashes: the table is no list of names and addresses.
#[derive(Debug, Clone)]
pub struct LoginTry {
    /// The network that it comes from.
    pub network: String,
    /// The name as it was typed, at this network.
    pub name: String,
    /// The account that is meant, at this network.
    pub account: String,
    /// The account that is meant, anywhere.
    pub everywhere: String,
    /// The request. Short, since a hundred of them have to stay within a kilobyte: what is written to a counter costs the
    /// same whether it is full or empty.
    pub mark: String,
}

/// How a network stands with its tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkTries {
    /// False: this one was one too many, and is not counted.
    pub counted: bool,
    /// Tries under the same name as it was typed, this one counted.
    pub at_name: u32,
    /// Tries at the same account, under any name.
    pub at_account: u32,
    /// Tries under all names.
    pub in_all: u32,
    /// When the newest was counted: it may still be at work, and be given back.
    pub newest: Timestamp,
    /// When counting begins anew.
    pub resets_at: Timestamp,
}

/// The tries at an account from everywhere, as they were read beside it.
#[derive(Debug, Default)]
pub struct AccountTries(pub(crate) Option<Item>);

impl Store {
    /// Counts a try for its network: 1 call; 2 where others are counted in this window.
    pub async fn count_network_try(
        &self,
        tried: &LoginTry,
        at_name: Window,
        in_all: Window,
        now: Timestamp,
    ) -> Result<NetworkTries> {
        let key = keys::login_tries_of(&tried.network);
        let mut seen = Item::new();
        for _ in 0..TRIES {
            let change = if is_running(&seen, now) {
                going_on(tried, at_name, in_all, now)
            } else {
                beginning(tried, in_all, now)
            };
            seen = match self.update(&key, change).await? {
                Ok(item) => return Ok(standing(&item, tried, true, now)),
                Err(refused) => refused.0.unwrap_or_default(),
            };
            let standing = standing(&seen, tried, is_in(&seen, tried), now);
            let is_over = standing.at_name >= at_name.limit || standing.in_all >= in_all.limit;
            if standing.counted || (is_running(&seen, now) && is_over) {
                return Ok(standing);
            }
        }
        Err(StoreError::Busy("the tries kept changing".into()))
    }

    /// Gives a try back that turned out right: 1 call, seldom more where others at the same name come or go meanwhile.
    pub async fn give_back_network_try(&self, tried: &LoginTry, counted: NetworkTries) -> Result<()> {
        let key = keys::login_tries_of(&tried.network);
        let NetworkTries { mut at_name, mut at_account, .. } = counted;
        for _ in 0..TRIES {
            let refused = match self.update(&key, giving_back(tried, at_name, at_account)).await? {
                Ok(_) => return Ok(()),
                Err(refused) => refused.0.unwrap_or_default(),
            };
            if !is_in(&refused, tried) {
                return Ok(());
            }
            NetworkTries { at_name, at_account, .. } = standing(&refused, tried, true, counted.newest);
        }
        Err(StoreError::Busy("the tries kept changing".into()))
    }

    /// Counts a try for its account over all networks, as it stood when it was read; false where it is one too many.
    ///
    /// A try that does not count (`counts`), or is one too many, writes all the same: 1 call, whatever there is. More only
    /// where others are counted meanwhile.
    pub async fn count_account_try(
        &self,
        tried: &LoginTry,
        seen: AccountTries,
        counts: bool,
        window: Window,
        now: Timestamp,
    ) -> Result<bool> {
        let key = keys::login_tries_at(&tried.everywhere);
        let end = now + window.length;
        let mut seen = seen.0.unwrap_or_default();
        for _ in 0..TRIES {
            let is_running = is_running(&seen, now);
            let is_over = is_running && !is_in(&seen, tried) && size_of(&seen) >= window.limit;
            let kept = vec![(":kind", text("rate_window")), (":v", number(VERSION)), (":ttl", number(ttl(end)))];
            let mut change = Expression {
                update: Some("SET kind = :kind, v = :v, #ttl = :ttl".into()),
                names: vec![("#ttl", "ttl".into())],
                values: kept,
                ..Expression::default()
            };
            if counts && !is_over {
                change.values.extend([(":marks", marks(tried)), (":now", number(now.as_millisecond()))]);
                if is_running {
                    change.update = Some("ADD tries :marks SET kind = :kind, v = :v, #ttl = :ttl".into());
                    change.condition = Some("window_ends > :now AND attribute_exists(tries) AND size(tries) < :limit");
                    change.values.push((":limit", number(window.limit)));
                } else {
                    change.update =
                        Some("SET tries = :marks, window_ends = :end, kind = :kind, v = :v, #ttl = :ttl".into());
                    change.condition = Some("attribute_not_exists(tries) OR window_ends <= :now");
                    change.values.push((":end", number(end.as_millisecond())));
                }
            }
            seen = match self.update(&key, change).await? {
                Ok(_) => return Ok(counts && !is_over),
                Err(refused) => refused.0.unwrap_or_default(),
            };
            if is_in(&seen, tried) {
                return Ok(true);
            }
        }
        Err(StoreError::Busy("the tries kept changing".into()))
    }

    /// Gives a try back that was counted for its account: 1 call.
    pub async fn give_back_account_try(&self, tried: &LoginTry) -> Result<()> {
        let change = Expression {
            update: Some("DELETE tries :marks".into()),
            condition: Some("attribute_exists(pk)"),
            values: vec![(":marks", marks(tried))],
            ..Expression::default()
        };
        let _ = self.update(&keys::login_tries_at(&tried.everywhere), change).await?;
        Ok(())
    }
}

fn beginning(tried: &LoginTry, window: Window, now: Timestamp) -> Expression {
    let end = now + window.length;
    let one = |of: &str| AttributeValue::M(HashMap::from([(of.to_owned(), number(1))]));
    Expression {
        update: Some(
            "SET tries = :marks, at_names = :names, at_accounts = :accounts, counted_at = :now, \
                 window_ends = :end, kind = :kind, v = :v, #ttl = :ttl"
                .into(),
        ),
        condition: Some("attribute_not_exists(tries) OR window_ends <= :now"),
        names: vec![("#ttl", "ttl".into())],
        values: vec![
            (":marks", marks(tried)),
            (":names", one(&tried.name)),
            (":accounts", one(&tried.account)),
            (":now", number(now.as_millisecond())),
            (":end", number(end.as_millisecond())),
            (":kind", text("rate_window")),
            (":v", number(VERSION)),
            (":ttl", number(ttl(end))),
        ],
    }
}

fn going_on(tried: &LoginTry, at_name: Window, in_all: Window, now: Timestamp) -> Expression {
    Expression {
        update: Some(
            "ADD tries :marks SET counted_at = :now, \
                 at_names.#name = if_not_exists(at_names.#name, :none) + :one, \
                 at_accounts.#account = if_not_exists(at_accounts.#account, :none) + :one"
                .into(),
        ),
        condition: Some(
            "window_ends > :now AND attribute_exists(tries) AND NOT contains(tries, :mark) AND \
                 size(tries) < :in_all AND (attribute_not_exists(at_names.#name) OR at_names.#name < :at_name)",
        ),
        names: places(tried),
        values: vec![
            (":marks", marks(tried)),
            (":mark", text(&*tried.mark)),
            (":now", number(now.as_millisecond())),
            (":none", number(0)),
            (":one", number(1)),
            (":in_all", number(in_all.limit)),
            (":at_name", number(at_name.limit)),
        ],
    }
}

/// What falls to nothing is removed: a network of many people must not gather the names of all.
fn giving_back(tried: &LoginTry, at_name: u32, at_account: u32) -> Expression {
    let (update, condition) = match (at_name > 1, at_account > 1) {
        (true, true) => (
            "DELETE tries :marks SET at_names.#name = at_names.#name - :one, \
                 at_accounts.#account = at_accounts.#account - :one",
            "contains(tries, :mark) AND at_names.#name > :one AND at_accounts.#account > :one",
        ),
        (true, false) => (
            "DELETE tries :marks SET at_names.#name = at_names.#name - :one REMOVE at_accounts.#account",
            "contains(tries, :mark) AND at_names.#name > :one AND at_accounts.#account <= :one",
        ),
        (false, true) => (
            "DELETE tries :marks SET at_accounts.#account = at_accounts.#account - :one REMOVE at_names.#name",
            "contains(tries, :mark) AND at_names.#name <= :one AND at_accounts.#account > :one",
        ),
        (false, false) => (
            "DELETE tries :marks REMOVE at_names.#name, at_accounts.#account",
            "contains(tries, :mark) AND at_names.#name <= :one AND at_accounts.#account <= :one",
        ),
    };
    Expression {
        update: Some(update.into()),
        condition: Some(condition),
        names: places(tried),
        values: vec![(":marks", marks(tried)), (":mark", text(&*tried.mark)), (":one", number(1))],
    }
}

fn marks(tried: &LoginTry) -> AttributeValue {
    AttributeValue::Ss(vec![tried.mark.clone()])
}

/// Whether a try is counted there.
fn is_in(window: &Item, tried: &LoginTry) -> bool {
    let marks = window.get("tries").and_then(|tries| tries.as_ss().ok());
    marks.is_some_and(|marks| marks.contains(&tried.mark))
}

fn places(tried: &LoginTry) -> Vec<(&'static str, std::borrow::Cow<'static, str>)> {
    vec![("#name", tried.name.clone().into()), ("#account", tried.account.clone().into())]
}

/// Whether a window counts something and is not over.
fn is_running(window: &Item, now: Timestamp) -> bool {
    let ends = number_of(window, "window_ends").unwrap_or_default();
    window.contains_key("tries") && now.as_millisecond() < ends
}

fn size_of(window: &Item) -> u32 {
    let tries = window.get("tries").and_then(|tries| tries.as_ss().ok());
    tries.map_or(0, |tries| u32::try_from(tries.len()).unwrap_or(u32::MAX))
}

fn standing(window: &Item, tried: &LoginTry, counted: bool, now: Timestamp) -> NetworkTries {
    let time = |name| number_of(window, name).and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(now);
    let count = |map: &str, of: &str| {
        let counts = window.get(map).and_then(|map| map.as_m().ok());
        let count = counts.and_then(|counts| number_of(counts, of));
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
    };
    NetworkTries {
        counted,
        at_name: count("at_names", &tried.name),
        at_account: count("at_accounts", &tried.account),
        in_all: size_of(window),
        newest: time("counted_at"),
        resets_at: time("window_ends"),
    }
}
