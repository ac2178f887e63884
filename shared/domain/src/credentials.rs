//! What proves that somebody is who they say, and when they last proved it.

use crate::{PasswordHash, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many days after somebody's last log-in from there a network is still known.
const KNOWN_DAYS: i64 = 30;
/// As many networks are known of somebody; of more the ones that were used last.
const KNOWN_NETWORKS: usize = 20;

/// A password, hashed, and the log-ins by it. There is none before an invited person has set one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserId,
    /// The password, hashed.
    pub password_hash: PasswordHash,
    /// How many times the person has logged in.
    pub login_count: u64,
    /// The newest log-in.
    #[serde(default)]
    pub current_login: Option<Login>,
    /// The one before it.
    #[serde(default)]
    pub last_login: Option<Login>,
    /// From which networks, by their hashes, and on which day for the last time; days count from 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, i64>,
}

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// When.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
    /// The client's network address.
    pub address: String,
}

impl Credentials {
    /// The first password of an account.
    pub fn new(user: UserId, password_hash: PasswordHash) -> Self {
        let networks = BTreeMap::new();
        Self { user, password_hash, login_count: 0, current_login: None, last_login: None, networks }
    }

    /// The day that is kept of a log-in.
    pub fn day(now: Timestamp) -> i64 {
        now.as_second().div_euclid(SignedDuration::from_hours(24).as_secs())
    }

    /// Whether somebody logged in from a network in the last 30 days.
    pub fn knows(&self, network: &str, now: Timestamp) -> bool {
        self.networks.get(network).is_some_and(|day| Self::day(now) - day <= KNOWN_DAYS)
    }

    /// The networks that need not be known any longer once somebody logs in from `network`: first those of the longest
    /// ago.
    pub fn forgettable(&self, network: &str, now: Timestamp) -> Vec<&str> {
        let mut others: Vec<(i64, &str)> = self.networks.iter().map(|(name, day)| (*day, name.as_str())).collect();
        others.retain(|(_, name)| *name != network);
        others.sort_unstable();
        let too_many = (others.len() + 1).saturating_sub(KNOWN_NETWORKS);
        let is_over = |(place, (_, name)): &(usize, (i64, &str))| *place < too_many || !self.knows(name, now);
        others.into_iter().enumerate().filter(is_over).map(|(_, (_, name))| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400 + 43_200).unwrap()
    }

    fn used(networks: &[(&str, i64)]) -> Credentials {
        let networks = networks.iter().map(|(name, day)| ((*name).to_owned(), *day)).collect();
        Credentials { networks, ..Credentials::new(UserId::new(at(0)), PasswordHash::from_phc("$".into())) }
    }

    #[test]
    fn h05_a_network_is_known_for_30_days() {
        let ada = used(&[("home", 100)]);
        assert!(ada.knows("home", at(100)) && ada.knows("home", at(130)));
        assert!(!ada.knows("home", at(131)) && !ada.knows("work", at(100)));
        assert_eq!(ada.forgettable("work", at(130)), [""; 0]);
        assert_eq!(ada.forgettable("work", at(131)), ["home"]);
        assert_eq!(ada.forgettable("home", at(131)), [""; 0]);
    }

    #[test]
    fn h05_of_more_than_20_networks_the_newest_are_known() {
        let names: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
        let all: Vec<(&str, i64)> = names.iter().map(String::as_str).zip((100..120).rev()).collect();
        let ada = used(&all);
        assert_eq!(ada.forgettable("n03", at(120)), [""; 0]);
        assert_eq!(ada.forgettable("another", at(120)), ["n19"]);
    }
}
