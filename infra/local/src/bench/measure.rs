//! Measures one function.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::people::{Person, World};
use super::requests::{Request, Typical};
use super::sandbox::{Launch, Measured, Sandbox};
use super::statistics::Middle;
use super::{BenchError, EMPTY, Ground};
use crate::aws::Call;
use crate::price::Usage;

/// Pairs of starts; one more before them warms the page cache.
const STARTS: usize = 30;
/// Invocations that bring an instance to where it stays.
const WARM_UP: usize = 10;
/// Pairs of warm invocations.
const WARM: usize = 200;
/// The same where each needs a person of its own, who takes up to three hashes to make.
const WARM_ONCE: usize = 60;

/// What was measured of one function.
#[derive(Clone, Debug)]
pub struct Row {
    /// The function.
    pub operation: String,
    /// Size of the release binary in bytes.
    pub binary_bytes: u64,
    /// Size of the deployment zip in bytes.
    pub zip_bytes: u64,
    /// Process start to first answer without the time of its calls, in milliseconds.
    pub start_millis: Middle,
    /// The same divided by the empty function's, pair by pair.
    pub start_ratio: Middle,
    /// Warm, in the function without its database calls, in milliseconds.
    pub own_millis: Middle,
    /// The same divided by the empty function's time from event to answer, pair by pair.
    pub own_ratio: Middle,
    /// Warm, from event to answer, in milliseconds.
    pub warm_millis: Middle,
    /// The most memory that the process had, in bytes.
    pub peak_bytes: u64,
    /// Database calls.
    pub database_calls: f64,
    /// Read request units.
    pub read_units: f64,
    /// Write request units.
    pub write_units: f64,
    /// What is sent to the client, in bytes; 0 for jobs.
    pub egress_bytes: f64,
    /// Price on AWS, in US dollars.
    pub price_usd: f64,
    /// Whether it hashes passwords.
    pub hashes: bool,
    /// Whether it decodes or draws pictures.
    pub pictures: bool,
    /// The empty function's starts, in milliseconds, in the order in which they were made.
    pub(super) empty_starts: Vec<f64>,
    /// The empty function's time from event to answer, in milliseconds.
    pub(super) empty_warm: Vec<f64>,
}

impl Row {
    /// The better start and the better own time of two measurements of the same function.
    pub(super) fn or_faster(self, other: Self) -> Self {
        let start = if other.start_ratio.median < self.start_ratio.median { &other } else { &self };
        let own = if other.own_ratio.median < self.own_ratio.median { &other } else { &self };
        Self {
            start_millis: start.start_millis,
            start_ratio: start.start_ratio,
            own_millis: own.own_millis,
            own_ratio: own.own_ratio,
            ..self.clone()
        }
    }
}

