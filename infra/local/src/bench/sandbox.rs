//! A function's process against the local Runtime API, with what can be measured of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::BenchError;
use crate::aws::{Aws, Call};
use crate::front::answer::{egress_bytes, from_function};
use crate::instances::{Invocation, milliseconds};
use crate::jobs::new_id;
use crate::runtime_api::{RuntimeApi, Session};

/// What the function's log may lag behind its answer.
const LOG_PATIENCE: Duration = Duration::from_secs(2);
/// An invocation that takes longer fails the bench.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a process is started with.
pub(super) struct Launch<'a> {
    pub(super) binary: &'a Path,
    /// ARN of the function.
    pub(super) arn: &'a str,
    pub(super) memory_mib: u32,
    /// Its settings, and where AWS is.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) access_key: String,
    /// Whether it logs its invocations; the empty function does not.
    pub(super) logs: bool,
}

/// A running process.
pub(super) struct Sandbox {
    operation: String,
    began: Instant,
    /// Before the session, so that the process is dead before its poll breaks.
    child: Child,
    session: Session,
    log: Option<UnboundedReceiver<Value>>,
    access_key: String,
}

/// One invocation as measured.
pub(super) struct Measured {
    pub(super) answer: Value,
    /// From the event's hand-over to the answer, in milliseconds.
    pub(super) millis: f64,
    /// From the start of the process to the answer, in milliseconds. Says something about the first invocation only.
    pub(super) since_start: f64,
    /// What it called.
    pub(super) calls: Vec<Call>,
    /// The function's own log line about the invocation; null if it writes none.
    pub(super) log: Value,
}

impl Measured {
    /// Time of its work, from the request's arrival in our code to the answer, in milliseconds, by its own clock.
    pub(super) fn work_millis(&self) -> Option<f64> {
        self.log.get("millis")?.as_f64()
    }

    /// Time of its calls, in milliseconds: those to the database by its own clock, as its log has them on AWS, too. It
    /// does not measure calls to other services: of those it is the time on the AWS side, and as much around each as
    /// there is around a database call.
    pub(super) fn calls_millis(&self) -> Option<f64> {
        let database_millis = self.log.get("database_millis")?.as_f64()?;
        let (database, others): (Vec<&Call>, Vec<&Call>) =
            self.calls.iter().partition(|call| call.service == "dynamodb");
        let around = (database_millis - aws_millis(&database)).max(0.0) / count(&database).max(1.0);
        Some(database_millis + aws_millis(&others) + around * count(&others))
    }

    /// Time of its work without its calls, in milliseconds.
    pub(super) fn own_millis(&self) -> Option<f64> {
        // Calls to other services made at the same time count one by one, so that nothing may be left.
        Some((self.work_millis()? - self.calls_millis()?).max(0.0))
    }

    /// What its answer would send to the client, in bytes.
    pub(super) fn egress_bytes(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no answer is that long")]
        let bytes = egress_bytes(&from_function(&self.answer, false)) as f64;
        bytes
    }

    /// How many calls it made to the database.
    pub(super) fn database_calls(&self) -> f64 {
        count(&self.calls.iter().filter(|call| call.service == "dynamodb").collect::<Vec<_>>())
    }
}

/// Time of calls on the AWS side, in milliseconds.
fn aws_millis(calls: &[&Call]) -> f64 {
    calls.iter().map(|call| milliseconds(Duration::from_micros(call.micros))).sum()
}

fn count(calls: &[&Call]) -> f64 {
    f64::from(u32::try_from(calls.len()).unwrap_or(u32::MAX))
}

impl Sandbox {
    /// Starts the process of `operation` and does not wait for it.
    pub(super) fn start(operation: &str, launch: Launch<'_>, api: &Arc<RuntimeApi>) -> Result<Self, BenchError> {
        let session = api.open(launch.arn);
        let mut environment = launch.environment;
        environment.extend(
            [
                ("AWS_LAMBDA_RUNTIME_API", session.address().to_owned()),
                ("AWS_LAMBDA_FUNCTION_NAME", operation.to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", launch.memory_mib.to_string()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut command = Command::new(launch.binary);
        command.env_clear().envs(&environment).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let began = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| BenchError::function(operation, format!("{}: {error}", launch.binary.display())))?;
        let (sender, receiver) = unbounded_channel();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read_log(stdout, sender));
        }
        Ok(Self {
            operation: operation.to_owned(),
            began,
            session,
            child,
            log: launch.logs.then_some(receiver),
            access_key: launch.access_key,
        })
    }

    /// Invokes it; the event waits until the process asks for it.
    pub(super) async fn invoke(
        &mut self,
        aws: &Aws,
        event: Value,
        now: jiff::Timestamp,
    ) -> Result<Measured, BenchError> {
        let request_id = new_id();
        let patience = jiff::SignedDuration::try_from(PATIENCE).unwrap_or_default();
        let invocation = Invocation {
            event,
            request_id: request_id.clone(),
            deadline: now.saturating_add(patience).unwrap_or(jiff::Timestamp::MAX),
        };
        aws.begin(&self.access_key, &request_id);
        let handed_over = Instant::now();
        let done = tokio::select! {
            done = tokio::time::timeout(PATIENCE, self.session.invoke(invocation)) => done,
            status = self.child.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(BenchError::function(&self.operation, format!("the process ended: {status}")));
            }
        };
        let (millis, since_start) = (milliseconds(handed_over.elapsed()), milliseconds(self.began.elapsed()));
        let calls = aws.finish(&self.access_key);
        let answer = match done {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return Err(BenchError::function(&self.operation, failure.to_string())),
            Err(_) => return Err(BenchError::function(&self.operation, "no answer in 10 seconds".to_owned())),
        };
        Ok(Measured { answer, millis, since_start, calls, log: self.logged().await? })
    }

    async fn logged(&mut self) -> Result<Value, BenchError> {
        let Some(log) = &mut self.log else {
            return Ok(Value::Null);
        };
        loop {
            match tokio::time::timeout(LOG_PATIENCE, log.recv()).await {
                Ok(Some(line)) if line.get("millis").is_some() => return Ok(line),
                Ok(Some(_)) => {}
                _ => return Err(BenchError::function(&self.operation, "it logged no `millis`".to_owned())),
            }
        }
    }

    /// The most memory that the process has had so far, in bytes.
    pub(super) fn peak_bytes(&self) -> Result<u64, BenchError> {
        let unknown = || BenchError::function(&self.operation, "its peak memory is not to be had".to_owned());
        let id = self.child.id().ok_or_else(unknown)?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).map_err(|_| unknown())?;
        peak_of(&status).ok_or_else(unknown)
    }

    /// Ends the process and waits until it has gone, so that it takes no time from the next.
    pub(super) async fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }
}

async fn read_log(stdout: ChildStdout, lines: UnboundedSender<Value>) {
    let mut from = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = from.next_line().await {
        // What is no JSON is none of ours.
        if lines.send(serde_json::from_str(&line).unwrap_or_default()).is_err() {
            return;
        }
    }
}

/// `VmHWM` of a `/proc/PID/status`, in bytes.
fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"), Some(12_345 * 1024));
        assert_eq!(peak_of("Name:\tx\n"), None);
    }
}
