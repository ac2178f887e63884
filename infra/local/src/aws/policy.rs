//! The functions' policies, enforced as IAM does: what no statement allows is denied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::locked;
use super::reply::Refusal;
use crate::template::Statement;

/// How many different denials are kept per function.
const MOST_DENIALS: usize = 200;

/// Rights that belong to the platform around a function. No call of the function shows that they are needed.
const PLATFORM: [&str; 7] = [
    "logs:*",
    "xray:*",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "lambda:GetFunctionConfiguration",
];

/// What a function may do, and what it did with it. Entries read like `dynamodb:PutItem user#*`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PolicyReport {
    /// Everything the policy grants: each action on each resource for each pattern of leading keys.
    pub allowed: Vec<String>,
    /// The grants that a call relied on.
    pub used: Vec<String>,
    /// The grants that no call relied on, without those of logs, traces and stream readers.
    pub superfluous: Vec<String>,
    /// What was tried and denied, with the key as it was asked for.
    pub denied: Vec<String>,
}

/// A permission that a call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// Such as `dynamodb:PutItem`.
    pub(super) action: String,
    /// ARNs; to be allowed on one of them is enough.
    pub(super) resources: Vec<String>,
    /// Every partition key value touched; one statement must cover them all.
    pub(super) keys: Vec<String>,
}

/// The policies of all functions, and the record of their use.
#[derive(Default)]
pub(super) struct Policies {
    functions: Mutex<BTreeMap<String, FunctionPolicy>>,
}

#[derive(Default)]
struct FunctionPolicy {
    statements: Arc<Vec<Statement>>,
    grants: Vec<Grant>,
    used: BTreeSet<usize>,
    denied: BTreeSet<String>,
}

/// One action on one resource for one pattern of keys, out of one statement.
struct Grant {
    statement: usize,
    action: String,
    resource: String,
    /// `None`: the statement has no condition on leading keys.
    pattern: Option<String>,
    label: String,
}

impl Policies {
    /// Sets the policy of a function. A changed policy starts its record afresh.
    pub(super) fn admit(&self, operation: &str, statements: Arc<Vec<Statement>>) {
        let mut functions = locked(&self.functions);
        let policy = functions.entry(operation.to_owned()).or_default();
        if policy.statements != statements {
            *policy = FunctionPolicy { grants: grants(&statements), statements, ..FunctionPolicy::default() };
        }
    }

    /// Checks everything a call needs, and counts what it relies on as used.
    pub(super) fn check(&self, operation: &str, needs: &[Need]) -> Result<(), Refusal> {
        let mut functions = locked(&self.functions);
        let policy = functions.entry(operation.to_owned()).or_default();
        let mut used = Vec::new();
        for need in needs {
            match policy.allowing(need) {
                Some(grants) => used.extend(grants),
                None => return Err(policy.deny(operation, need)),
            }
        }
        policy.used.extend(used);
        Ok(())
    }

    /// Whether a call that needs this would be allowed. Nothing is counted.
    pub(super) fn would_allow(&self, operation: &str, need: &Need) -> bool {
        locked(&self.functions).get(operation).is_some_and(|policy| policy.allowing(need).is_some())
    }

    /// Denies what no policy can allow here.
    pub(super) fn deny(&self, operation: &str, need: &Need) -> Refusal {
        locked(&self.functions).entry(operation.to_owned()).or_default().deny(operation, need)
    }

    pub(super) fn reports(&self) -> BTreeMap<String, PolicyReport> {
        locked(&self.functions).iter().map(|(operation, policy)| (operation.clone(), policy.report())).collect()
    }
}

impl FunctionPolicy {
    /// The grants this need relies on: those of the first most specific statement that allows it.
    fn allowing(&self, need: &Need) -> Option<Vec<usize>> {
        let mut best: Option<(usize, Vec<usize>)> = None;
        for statement in 0..self.statements.len() {
            if let Some((score, grants)) = self.allowed_by(statement, need)
                && best.as_ref().is_none_or(|(most, _)| score > *most)
            {
                best = Some((score, grants));
            }
        }
        best.map(|(_, grants)| grants)
    }