/// Measures a function in a world of its own.
pub(super) async fn measure(ground: &Ground, typical: &Typical) -> Result<Row, BenchError> {
    let operation = typical.operation;
    let spec = ground.template.functions.get(operation);
    let spec = spec.ok_or_else(|| BenchError::function(operation, "it is not in the template".to_owned()))?;
    let binary = ground.binary(operation)?;
    let (binary_bytes, zip_bytes) =
        sizes(binary).map_err(|error| BenchError::function(operation, error.to_string()))?;

    let mut world = World::start(ground).await?;
    let mut people = People::new(typical);
    let (starts, empty_starts) = starts(ground, &mut world, &mut people).await?;
    let warm = warm(ground, &mut world, &mut people).await?;

    let middle = |of: &dyn Fn(&(Measured, f64)) -> f64| Middle::of(warm.pairs.iter().map(of));
    let own = |measured: &Measured| measured.own_millis().unwrap_or_default();
    let warm_millis = middle(&|(function, _)| function.millis);
    let sum = |of: &dyn Fn(&Call) -> f64| middle(&|(function, _)| function.calls.iter().map(of).sum()).median;
    let (read_units, write_units) = (sum(&|call| call.read_units), sum(&|call| call.write_units));
    let is_http = matches!(typical.request, Request::Http { .. });
    let egress_bytes = if is_http { middle(&|(function, _)| function.egress_bytes()).median } else { 0.0 };
    let usage = Usage {
        gateway_requests: f64::from(u8::from(is_http)),
        invocations: 1.0,
        function_ms: warm_millis.median,
        memory_mib: spec.memory_mib,
        read_units,
        write_units,
        object_puts: sum(&Call::object_puts),
        object_gets: sum(&Call::object_gets),
        egress_bytes,
        ..Usage::default()
    };
    Ok(Row {
        operation: operation.to_owned(),
        binary_bytes,
        zip_bytes,
        start_millis: Middle::of(starts.iter().map(|(function, _)| *function)),
        start_ratio: Middle::of(starts.iter().map(|(function, empty)| function / empty)),
        own_millis: middle(&|(function, _)| own(function)),
        own_ratio: middle(&|(function, empty)| own(function) / empty),
        warm_millis,
        peak_bytes: warm.peak_bytes,
        database_calls: middle(&|(function, _)| function.database_calls()).median,
        read_units,
        write_units,
        egress_bytes,
        price_usd: usage.price_usd(),
        hashes: typical.hashes,
        pictures: typical.pictures,
        empty_starts,
        empty_warm: warm.pairs.iter().map(|(_, empty)| *empty).collect(),
    })
}

/// Starts both again and again. Answers the pairs of the quiet half, without the time of the function's calls, and all
/// times of the empty function in their order; in milliseconds.
async fn starts(
    ground: &Ground,
    world: &mut World<'_>,
    people: &mut People<'_>,
) -> Result<(Vec<(f64, f64)>, Vec<f64>), BenchError> {
    let operation = people.typical.operation;
    let (mut pairs, mut empty_starts) = (Vec::new(), Vec::new());
    for round in 0..=STARTS {
        people.prepare(world, 1).await?;
        let empty = first_of_empty(ground, world).await?;
        let mut sandbox = world.start_function(operation)?;
        let first = people.invoke(world, &mut sandbox, &people.typical.request.small()).await?;
        sandbox.stop().await;
        // Hashing is slow on purpose and no part of starting, nor is a picture; it is nearly all that such a function does.
        let works = people.typical.hashes || people.typical.pictures;
        let left_out = if works { first.work_millis() } else { first.calls_millis() };
        let function = first.since_start - left_out.ok_or_else(|| unlogged(operation))?;
        if round > 0 {
            pairs.push((function, empty));
            empty_starts.push(empty);
        }
    }
    Ok((quiet_half(pairs, |(function, empty)| function + empty), empty_starts))
}

/// The half of the pairs that took least time: whatever else the machine did made the others longer, and the longer
/// of the two more often.
fn quiet_half<T>(mut pairs: Vec<T>, time: impl Fn(&T) -> f64) -> Vec<T> {
    pairs.sort_by(|one, other| time(one).total_cmp(&time(other)));
    pairs.truncate(pairs.len().div_ceil(2));
    pairs
}

fn unlogged(operation: &str) -> BenchError {
    BenchError::function(operation, "its log line has no `millis` and `database_millis`".to_owned())
}

struct Warm {
    /// Of the quiet half: the function's invocation and the empty function's time from event to answer right before.
    pairs: Vec<(Measured, f64)>,
    peak_bytes: u64,
}

async fn warm(ground: &Ground, world: &mut World<'_>, people: &mut People<'_>) -> Result<Warm, BenchError> {
    let counted = if people.typical.once { WARM_ONCE } else { WARM };
    people.prepare(world, WARM_UP + counted).await?;
    let mut empty = start_empty(ground)?;
    let mut sandbox = world.start_function(people.typical.operation)?;
    let mut pairs = Vec::new();
    for round in 0..WARM_UP + counted {
        let empty = invoke_empty(ground, world, &mut empty).await?.millis;
        let measured = people.invoke(world, &mut sandbox, &people.typical.request).await?;
        if measured.own_millis().is_none() {
            return Err(unlogged(people.typical.operation));
        }
        if round >= WARM_UP {
            pairs.push((measured, empty));
        }
    }
    let peak_bytes = sandbox.peak_bytes()?;
    sandbox.stop().await;
    empty.stop().await;
    Ok(Warm { pairs: quiet_half(pairs, |(function, empty)| function.millis + empty), peak_bytes })
}

