//! Secrets Manager: secrets that the template names, with versions and stages, kept beside the database.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ledger::Call;
use super::policy::Need;
use super::reply::{Answer, Refusal};
use super::{Plan, Planned, StartError, Unplanned, locked};
use crate::clock::Clock;
use crate::template::SecretSpec;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// How many versions without a stage a secret keeps. AWS deletes the oldest ones, too, from about a hundred on.
const MOST_UNSTAGED: usize = 100;

/// The secrets of the template.
pub(super) struct Secrets {
    dir: Option<PathBuf>,
    clock: Clock,
    kept: Mutex<Vec<Secret>>,
}

struct Secret {
    spec: SecretSpec,
    /// By version id.
    versions: BTreeMap<String, Version>,
}

/// One value a secret has or had.
#[derive(Clone, Serialize, Deserialize)]
struct Version {
    /// The members `SecretString` or `SecretBinary` of the request.
    value: BTreeMap<String, String>,
    stages: Vec<String>,
    /// Seconds since the epoch, by the moved clock.
    created: f64,
}

/// A request that is understood.
#[derive(Debug)]
pub(super) struct Request {
    operation: Operation,
    body: Value,
    /// ARN of the secret, if there is such a secret.
    secret: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Get,
    Put,
}

impl Secrets {
    pub(super) fn open(data: Option<&Path>, specs: Vec<SecretSpec>, clock: &Clock) -> Result<Self, StartError> {
        let dir = data.map(|data| data.join("secrets"));
        if let Some(dir) = &dir {
            fs::create_dir_all(dir).map_err(|source| StartError::Data { path: dir.clone(), source })?;
        }
        let mut kept = Vec::new();
        for spec in specs {
            let versions = match &dir {
                Some(dir) => load(&file_of(dir, &spec))?,
                None => BTreeMap::new(),
            };
            kept.push(Secret { spec, versions });
        }
        Ok(Self { dir, clock: clock.clone(), kept: Mutex::new(kept) })
    }

    /// Reads a request. `secret_arn` is the ARN prefix of the account's secrets, up to the name.
    pub(super) fn plan(&self, action: &str, body: &[u8], secret_arn: &str) -> Planned {
        let operation = match action {
            "GetSecretValue" => Operation::Get,
            "PutSecretValue" => Operation::Put,
            _ => {
                let resources = vec![format!("{secret_arn}*")];
                return Err(Unplanned::Denied(Need {
                    action: format!("secretsmanager:{action}"),
                    resources,
                    keys: Vec::new(),
                }));
            }
        };
        let body: Value =
            serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))?;
        let id = body.get("SecretId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let kept = locked(&self.kept);
        let secret = kept
            .iter()
            .find(|secret| secret.spec.arn == id || secret.spec.name == id)
            .map(|secret| secret.spec.arn.clone());
        let resource = match &secret {
            Some(arn) => arn.clone(),
            None if id.starts_with("arn:") => id,
            None => format!("{secret_arn}{id}"),
        };
        let need = Need { action: format!("secretsmanager:{action}"), resources: vec![resource], keys: Vec::new() };
        Ok((Plan::Secret(Request { operation, body, secret }), vec![need], Call::default()))
    }

    pub(super) fn perform(&self, request: &Request) -> Result<Answer, Refusal> {
        let mut kept = locked(&self.kept);
        let secret = kept
            .iter_mut()
            .find(|secret| Some(&secret.spec.arn) == request.secret.as_ref())
            .ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))?;
        match request.operation {
            Operation::Get => secret.get(&request.body),
            Operation::Put => {
                let mut versions = secret.versions.clone();
                let answer = put(&mut versions, &secret.spec, &request.body, self.clock.now())?;
                if let Some(dir) = &self.dir {
                    save(&file_of(dir, &secret.spec), &versions)
                        .map_err(|error| Refusal::new("InternalServiceError", error.to_string()).with_status(500))?;
                }
                secret.versions = versions;
                Ok(answer)
            }
        }
    }
}