    fn allowed_by(&self, statement: usize, need: &Need) -> Option<(usize, Vec<usize>)> {
        let fitting = self.grants.iter().enumerate().filter(|(_, grant)| {
            grant.statement == statement
                && matches(&grant.action.to_lowercase(), &need.action.to_lowercase())
                && need.resources.iter().any(|resource| matches(&grant.resource, resource))
        });
        let fitting: Vec<(usize, &Grant)> = fitting.collect();
        if need.keys.is_empty() {
            // A condition ForAllValues holds when there is no value; the other one asks that there is one.
            if self.statements.get(statement).is_some_and(|statement| statement.needs_keys) {
                return None;
            }
            let score = fitting.iter().map(|(_, grant)| grant.specificity()).max()?;
            return Some((score, fitting.into_iter().map(|(index, _)| index).collect()));
        }
        let mut total = 0;
        let mut used = Vec::new();
        for key in &need.keys {
            let covering =
                fitting.iter().filter(|(_, grant)| grant.pattern.as_ref().is_none_or(|pattern| matches(pattern, key)));
            let mut most: Option<(usize, usize)> = None;
            for (index, grant) in covering {
                if most.is_none_or(|(score, _)| grant.specificity() > score) {
                    most = Some((grant.specificity(), *index));
                }
            }
            let (score, index) = most?;
            total += score;
            used.push(index);
        }
        Some((total, used))
    }

    fn deny(&mut self, operation: &str, need: &Need) -> Refusal {
        let resource = need.resources.first().map_or("*", String::as_str);
        let uncovered = need.keys.iter().find(|key| {
            let one = Need { keys: vec![(*key).clone()], ..need.clone() };
            self.allowing(&one).is_none()
        });
        let key = uncovered.or(need.keys.first()).map(String::as_str);
        let entry = label(&need.action, resource, key);
        tracing::warn!(operation, denied = entry, "access denied by the function's policy");
        if self.denied.len() < MOST_DENIALS {
            self.denied.insert(entry);
        }
        let leading = key.map(|key| format!(" with leading key {key}")).unwrap_or_default();
        let action = &need.action;
        Refusal::new(
            "AccessDeniedException",
            format!(
                "function {operation} is not authorized to perform: {action} on resource: {resource}{leading}, \
                 because no statement of its policy allows it"
            ),
        )
    }

    fn report(&self) -> PolicyReport {
        let labels = |wanted: &dyn Fn(usize, &Grant) -> bool| {
            let chosen = self.grants.iter().enumerate().filter(|(index, grant)| wanted(*index, grant));
            chosen.map(|(_, grant)| grant.label.clone()).collect()
        };
        PolicyReport {
            allowed: labels(&|_, _| true),
            used: labels(&|index, _| self.used.contains(&index)),
            superfluous: labels(&|index, grant| !self.used.contains(&index) && !grant.of_the_platform()),
            denied: self.denied.iter().cloned().collect(),
        }
    }
}

impl Grant {
    /// How narrow the grant is: the more it spells out, the higher.
    fn specificity(&self) -> usize {
        let literal = |pattern: &str| {
            pattern.chars().filter(|c| !matches!(c, '*' | '?')).count() * 2 + usize::from(!pattern.contains('*'))
        };
        // A pattern of keys counts above the length of any ARN.
        let key = self.pattern.as_deref().map_or(0, |pattern| 1 + literal(pattern));
        key * 10_000 + literal(&self.action) + literal(&self.resource)
    }

    fn of_the_platform(&self) -> bool {
        PLATFORM.iter().any(|platform| matches(platform, &self.action))
    }
}

