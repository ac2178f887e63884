//! How often somebody may try to log in.
//!
//! A caller is told (429) only of what they spent themselves: under the name that they typed, and from their network. Where
//! the account was tried too often under another of its names, or from elsewhere, the work is done and the answer is that
//! of a wrong password: so nothing tells which names belong to one account.

use jiff::SignedDuration;
use kith_crypto::SecretHash;
use kith_domain::{Credentials, LoginName};
use kith_http::{Cx, LOGIN, LOGIN_ACCOUNT, LOGIN_NETWORK, Limit, Problem, Result};
use kith_store::{Claimants, LoginTry, NetworkTries};

/// No try is at work for longer; what is counted then stays counted.
const AT_WORK: SignedDuration = SignedDuration::from_secs(30);
/// Of a hash in an item of a few dozen: 96 bits.
const SHORT: usize = 16;
/// Of a hash among a hundred that last for an hour: 42 bits.
const SHORTEST: usize = 7;

/// A try that is counted, before the password is looked at.
pub(crate) struct Try {
    tried: LoginTry,
    at_network: NetworkTries,
    counted_at_account: bool,
    /// Whether the right password opens anything.
    pub(crate) may_pass: bool,
}

impl Try {
    /// Counts a try, or refuses it; and reads who is meant.
    pub(crate) async fn count(cx: &Cx, name: &LoginName) -> Result<(Self, Claimants)> {
        let (typed, network) = (name.folded(), cx.client.network());
        let by_name = LOGIN.key(&format!("{typed}\n{network}"));
        let by_network = LOGIN_NETWORK.key(&network);
        LOGIN.remembered(cx, &by_name)?;
        LOGIN_NETWORK.remembered(cx, &by_network)?;
        let holders = cx.store.holders_of(name, cx.now).await?;
        // Who has no account is counted, too, by what was typed.
        let account = holders.owner.or(holders.newest).map_or_else(|| format!("nobody\n{typed}"), |id| id.to_string());
        let tried = LoginTry {
            name: short(&by_name),
            account: short(&LOGIN.key(&format!("{account}\n{network}"))),
            network: by_network.clone(),
            everywhere: LOGIN_ACCOUNT.key(&account),
            mark: SecretHash::of(cx.request_id.as_bytes()).to_string().chars().take(SHORTEST).collect(),
        };
        let counted = cx.store.count_network_try(&tried, LOGIN.window(), LOGIN_NETWORK.window(), cx.now);
        let (at_network, mut claimants) =
            tokio::try_join!(counted, cx.store.claimants(holders, &tried.everywhere, cx.now))?;
        let stands = [(&LOGIN, by_name, at_network.at_name), (&LOGIN_NETWORK, by_network, at_network.in_all)];
        if at_network.counted {
            for (limit, _, used) in &stands {
                limit.tell(cx, limit.window().limit.saturating_sub(*used), at_network.resets_at);
            }
        } else {
            return Err(refusal(cx, stands, at_network));
        }
        let is_tried = at_network.at_account <= LOGIN.window().limit;
        let is_known = claimants.credentials.as_ref().is_some_and(|own| own.knows(&known_as(own, &network), cx.now));
        let (seen, counts) = (std::mem::take(&mut claimants.tries), is_tried && !is_known);
        let counted_at_account =
            cx.store.count_account_try(&tried, seen, counts, LOGIN_ACCOUNT.window(), cx.now).await?;
        let may_pass = is_tried && (is_known || counted_at_account);
        Ok((Self { tried, at_network, counted_at_account, may_pass }, claimants))
    }

    /// Gives the try back. Where that fails the log-in is right all the same: the count stays, strict and never lax.
    pub(crate) async fn give_back(&self, cx: &Cx) {
        let at_network = cx.store.give_back_network_try(&self.tried, self.at_network);
        if self.counted_at_account {
            let _ = tokio::join!(at_network, cx.store.give_back_account_try(&self.tried));
        } else {
            let _ = at_network.await;
        }
    }
}

/// What a network is kept as beside somebody's password.
pub(crate) fn known_as(credentials: &Credentials, network: &str) -> String {
    short(&SecretHash::of(format!("{}\n{network}", credentials.user).as_bytes()).to_string())
}

fn short(hash: &str) -> String {
    hash.chars().take(SHORT).collect()
}

/// The refusal. The instance remembers it only when no try is at work any more that may be given back: nobody is to be
/// refused whose tries were right.
fn refusal(cx: &Cx, stands: [(&Limit, String, u32); 2], at_network: NetworkTries) -> Problem {
    let is_final = cx.now.duration_since(at_network.newest) >= AT_WORK;
    for (limit, key, used) in stands {
        if used >= limit.window().limit {
            if is_final {
                limit.remember(cx, key, at_network.resets_at);
            }
            return limit.over(cx, at_network.resets_at);
        }
    }
    Problem::internal("a try was refused within its limits")
}
