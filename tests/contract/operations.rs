//! What every operation of the contract says.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{Operation, operations};

/// Who may call, as in the route map.
const WHO: [&str; 7] = ["pub", "pub or mem", "mem", "own", "own or token", "adm", "adm or ban_user"];
/// Those that may be called without a token, but not with a bad one.
const TOKEN_MAY_BE_LEFT_OUT: [&str; 2] = ["pub or mem", "own or token"];
/// The one deletion that takes a body: the proof that it is the owner's own will has no place in a URL.
const DELETES_WITH_PROOF: &str = "DELETE /v1/me";
/// The bodies that may be left out: most notes have no passphrase.
const TAKE_NO_BODY_AS_EMPTY: [&str; 2] = ["POST /v1/notes/{token}/open", "POST /n/{token}"];

#[test]
fn e02_every_operation_has_an_id_a_summary_and_a_tag() {
    let mut ids = BTreeSet::new();
    for Operation { key, id, spec, .. } in operations() {
        assert!(!id.is_empty() && ids.insert(id.clone()), "{key}: operationId `{id}`");
        let summary = spec["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{key}: summary `{summary}`");
        let tags = spec["tags"].as_array().map_or(0, Vec::len);
        assert_eq!(tags, 1, "{key}: tags {}", spec["tags"]);
    }
}

#[test]
fn g10_every_operation_says_who_may_call_and_asks_for_a_token_exactly_when_not_everybody_may() {
    for Operation { key, spec, .. } in operations() {
        let who = spec["x-kith-who"].as_str().unwrap_or_default();
        assert!(WHO.contains(&who), "{key}: x-kith-who {}", spec["x-kith-who"]);
        let expected = match who {
            // Said, not left out: linters take what is left out for forgotten.
            "pub" => json!([]),
            who if TOKEN_MAY_BE_LEFT_OUT.contains(&who) => json!([{}, {"bearer": []}]),
            _ => json!([{"bearer": []}]),
        };
        assert_eq!(spec["security"], expected, "{key} is for {who}");
    }
}

#[test]
fn c85_every_operation_answers_problems() {
    for Operation { key, spec, .. } in operations() {
        let problem = &spec["responses"]["default"];
        let schema = &problem["content"]["application/problem+json"]["schema"];
        assert!(!schema.is_null(), "{key}: no default answer application/problem+json: {}", spec["responses"]);
        assert!(problem["description"].as_str().is_some_and(|text| !text.is_empty()), "{key}: {problem}");
    }
}

#[test]
fn e02_every_good_answer_has_a_status_and_what_has_a_body_has_a_schema() {
    for Operation { key, spec, .. } in operations() {
        let responses = spec["responses"].as_object().unwrap();
        let good: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with(['2', '3'])).collect();
        assert!(!good.is_empty(), "{key} has no good answer");
        for (status, response) in good {
            let description = response["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{key}: {status} has no description, which OpenAPI 3.1 requires");
            let content = response["content"].as_object();
            let has_body = !matches!(status.as_str(), "202" | "204" | "303" | "304");
            assert_eq!(content.is_some(), has_body, "{key}: {status} {response}");
            for (kind, body) in content.into_iter().flatten() {
                let needs_schema = kind == "application/json" || kind.ends_with("+json");
                assert!(!needs_schema || !body["schema"].is_null(), "{key}: {status} {kind} has no schema");
            }
        }
    }
}

