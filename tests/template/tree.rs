//! What must never be in the tree or its history.

use kith_local::project_root;
use regex_lite::Regex;
use std::process::Command;

/// What secrets look like that people commit by mistake.
const SECRETS: &[&str] = &[
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    r"(?i)aws_secret_access_key\s*[=:]\s*[A-Za-z0-9/+]{40}",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
];

/// What git prints. `None` where there is no git or no repository, as in a source archive.
fn git(arguments: &[&str]) -> Option<String> {
    let done = Command::new("git").arg("-C").arg(project_root().unwrap()).args(arguments).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn x07_no_secret_is_in_the_tree_or_its_history() {
    let Some(history) = git(&["log", "--patch", "--all", "--no-color"]) else {
        println!("skipped: no git history here");
        return;
    };
    for pattern in SECRETS {
        let found = Regex::new(pattern).unwrap();
        // The patterns themselves are in this file.
        let hit = history.lines().find(|line| !line.contains(pattern) && found.is_match(line));
        assert!(hit.is_none(), "{pattern}: {}", hit.unwrap_or_default());
    }
}

#[test]
fn x07_no_real_address_is_in_the_tree() {
    let Some(files) = git(&["grep", "--text", "-h", "-o", "-E", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+"])
    else {
        println!("skipped: no git repository here");
        return;
    };
    // Reserved for examples (RFC 2606, RFC 6761), but for three that are there to be no address or another's subdomain.
    let reserved = Regex::new(r"(?i)(^|[.@-])(example(\.(com|org|net))?|invalid|test|localhost)$").unwrap();
    for address in files.lines().filter(|address| !["a@b.org", "b@c.org"].contains(address)) {
        let domain = address.rsplit('@').next().unwrap_or_default();
        assert!(reserved.is_match(domain), "{address}");
    }
}
