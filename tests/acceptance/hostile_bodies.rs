//! Bodies that are all fault: the answer says what is wrong, and is never much larger than somebody would read.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Map, Value, json};

/// What an answer to such a body may take.
const MOST: usize = 8 * 1024;
/// What a page may take that tells of it: it has the style sheet and a form in it.
const MOST_OF_A_PAGE: usize = 12 * 1024;
/// A body just below the limit of most routes.
const LARGE: usize = 60_000;

/// A route that takes fields: as JSON, as a form, or as both.
struct Route {
    method: String,
    path: String,
    fields: Vec<String>,
    json: bool,
    form: bool,
}

/// Every route of the contract whose body has fields.
async fn routes(kith: &Kith) -> Vec<Route> {
    let contract = kith.visitor().get("/openapi.json").await.json();
    let mut routes = Vec::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"];
            let json = content.get("application/json");
            let form = content.get("application/x-www-form-urlencoded");
            let Some(body) = json.or(form) else { continue };
            let schema = resolved(&contract, &body["schema"]);
            let fields = schema["properties"].as_object().map(|properties| properties.keys().cloned().collect());
            routes.push(Route {
                method: method.to_uppercase(),
                path: with_ids(path),
                fields: fields.unwrap_or_else(|| panic!("{method} {path}: no fields in {schema}")),
                json: json.is_some(),
                form: form.is_some(),
            });
        }
    }
    assert!(routes.len() >= 25, "{} routes", routes.len());
    routes
}

/// The object behind references and choices.
fn resolved(contract: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolved(contract, contract.pointer(name.trim_start_matches('#')).unwrap());
    }
    let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|kind| schema[kind].as_array());
    let objects = choices.into_iter().flatten().map(|choice| resolved(contract, choice));
    objects.into_iter().find(|choice| choice["properties"].is_object()).unwrap_or_else(|| schema.clone())
}