/// Who sends a typical request: one person again and again, or each time the next.
struct People<'a> {
    typical: &'a Typical,
    waiting: Vec<Person>,
}

impl<'a> People<'a> {
    fn new(typical: &'a Typical) -> Self {
        Self { typical, waiting: Vec::new() }
    }

    /// Makes whoever is needed for so many invocations.
    async fn prepare(&mut self, world: &mut World<'_>, invocations: usize) -> Result<(), BenchError> {
        let needed = if self.typical.once { invocations } else { 1 };
        while self.waiting.len() < needed {
            let person = world.person(self.typical.by).await?;
            self.waiting.push(person);
        }
        Ok(())
    }

    /// Sends the request and checks that it was answered as it should be.
    async fn invoke(
        &mut self,
        world: &mut World<'_>,
        sandbox: &mut Sandbox,
        request: &Request,
    ) -> Result<Measured, BenchError> {
        let operation = self.typical.operation;
        let nobody = || BenchError::function(operation, "nobody is left to send its request".to_owned());
        let person = self.waiting.pop().ok_or_else(nobody)?;
        world.pass(self.typical.days_apart);
        let event = world.event(request, &person)?;
        let measured = sandbox.invoke(&world.aws, event, world.now()).await?;
        if !self.typical.once {
            self.waiting.push(person);
        }
        let status = measured.answer.get("statusCode").and_then(Value::as_u64);
        if matches!(self.typical.request, Request::Http { .. }) && status != Some(u64::from(self.typical.status)) {
            let (expected, answer, log) = (self.typical.status, &measured.answer, &measured.log);
            let why = format!("its typical request was not answered by {expected} but {answer}; it logged {log}");
            return Err(BenchError::function(operation, why));
        }
        Ok(measured)
    }
}

const TO_EMPTY: Request = Request::Http { method: "GET", path: "/", headers: &[], body: "" };

fn start_empty(ground: &Ground) -> Result<Sandbox, BenchError> {
    let launch = Launch {
        binary: ground.binary(EMPTY)?,
        arn: "arn:aws:lambda:::function:empty",
        memory_mib: 256,
        environment: BTreeMap::new(),
        access_key: EMPTY.to_owned(),
        logs: false,
    };
    Sandbox::start(EMPTY, launch, &ground.api)
}

async fn invoke_empty(ground: &Ground, world: &World<'_>, sandbox: &mut Sandbox) -> Result<Measured, BenchError> {
    let event = world.event(&TO_EMPTY, &ground.nobody)?;
    let measured = sandbox.invoke(&world.aws, event, world.now()).await?;
    match measured.answer.get("statusCode").and_then(Value::as_u64) {
        Some(200) => Ok(measured),
        _ => Err(BenchError::function(EMPTY, format!("it answered {}", measured.answer))),
    }
}

/// The empty function's time from process start to first answer, in milliseconds.
async fn first_of_empty(ground: &Ground, world: &World<'_>) -> Result<f64, BenchError> {
    let mut sandbox = start_empty(ground)?;
    let first = invoke_empty(ground, world, &mut sandbox).await?;
    sandbox.stop().await;
    Ok(first.since_start)
}

/// Bytes of a binary, and of the zip in which it is deployed.
fn sizes(binary: &Path) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let bytes = std::fs::read(binary)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o755);
    zip.start_file("bootstrap", options)?;
    zip.write_all(&bytes)?;
    let zip = zip.finish()?.into_inner();
    Ok((u64::try_from(bytes.len())?, u64::try_from(zip.len())?))
}