fn grants(statements: &[Statement]) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        let has_table = statement.resources.iter().any(|resource| !resource.contains("/index/"));
        for action in &statement.actions {
            for resource in &statement.resources {
                // Only a query goes to an index; beside the table, the index grants the other actions nothing.
                let indexable = action.contains('*') || matches!(action.as_str(), "dynamodb:Query" | "dynamodb:Scan");
                if resource.contains("/index/") && has_table && !indexable {
                    continue;
                }
                let patterns: Vec<Option<&String>> = match &statement.leading_keys {
                    None => vec![None],
                    Some(patterns) => patterns.iter().map(Some).collect(),
                };
                for pattern in patterns {
                    let mut label = label(action, resource, pattern.map(String::as_str));
                    if grants.iter().any(|grant| grant.label == label) {
                        label = format!("{label} (again in statement {})", number + 1);
                    }
                    grants.push(Grant {
                        statement: number,
                        action: action.clone(),
                        resource: resource.clone(),
                        pattern: pattern.cloned(),
                        label,
                    });
                }
            }
        }
    }
    grants
}

/// An entry of the report. There is one table, so only an index is worth a word.
fn label(action: &str, resource: &str, key: Option<&str>) -> String {
    let name = resource.splitn(6, ':').nth(5).unwrap_or(resource);
    match (name.split_once("/index/"), key) {
        (Some((_, index)), Some(key)) => format!("{action} {key} on index {index}"),
        (Some((_, index)), None) => format!("{action} on index {index}"),
        (None, Some(key)) => format!("{action} {key}"),
        (None, None) => format!("{action} on {name}"),
    }
}

