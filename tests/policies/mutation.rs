//! Templates with one function's policy changed.

use kith_local::template::{FunctionSpec, Sources, Statement, Template};
use serde_json::{Value, json};

/// One permission: an action on one resource, for one pattern of leading keys if there are any.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) operation: String,
    statement: usize,
    pub(crate) action: String,
    resource: String,
    pub(crate) pattern: Option<String>,
}

impl std::fmt::Display for Grant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, action, resource, pattern, .. } = self;
        write!(out, "{operation}: {action} {}", pattern.as_deref().unwrap_or(resource))
    }
}

impl Grant {
    /// Whether a denial in the policy report is for want of this grant.
    pub(crate) fn is_denied_by(&self, denial: &str) -> bool {
        let (action, rest) = denial.split_once(' ').unwrap_or((denial, ""));
        // An ARN has five parts before the resource's own name.
        let name = self.resource.splitn(6, ':').nth(5).unwrap_or_default();
        let begins = self.pattern.clone().unwrap_or_else(|| format!("on {name}"));
        action == self.action && rest.starts_with(begins.trim_end_matches('*'))
    }
}

/// Every grant of every policy.
pub(crate) fn grants(template: &Template) -> Vec<Grant> {
    let mut all = Vec::new();
    for (operation, spec) in &template.functions {
        for (statement, Statement { actions, resources, leading_keys, .. }) in spec.policy.iter().enumerate() {
            let patterns = leading_keys.as_ref().map_or(vec![None], |keys| keys.iter().cloned().map(Some).collect());
            for (action, resource) in actions.iter().flat_map(|action| resources.iter().map(move |on| (action, on))) {
                all.extend(patterns.iter().map(|pattern| Grant {
                    operation: operation.clone(),
                    statement,
                    action: action.clone(),
                    resource: resource.clone(),
                    pattern: pattern.clone(),
                }));
            }
        }
    }
    all
}

/// The policy of `spec` without `grant`; everything else stays allowed.
pub(crate) fn without(spec: &FunctionSpec, grant: &Grant) -> Vec<Statement> {
    let mut policy: Vec<Statement> = spec.policy.to_vec();
    let mutated = policy.get_mut(grant.statement).unwrap();
    mutated.actions.retain(|action| *action != grant.action);
    let whole = Statement { actions: vec![grant.action.clone()], ..mutated.clone() };
    // The same action on the other resources, and on this one for the other keys.
    let mut elsewhere = whole.clone();
    elsewhere.resources.retain(|resource| *resource != grant.resource);
    policy.push(elsewhere);
    if let (Some(keys), Some(pattern)) = (&whole.leading_keys, &grant.pattern) {
        let others = keys.iter().filter(|key| *key != pattern).cloned().collect();
        policy.push(Statement { resources: vec![grant.resource.clone()], leading_keys: Some(others), ..whole.clone() });
    }
    policy.retain(|statement| {
        let has_keys = statement.leading_keys.as_ref().is_none_or(|keys| !keys.is_empty());
        !statement.actions.is_empty() && !statement.resources.is_empty() && has_keys
    });
    policy
}

/// Replaces a function's policy in the text of its stack.
pub(crate) fn replace(sources: &mut Sources, spec: &FunctionSpec, policy: &[Statement]) {
    let text = sources.text(&spec.file).unwrap();
    let mut lines = Vec::new();
    let (mut in_function, mut in_policies, mut replaced) = (false, false, false);
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        if depth == 2 && !line.trim_start().starts_with('#') {
            in_function = line.trim() == format!("{}:", spec.logical_id);
        }
        in_policies =
            in_function && (line.starts_with("      Policies:") || (in_policies && (depth > 6 || line.is_empty())));
        if in_policies {
            continue;
        }
        lines.push(line.to_owned());
        if in_function && line.starts_with("      CodeUri:") {
            lines.push(format!("      Policies: {}", document(policy)));
            replaced = true;
        }
    }
    assert!(replaced, "{} is not in {}", spec.logical_id, spec.file);
    sources.insert(&spec.file, lines.join("\n"));
}

/// JSON is YAML, too.
fn document(policy: &[Statement]) -> Value {
    if policy.is_empty() {
        return json!([]);
    }
    let statement = |statement: &Statement| {
        let mut written = json!({"Effect": "Allow", "Action": statement.actions, "Resource": statement.resources});
        if let Some(keys) = &statement.leading_keys {
            written["Condition"] = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}});
            if statement.needs_keys {
                written["Condition"]["Null"] = json!({"dynamodb:LeadingKeys": "false"});
            }
        }
        written
    };
    json!([{"Version": "2012-10-17", "Statement": policy.iter().map(statement).collect::<Vec<_>>()}])
}

#[test]
fn g01_a_removed_grant_leaves_all_others() {
    let template = kith_local::project_template().unwrap();
    let original = Sources::read(&kith_local::project_root().unwrap()).unwrap();
    let all = grants(&template);
    assert!(all.len() > 50, "{}", all.len());
    for grant in all.iter().step_by(7) {
        let spec = &template.functions[&grant.operation];
        let mut sources = original.clone();
        replace(&mut sources, spec, &without(spec, grant));
        let parameters = sources.parameters().unwrap();
        assert!(!parameters.is_empty());
        let mutated = Template::from_sources(&sources, &local_parameters()).unwrap();
        let left: Vec<String> = grants(&mutated).iter().map(ToString::to_string).collect();
        let mut expected: Vec<String> = all.iter().map(ToString::to_string).collect();
        expected.remove(expected.iter().position(|own| *own == grant.to_string()).unwrap());
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        assert_eq!(sorted(left), sorted(expected), "without {grant}");
    }
}

/// The parameters that have no default.
fn local_parameters() -> std::collections::BTreeMap<String, String> {
    let of = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let parameters = [
        ("Stage", "test"),
        ("PublicUrl", "http://127.0.0.1:3000"),
        ("AdminEmails", "admin@example.org"),
        ("MailFrom", "kith@example.org"),
        ("SecurityContact", "security@example.org"),
    ];
    parameters.map(of).into()
}
