//! What people do to their own account while it ends elsewhere.

use kith_http::Problem;

/// Whoever is logged in is not told that they do not exist: the account, and the session with it, has ended since the
/// request was let in.
pub(crate) fn or_ended(problem: Problem) -> Problem {
    if problem.status() == Problem::not_found().status() { Problem::unauthorized(true) } else { problem }
}