/// IAM's pattern matching, case-sensitive: `*` stands for any characters, `?` for exactly one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(expected) if *expected == '?' || expected == c => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                // Let the last star swallow one character more.
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith";

    fn statement(actions: &[&str], resources: &[&str], keys: Option<&[&str]>) -> Statement {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Statement {
            actions: owned(actions),
            resources: owned(resources),
            leading_keys: keys.map(owned),
            needs_keys: false,
        }
    }

    fn need(action: &str, resource: &str, keys: &[&str]) -> Need {
        Need {
            action: action.into(),
            resources: vec![resource.into()],
            keys: keys.iter().map(|key| (*key).into()).collect(),
        }
    }

    fn admitted(statements: Vec<Statement>) -> Policies {
        let policies = Policies::default();
        policies.admit("show-me", Arc::new(statements));
        policies
    }

    fn report(policies: &Policies) -> PolicyReport {
        policies.reports()["show-me"].clone()
    }

    #[test]
    fn patterns_match_as_in_iam() {
        for (pattern, text, expected) in [
            ("user#*", "user#1", true),
            ("user#*", "users", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*#*#x", "a#b#c#x", true),
            ("outbox", "outbox", true),
            ("outbox", "Outbox", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_no_statement_allows_is_denied_and_named() {
        let policies = admitted(vec![statement(&["dynamodb:GetItem"], &[TABLE], Some(&["user#*"]))]);
        let refusal = policies.check("show-me", &[need("dynamodb:GetItem", TABLE, &["keys#signing"])]).unwrap_err();
        for part in ["show-me", "dynamodb:GetItem", TABLE, "keys#signing"] {
            assert!(refusal.message.contains(part), "{}", refusal.message);
        }
        assert!(policies.check("show-me", &[need("dynamodb:PutItem", TABLE, &["user#1"])]).is_err());
        assert!(policies.check("nobody", &[need("dynamodb:GetItem", TABLE, &["user#1"])]).is_err());
        assert_eq!(report(&policies).denied, ["dynamodb:GetItem keys#signing", "dynamodb:PutItem user#1"]);
    }

    #[test]
    fn h13_a_call_without_keys_is_denied_where_keys_are_needed() {
        let loose = statement(&["dynamodb:Query"], &[TABLE], Some(&["user#*"]));
        let keyless = [need("dynamodb:Query", TABLE, &[])];
        assert!(admitted(vec![loose.clone()]).check("show-me", &keyless).is_ok());
        let strict = admitted(vec![Statement { needs_keys: true, ..loose }]);
        assert!(strict.check("show-me", &keyless).is_err());
        assert!(strict.check("show-me", &[need("dynamodb:Query", TABLE, &["user#1"])]).is_ok());
    }

    #[test]
    fn every_key_of_a_call_must_be_covered_by_one_statement() {
        let policies = admitted(vec![
            statement(&["dynamodb:BatchGetItem"], &[TABLE], Some(&["user#*"])),
            statement(&["dynamodb:BatchGetItem"], &[TABLE], Some(&["session#*"])),
        ]);
        assert!(policies.check("show-me", &[need("dynamodb:BatchGetItem", TABLE, &["user#1", "user#2"])]).is_ok());
        assert!(policies.check("show-me", &[need("dynamodb:BatchGetItem", TABLE, &["user#1", "session#2"])]).is_err());
    }

    #[test]
    fn the_most_specific_grant_counts_as_used_and_the_rest_as_superfluous() {
        let policies = admitted(vec![
            statement(&["dynamodb:GetItem"], &[TABLE], None),
            statement(&["dynamodb:GetItem", "dynamodb:PutItem"], &[TABLE], Some(&["user#*", "user#1"])),
            statement(&["dynamodb:GetItem"], &[TABLE], Some(&["user#*"])),
            statement(&["logs:PutLogEvents"], &["*"], None),
        ]);
        policies.check("show-me", &[need("dynamodb:GetItem", TABLE, &["user#2"])]).unwrap();
        let report = report(&policies);
        assert_eq!(report.used, ["dynamodb:GetItem user#*"]);
        assert_eq!(
            report.superfluous,
            [
                "dynamodb:GetItem on table/kith",
                "dynamodb:GetItem user#1",
                "dynamodb:PutItem user#*",
                "dynamodb:PutItem user#1",
                "dynamodb:GetItem user#* (again in statement 3)",
            ]
        );
        assert_eq!(report.allowed.len(), 7);
    }

    #[test]
    fn an_index_needs_its_own_arn() {
        let index = format!("{TABLE}/index/gsi1");
        let policies =
            admitted(vec![statement(&["dynamodb:Query", "dynamodb:GetItem"], &[TABLE, &index], Some(&["outbox"]))]);
        policies.check("show-me", &[need("dynamodb:Query", &index, &["outbox"])]).unwrap();
        assert!(
            policies.check("show-me", &[need("dynamodb:Query", &format!("{TABLE}/index/gsi2"), &["outbox"])]).is_err()
        );
        let report = report(&policies);
        assert_eq!(report.used, ["dynamodb:Query outbox on index gsi1"]);
        assert_eq!(report.superfluous, ["dynamodb:Query outbox", "dynamodb:GetItem outbox"]);
    }

    #[test]
    fn a_denied_call_uses_nothing() {
        let policies = admitted(vec![statement(&["dynamodb:PutItem"], &[TABLE], Some(&["user#*"]))]);
        let needs = [need("dynamodb:PutItem", TABLE, &["user#1"]), need("dynamodb:DeleteItem", TABLE, &["user#1"])];
        assert!(policies.check("show-me", &needs).is_err());
        assert!(report(&policies).used.is_empty());
    }

    #[test]
    fn a_second_instance_keeps_the_record_and_a_changed_policy_ends_it() {
        let first = vec![statement(&["dynamodb:PutItem"], &[TABLE], None)];
        let policies = admitted(first.clone());
        policies.check("show-me", &[need("dynamodb:PutItem", TABLE, &["user#1"])]).unwrap();
        policies.admit("show-me", Arc::new(first));
        assert_eq!(report(&policies).used.len(), 1);
        policies.admit("show-me", Arc::new(vec![statement(&["dynamodb:GetItem"], &[TABLE], None)]));
        assert!(report(&policies).used.is_empty());
    }
}