#[test]
fn e02_what_makes_something_answers_201_with_its_location() {
    for Operation { key, spec, .. } in operations() {
        let Some(created) = spec["responses"].get("201") else {
            continue;
        };
        let names: Vec<String> =
            created["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect();
        assert!(names.contains(&"location".to_owned()), "{key}: {created}");
    }
}

#[test]
fn every_place_in_a_path_is_a_parameter_and_the_other_way_round() {
    for Operation { key, spec, .. } in operations() {
        let places: BTreeSet<&str> =
            key.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = spec["parameters"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(places, named, "{key}");
        for parameter in &parameters {
            assert!(!parameter["schema"].is_null(), "{key}: {parameter}");
            let required = parameter["required"].as_bool().unwrap_or_default();
            assert!(required || parameter["in"] != "path", "{key}: {parameter}");
        }
    }
}

#[test]
fn g10_what_changes_nothing_is_get_and_takes_no_body() {
    for Operation { key, method, spec, .. } in operations() {
        let takes_body = spec.get("requestBody").is_some();
        let may_take_one = matches!(method.as_str(), "post" | "put" | "patch") || key == DELETES_WITH_PROOF;
        assert!(!takes_body || may_take_one, "{key} takes a body");
        if takes_body {
            let content = spec["requestBody"]["content"].as_object().unwrap();
            assert!(!content.is_empty(), "{key}");
            let is_required = spec["requestBody"]["required"].as_bool().unwrap_or_default();
            assert_eq!(is_required, !TAKE_NO_BODY_AS_EMPTY.contains(&key.as_str()), "{key}");
        }
    }
}

#[test]
fn the_route_map_of_the_api_is_kept() {
    let operations = operations();
    for (id, key, who) in [
        ("register-account", "POST /v1/auth/register", "pub"),
        ("confirm-email", "POST /v1/auth/confirm", "pub"),
        ("resend-confirmation", "POST /v1/auth/confirm/resend", "pub"),
        ("log-in", "POST /v1/auth/login", "pub"),
        ("refresh-token", "POST /v1/auth/refresh", "pub"),
        ("log-out", "POST /v1/auth/logout", "own"),
        ("list-sessions", "GET /v1/auth/sessions", "own"),
        ("revoke-all-sessions", "DELETE /v1/auth/sessions", "own"),
        ("revoke-session", "DELETE /v1/auth/sessions/{session_id}", "own"),
        ("show-me", "GET /v1/me", "own"),
        ("update-me", "PATCH /v1/me", "own"),
        ("delete-me", "DELETE /v1/me", "own"),
        ("withdraw-email-change", "DELETE /v1/me/email-change", "own"),
        ("undo-email-change", "POST /v1/auth/email-change/undo", "pub"),
        ("request-password-reset", "POST /v1/auth/password/forgot", "pub"),
        ("reset-password", "POST /v1/auth/password/reset", "pub"),
        ("change-password", "PUT /v1/me/password", "own"),
        ("accept-invitation", "POST /v1/auth/invitation", "pub"),
        ("show-preferences", "GET /v1/me/preferences", "own"),
        ("update-preferences", "PATCH /v1/me/preferences", "own"),
        ("list-my-audit-events", "GET /v1/me/audit", "own"),
        ("list-users", "GET /v1/users", "adm"),
        ("create-user", "POST /v1/users", "adm"),
        ("show-user", "GET /v1/users/{user_id}", "mem"),
        ("find-user-by-username", "GET /v1/users/by-username/{username}", "mem"),
        ("update-user", "PATCH /v1/users/{user_id}", "adm"),
        ("delete-user", "DELETE /v1/users/{user_id}", "adm"),
        ("show-role", "GET /v1/users/{user_id}/role", "adm"),
        ("set-role", "PUT /v1/users/{user_id}/role", "adm"),
        ("set-permissions", "PUT /v1/users/{user_id}/permissions", "adm"),
        ("ban-user", "PUT /v1/users/{user_id}/ban", "adm or ban_user"),
        ("unban-user", "DELETE /v1/users/{user_id}/ban", "adm or ban_user"),
        ("list-audit-events", "GET /v1/audit", "adm"),
        ("list-contacts", "GET /v1/contacts", "own"),
        ("create-contact", "POST /v1/contacts", "own"),
        ("show-contact", "GET /v1/contacts/{contact_id}", "own"),
        ("update-contact", "PATCH /v1/contacts/{contact_id}", "own"),
        ("delete-contact", "DELETE /v1/contacts/{contact_id}", "own"),
        ("list-memories", "GET /v1/contacts/{contact_id}/memories", "own"),
        ("add-memory", "POST /v1/contacts/{contact_id}/memories", "own"),
        ("show-memory", "GET /v1/contacts/{contact_id}/memories/{memory_id}", "own"),
        ("update-memory", "PATCH /v1/contacts/{contact_id}/memories/{memory_id}", "own"),
        ("delete-memory", "DELETE /v1/contacts/{contact_id}/memories/{memory_id}", "own"),
        ("plan-follow-up", "PUT /v1/contacts/{contact_id}/follow-up", "own"),
        ("cancel-follow-up", "DELETE /v1/contacts/{contact_id}/follow-up", "own"),
        ("list-follow-ups", "GET /v1/follow-ups", "own"),
        ("seal-note", "POST /v1/notes", "pub or mem"),
        ("peek-note", "GET /v1/notes/{token}", "pub"),
        ("open-note", "POST /v1/notes/{token}/open", "pub"),
        ("destroy-note", "DELETE /v1/notes/by-id/{note_id}", "own or token"),
        ("list-my-notes", "GET /v1/notes", "own"),
        ("purge-expired-notes", "POST /v1/notes/purge", "adm"),
        ("show-new-note-page", "GET /notes/new", "pub"),
        ("submit-new-note-page", "POST /notes/new", "pub"),
        ("submit-destroy-note-page", "POST /notes/destroy", "pub"),
        ("show-notes-script", "GET /notes/notes.js", "pub"),
        ("show-note-page", "GET /n/{token}", "pub"),
        ("open-note-page", "POST /n/{token}", "pub"),
        ("set-profile-photo", "PUT /v1/me/profile-photo", "own"),
        ("remove-profile-photo", "DELETE /v1/me/profile-photo", "own"),
        ("set-cover-photo", "PUT /v1/me/cover-photo", "own"),
        ("remove-cover-photo", "DELETE /v1/me/cover-photo", "own"),
        ("set-contact-photo", "PUT /v1/contacts/{contact_id}/photo", "own"),
        ("remove-contact-photo", "DELETE /v1/contacts/{contact_id}/photo", "own"),
        ("show-photo", "GET /photos/{photo}/{size}/{day}/{code}", "pub"),
        ("show-default-photo", "GET /images/{kind}/{user_id}", "pub"),
        ("show-home", "GET /", "pub"),
        ("show-greeting", "GET /v1", "pub"),
        ("show-health", "GET /health", "pub"),
        ("show-openapi", "GET /openapi.json", "pub"),
        ("show-docs", "GET /docs", "pub"),
        ("show-jwks", "GET /.well-known/jwks.json", "pub"),
        ("show-security-txt", "GET /.well-known/security.txt", "pub"),
        ("show-confirm-page", "GET /confirm", "pub"),
        ("submit-confirm-page", "POST /confirm", "pub"),
        ("show-reset-password-page", "GET /reset-password", "pub"),
        ("submit-reset-password-page", "POST /reset-password", "pub"),
        ("show-undo-email-change-page", "GET /undo-email-change", "pub"),
        ("submit-undo-email-change-page", "POST /undo-email-change", "pub"),
        ("show-accept-invitation-page", "GET /accept-invitation", "pub"),
        ("submit-accept-invitation-page", "POST /accept-invitation", "pub"),
    ] {
        let operation =
            operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("there is no {id}"));
        assert_eq!((operation.key.as_str(), operation.spec["x-kith-who"].as_str().unwrap()), (key, who), "{id}");
    }
}