fn with_ids(path: &str) -> String {
    [
        ("{contact_id}", "con_01a318c1400074aab4a3b5b6a7a8b9c0"),
        ("{memory_id}", "mem_01a318c1400074aab4a3b5b6a7a8b9c0"),
        ("{user_id}", "usr_01a318c1400074aab4a3b5b6a7a8b9c0"),
        ("{token}", "x"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

fn assert_small(answer: &Answer) {
    assert!(answer.status() < 500, "{answer}");
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let size = answer.body().len();
    assert!(size <= if is_page { MOST_OF_A_PAGE } else { MOST }, "{size} bytes: {answer}");
    let head: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    assert!(head < 4_096, "{head} bytes of headers: {answer}");
}

/// So many fields as fit.
fn many(name: impl Fn(usize) -> String) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut size = 0;
    for number in 0.. {
        let name = name(number);
        size += name.len() + 5;
        if size > LARGE {
            break;
        }
        fields.insert(name, json!(1));
    }
    fields
}

/// Values that fit nowhere, each as large as may be.
fn values() -> Vec<Value> {
    vec![
        many(|number| format!("f{number}")).into(),
        many(|number| format!("{number}{}", "n".repeat(500))).into(),
        vec![json!(1); LARGE / 2].into(),
        vec![json!({}); LARGE / 3].into(),
        json!("<".repeat(LARGE)),
        json!(vec!["\u{7f}é"; LARGE / 8]),
        json!({"\u{1}".repeat(LARGE / 6): 1}),
        (0..100).fold(json!(1), |value, _| json!({"~/".repeat(250): value})),
        json!("1".repeat(LARGE).parse::<f64>().unwrap_or(1e300)),
    ]
}

async fn post(actor: &Actor, route: &Route, body: String) -> Answer {
    actor.moved().request(&route.method, &route.path).body("application/json", body).await
}

#[tokio::test]
async fn h11_a_json_body_that_is_all_fault_gets_a_short_answer_on_every_route() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    for route in routes(&kith).await.iter().filter(|route| route.json) {
        for value in values() {
            if value.is_object() {
                assert_small(&post(&root, route, value.to_string()).await);
            }
        }
        for (position, field) in route.fields.iter().enumerate() {
            // Each kind of value comes to some field of every route, and to every field some.
            for value in values().iter().skip(position % 3).step_by(3) {
                assert_small(&post(&root, route, json!({field: value}).to_string()).await);
            }
        }
        let field = &route.fields[0];
        let twice = format!("{{{}}}", vec![format!("\"{field}\":1"); LARGE / (field.len() + 5)].join(","));
        assert_small(&post(&root, route, twice).await);
        assert_small(&post(&root, route, "[".repeat(LARGE)).await);
        assert_small(&post(&root, route, "x".repeat(LARGE)).await);
    }
}

#[tokio::test]
async fn h11_twenty_faults_are_named_and_the_others_counted() {
    let kith = Kith::shared().await;
    let fields = many(|number| format!("f{number}"));
    let count = fields.len() + 2;
    let problem = kith.visitor().post("/v1/auth/login").json(fields).await.assert_problem(422, "invalid");
    assert_eq!((problem.errors.len(), problem.more_errors), (20, count - 20));
    assert!(problem.detail.contains(&(count - 20).to_string()), "{}", problem.detail);
    let twenty: Map<String, Value> = (0..18).map(|number| (format!("f{number}"), json!(1))).collect();
    let problem = kith.visitor().post("/v1/auth/login").json(twenty).await.assert_problem(422, "invalid");
    assert_eq!((problem.errors.len(), problem.more_errors), (20, 0));
    // Names are cut, not left out.
    let long = json!({"n".repeat(1_000): 1});
    let problem = kith.visitor().post("/v1/auth/login").json(long).await.assert_problem(422, "invalid");
    assert!(problem.errors.iter().any(|fault| fault.pointer.starts_with("/nnnn") && fault.pointer.len() < 100));
}

#[tokio::test]
async fn h11_a_form_that_is_all_fault_gets_a_short_answer_on_every_route() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for route in routes(&kith).await.iter().filter(|route| route.form) {
        let forms = |size: usize| {
            let unknown: Vec<String> = (0..size / 9).map(|number| format!("f{number}=1")).collect();
            let mut forms =
                vec![unknown.join("&"), "&=".repeat(size / 2), "%00=%ff&".repeat(size / 8), "x".repeat(size)];
            for field in &route.fields {
                // A note that was typed comes back with its form: it must not be lost.
                if field != "text" {
                    forms.push(format!("{field}={}", "%3C".repeat(size / 3 - 20)));
                }
                forms.push(vec![format!("{field}=1"); size / (field.len() + 3)].join("&"));
            }
            let long = |field: &String| format!("{field}={}", "%26".repeat(size / 3 / route.fields.len() - 20));
            forms.push(route.fields.iter().filter(|field| *field != "text").map(long).collect::<Vec<_>>().join("&"));
            forms
        };
        for form in forms(LARGE).into_iter().chain(forms(400_000)) {
            let visitor = kith.visitor();
            let sent = visitor.request(&route.method, &route.path).body("application/x-www-form-urlencoded", form);
            assert_small(&sent.await);
        }
    }
}

#[tokio::test]
async fn h11_long_paths_queries_and_headers_are_not_repeated() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let long = "x".repeat(8_000);
    let names: Vec<String> = (0..1_200).map(|number| format!("n{number}=1")).collect();
    for path in
        ["/v1/contacts", "/v1/me", "/v1/users", "/v1/audit", "/v1/nowhere", "/nowhere", "/confirm", "/notes/new"]
    {
        let queries = [
            long.clone(),
            format!("{long}=1"),
            names.join("&"),
            format!("limit={long}"),
            format!("cursor={long}"),
            format!("token={long}"),
            format!("q={long}&role={long}").chars().take(8_000).collect(),
            format!("q={}", "%F0%9F%98%80".repeat(600)),
        ];
        for query in queries {
            let answer = root.get(&format!("{path}?{query}")).await;
            if answer.status() != 200 {
                assert_small(&answer);
            }
        }
        assert_small(&root.get(&format!("{path}/{long}")).await);
        for header in ["if-match", "if-none-match", "idempotency-key", "accept", "content-encoding", "x-unknown"] {
            let answer = root.post(path).header(header, &long).json(json!({})).await;
            assert_small(&answer);
        }
    }
    for path in ["/n", "/v1/notes", "/images/profile-photo", "/docs", "/v1/users/by-username", "/v1/contacts"] {
        assert_small(&root.get(&format!("{path}/{long}")).await);
    }
}