impl Secret {
    fn get(&self, body: &Value) -> Result<Answer, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let stage = text("VersionStage");
        let found = match text("VersionId") {
            Some(id) => {
                self.versions.get_key_value(id).filter(|(_, version)| stage.is_none_or(|stage| version.has(stage)))
            }
            None => self.versions.iter().find(|(_, version)| version.has(stage.unwrap_or(CURRENT))),
        };
        let (id, version) = found.ok_or_else(|| match text("VersionId") {
            Some(id) => {
                not_found(&format!("Secrets Manager can't find the specified secret value for VersionId: {id}"))
            }
            None => not_found(&format!(
                "Secrets Manager can't find the specified secret value for staging label: {}",
                stage.unwrap_or(CURRENT)
            )),
        })?;
        let mut answer = json!({
            "ARN": self.spec.arn, "Name": self.spec.name, "VersionId": id,
            "VersionStages": version.stages, "CreatedDate": version.created,
        });
        for (member, value) in &version.value {
            if let Some(object) = answer.as_object_mut() {
                object.insert(member.clone(), value.clone().into());
            }
        }
        Ok(Answer::json(&answer))
    }
}

impl Version {
    fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|own| own == stage)
    }
}

fn put(
    versions: &mut BTreeMap<String, Version>,
    spec: &SecretSpec,
    body: &Value,
    now: jiff::Timestamp,
) -> Result<Answer, Refusal> {
    let members = ["SecretString", "SecretBinary"].into_iter();
    let value: BTreeMap<String, String> =
        members.filter_map(|name| Some((name.to_owned(), body.get(name)?.as_str()?.to_owned()))).collect();
    if value.len() != 1 {
        return Err(Refusal::new("InvalidRequestException", "You must provide either SecretString or SecretBinary."));
    }
    let token = body.get("ClientRequestToken").and_then(Value::as_str);
    let id = token.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    match versions.get(&id) {
        // A repeated request changes nothing, even if another version is current by now.
        Some(version) if version.value == value => return Ok(written(spec, &id, &version.stages)),
        Some(_) => {
            let message =
                "You can't use ClientRequestToken because that value is already in use for a version of this secret.";
            return Err(Refusal::new("ResourceExistsException", message));
        }
        None => {}
    }
    let listed = body.get("VersionStages").and_then(Value::as_array).into_iter().flatten();
    let mut stages: Vec<String> = listed.filter_map(|stage| stage.as_str().map(str::to_owned)).collect();
    if stages.is_empty() {
        stages.push(CURRENT.to_owned());
    }
    let becomes_current = stages.iter().any(|stage| stage == CURRENT);
    for version in versions.values_mut() {
        let was_current = version.has(CURRENT);
        let moves = |stage: &String| stages.contains(stage) || (becomes_current && stage == PREVIOUS);
        version.stages.retain(|stage| !moves(stage));
        if was_current && becomes_current {
            version.stages.push(PREVIOUS.to_owned());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch fit")]
    let created = now.as_millisecond() as f64 / 1e3;
    let answer = written(spec, &id, &stages);
    versions.insert(id, Version { value, stages, created });
    forget_oldest(versions);
    Ok(answer)
}

/// Drops the oldest of too many versions without a stage.
fn forget_oldest(versions: &mut BTreeMap<String, Version>) {
    let mut unstaged: Vec<(f64, String)> = versions
        .iter()
        .filter(|(_, version)| version.stages.is_empty())
        .map(|(id, version)| (version.created, id.clone()))
        .collect();
    unstaged.sort_by(|one, other| one.0.total_cmp(&other.0));
    let surplus = unstaged.len().saturating_sub(MOST_UNSTAGED);
    for (_, id) in unstaged.into_iter().take(surplus) {
        versions.remove(&id);
    }
}

fn written(spec: &SecretSpec, id: &str, stages: &[String]) -> Answer {
    Answer::json(&json!({ "ARN": spec.arn, "Name": spec.name, "VersionId": id, "VersionStages": stages }))
}

fn not_found(message: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}

/// A name may hold slashes, a file name may not.
fn file_of(dir: &Path, spec: &SecretSpec) -> PathBuf {
    let name: String = spec.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    dir.join(format!("{name}.json"))
}

fn load(path: &Path) -> Result<BTreeMap<String, Version>, StartError> {
    let failed = |source| StartError::Data { path: path.to_owned(), source };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(failed(error)),
    }
}

/// Replaces the file at once; only its owner can read it.
fn save(path: &Path, versions: &BTreeMap<String, Version>) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(&serde_json::to_vec(versions)?)?;
    file.sync_all()?;
    fs::rename(fresh, path)
}
