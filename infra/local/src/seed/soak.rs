//! Whether a runner keeps its speed: one client writes on and on, and what the database takes for a write at the end is
//! compared with what it took at the beginning of the same run.

use std::io::Write;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::SeedError;
use super::kith::{Caller, Kith};

/// Who writes: one of the demo people.
const WRITER: &str = "mateo@example.org";
const ADDRESS: &str = "198.51.100.30";
/// Requests after which is measured. The runner keeps twice as many.
const MOST_AT_ONCE: usize = 1000;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Soaked {
    /// Writing requests.
    pub writes: usize,
    /// Median time on the database for one of the first tenth, in milliseconds.
    pub first: f64,
    /// The same of the last tenth.
    pub last: f64,
}

impl Soaked {
    /// How many times as long the last ones took as the first ones.
    pub fn ratio(self) -> f64 {
        self.last / self.first.max(f64::MIN_POSITIVE)
    }
}

/// Lets one client change a card `writes` times at the Kith at `url`, and tells `out` of each tenth.
pub async fn soak(url: &str, writes: usize, out: &mut (dyn Write + Send)) -> Result<Soaked, SeedError> {
    let log_ins = super::run(url, &mut std::io::sink()).await?;
    let password = log_ins.iter().find(|log_in| log_in.email == WRITER).map(|log_in| log_in.password.as_str());
    let mut sink = std::io::sink();
    let kith = Kith::find(url, &mut sink).await?;
    let mut mateo = Writer { kith, password: password.unwrap_or_default(), card: String::new(), me: nobody() };
    mateo.start().await?;

    let tenth = (writes / 10).max(1);
    let mut medians = Vec::new();
    // What comes first warms everything up.
    mateo.write(tenth.min(MOST_AT_ONCE), 0).await?;
    for part in 0..10 {
        let mut times = Vec::new();
        while times.len() < tenth {
            let count = (tenth - times.len()).min(MOST_AT_ONCE);
            times.extend(mateo.write(count, part * tenth + times.len() + MOST_AT_ONCE).await?);
        }
        let median = median(times);
        writeln!(out, "kith: {:>7} writes, median on the database {median:.3} ms", (part + 1) * tenth)?;
        medians.push(median);
    }
    let end = |median: Option<&f64>| median.copied().unwrap_or_default();
    Ok(Soaked { writes: tenth * 10, first: end(medians.first()), last: end(medians.last()) })
}

struct Writer<'a> {
    kith: Kith<'a>,
    password: &'a str,
    card: String,
    me: Caller,
}

fn nobody() -> Caller {
    Caller { address: ADDRESS, token: None }
}

impl Writer<'_> {
    async fn start(&mut self) -> Result<(), SeedError> {
        self.log_in().await?;
        let card = json!({"first_name": "Soak", "last_name": "Test", "met_at": "2026-01"});
        let made = self.kith.ask(&self.me, Method::POST, "/v1/contacts", Some(&card)).await?.success()?;
        made.get("id").and_then(Value::as_str).unwrap_or_default().clone_into(&mut self.card);
        Ok(())
    }

    async fn log_in(&mut self) -> Result<(), SeedError> {
        let body = json!({"login": WRITER, "password": self.password});
        let answer = self.kith.ask(&nobody(), Method::POST, "/v1/auth/login", Some(&body)).await?.success()?;
        self.me.token = answer.get("access_token").and_then(Value::as_str).map(str::to_owned);
        Ok(())
    }

    /// Changes the card so many times; the times on the database, in milliseconds.
    async fn write(&mut self, count: usize, from: usize) -> Result<Vec<f64>, SeedError> {
        for number in from..from + count {
            let change = json!({"spark": format!("We wrote {number} cards.")});
            let path = format!("/v1/contacts/{}", self.card);
            let mut answer = self.kith.ask(&self.me, Method::PATCH, &path, Some(&change)).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                // The token is over after a quarter of an hour.
                self.log_in().await?;
                answer = self.kith.ask(&self.me, Method::PATCH, &path, Some(&change)).await?;
            }
            answer.success()?;
        }
        let requests = self.kith.get(&nobody(), "/_kith/requests").await?;
        let is_write = |request: &&Value| request.get("operation").and_then(Value::as_str) == Some("update-contact");
        let requests = requests.as_array().into_iter().flatten().filter(is_write).take(count);
        Ok(requests.map(database_millis).collect())
    }
}

/// The time that a request spent on the database.
#[expect(clippy::cast_precision_loss, reason = "a request takes no days")]
fn database_millis(request: &Value) -> f64 {
    let calls = request.get("calls").and_then(Value::as_array).into_iter().flatten();
    let calls = calls.filter(|call| call.get("service").and_then(Value::as_str) == Some("dynamodb"));
    calls.filter_map(|call| call.get("micros")?.as_u64()).sum::<u64>() as f64 / 1000.0
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
