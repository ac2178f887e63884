//! Sandboxes: instances of functions, started on demand, each serving one invocation at a time, reused while warm.

pub(crate) mod build;
mod in_process;
mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::aws::{Aws, Call};
use crate::clock::Clock;
use crate::other_aws::OtherAws;
use crate::runtime_api::RuntimeApi;
use crate::template::{FunctionSpec, REGION};

/// Sandboxes of a function in process, at most. They share the processors of one machine: with many more, a crowd that
/// hashes passwords on a busy machine would run into the function's own time limit.
const MOST_IN_PROCESS: usize = 16;
/// Processes of a function, at most.
const MOST_PROCESSES: usize = 8;
/// How long an invocation waits for a free sandbox before it is throttled. Lambda would start one for each at once; one
/// machine takes its time with a crowd.
const PATIENCE: Duration = Duration::from_mins(3);
/// How long a sandbox may take to start, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Payload and answer of an invocation, in bytes at most.
pub(crate) const PAYLOAD_LIMIT: usize = 6_291_556;

/// Why an invocation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Function(String),
    /// Its answer is larger than Lambda passes on; in bytes.
    #[error("Response payload size ({0} bytes) exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)")]
    TooLarge(usize),
    /// The sandbox died.
    #[error("the sandbox died: {0}")]
    Crashed(String),
    /// Lambda stopped it.
    #[error("stopped after {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// No sandbox was free in time.
    #[error("all sandboxes are busy")]
    Throttled,
    /// The sandbox did not start.
    #[error("the sandbox did not start: {0}")]
    NotStarted(String),
    /// There is no such function in the template or the code.
    #[error("there is no function {0}")]
    Unknown(String),
}

/// One invocation as measured.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) operation: String,
    pub(crate) invocation_id: String,
    /// Whether the function was invoked at all.
    pub(crate) started: bool,
    pub(crate) cold: bool,
    /// In the function, start-up included.
    pub(crate) function_ms: f64,
    pub(crate) memory_mib: u32,
    /// Calls to AWS; `None` where they go to another AWS and cannot be counted.
    pub(crate) calls: Option<Vec<Call>>,
}

/// What goes into a sandbox.
pub(crate) struct Invocation {
    pub(crate) event: Value,
    pub(crate) request_id: String,
    /// When the platform stops it, by the moved clock.
    pub(crate) deadline: jiff::Timestamp,
}

/// A running instance of a function.
enum Sandbox {
    InProcess(in_process::InProcess),
    Process(process::Process),
}

struct Warm {
    sandbox: Sandbox,
    /// Its own; `None` where all sandboxes share the credentials of another AWS.
    access_key: Option<String>,
    aws: Arc<Aws>,
}

impl Drop for Warm {
    fn drop(&mut self) {
        if let Some(access_key) = self.access_key.take() {
            self.aws.dismiss(&access_key);
        }
    }
}

/// How sandboxes of a function are started.
pub(crate) enum Launcher {
    /// In this process.
    InProcess(kith_http::Function),
    /// As the binary at this path.
    Process(PathBuf, Arc<RuntimeApi>),
}

/// A crash to come, for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The sandbox dies before the function begins.
    Before,
    /// The sandbox dies when the work is done and the answer is not yet out.
    After,
}

struct Pool {
    spec: FunctionSpec,
    launcher: Launcher,
    idle: Mutex<Vec<Warm>>,
    permits: Semaphore,
    crashes: Mutex<Vec<Crash>>,
}

impl Pool {
    /// A warm sandbox, the last used first; those that died while idle are dropped.
    fn take_warm(&self) -> Option<Warm> {
        let mut idle = locked(&self.idle);
        while let Some(warm) = idle.pop() {
            if warm.sandbox.is_alive() {
                return Some(warm);
            }
        }
        None
    }
}

/// The sandboxes of all functions.
pub(crate) struct Pools {
    by_operation: BTreeMap<String, Arc<Pool>>,
    aws: Arc<Aws>,
    /// Where tables and secrets are, if not on the runner's own side.
    other: Option<OtherAws>,
    clock: Clock,
    /// Told when an invocation may have written to the table.
    wrote: Vec<Arc<Notify>>,
}

impl Pools {
    /// Pools for `functions`; nothing is started yet. `wrote` is told after each invocation that wrote to the table.
    pub(crate) fn new(
        functions: Vec<(FunctionSpec, Launcher)>,
        aws: Arc<Aws>,
        other: Option<OtherAws>,
        clock: Clock,
        wrote: Vec<Arc<Notify>>,
    ) -> Self {
        let pools = functions.into_iter().map(|(spec, launcher)| {
            let most = if matches!(launcher, Launcher::InProcess(_)) { MOST_IN_PROCESS } else { MOST_PROCESSES };
            let pool = Pool {
                launcher,
                idle: Mutex::default(),
                permits: Semaphore::new(most),
                crashes: Mutex::default(),
                spec,
            };
            (pool.spec.operation.clone(), Arc::new(pool))
        });
        Self { by_operation: pools.collect(), aws, other, clock, wrote }
    }

    /// Lets the next `times` invocations of `operation` crash. Answers whether there is such a function.
    pub(crate) fn inject(&self, operation: &str, crash: Crash, times: u32) -> bool {
        let Some(pool) = self.by_operation.get(operation) else {
            return false;
        };
        locked(&pool.crashes).extend((0..times).map(|_| crash));
        true
    }

    /// Invokes `operation` to its end, also when the caller goes away. Tells `admitted` when a sandbox is free.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        operation: &str,
        event: Value,
        request_id: &str,
        admitted: Option<oneshot::Sender<()>>,
    ) -> (Result<Value, Failure>, Run) {
        let run = Run {
            operation: operation.to_owned(),
            invocation_id: request_id.to_owned(),
            started: false,
            cold: false,
            function_ms: 0.0,
            memory_mib: 0,
            calls: self.other.is_none().then(Vec::new),
        };
        let Some(pool) = self.by_operation.get(operation).map(Arc::clone) else {
            return (Err(Failure::Unknown(operation.to_owned())), run);
        };
        let pools = Arc::clone(self);
        let (lost, request_id) = (run.clone(), request_id.to_owned());
        let task = tokio::spawn(async move { pools.run(&pool, event, request_id, run, admitted).await });
        task.await.unwrap_or_else(|error| (Err(Failure::Crashed(error.to_string())), lost))
    }

    async fn run(
        &self,
        pool: &Pool,
        event: Value,
        request_id: String,
        mut run: Run,
        admitted: Option<oneshot::Sender<()>>,
    ) -> (Result<Value, Failure>, Run) {
        let Ok(Ok(_permit)) = tokio::time::timeout(PATIENCE, pool.permits.acquire()).await else {
            return (Err(Failure::Throttled), run);
        };
        // Whoever wanted to know may be gone.
        let _ = admitted.map(|admitted| admitted.send(()));
        let spec = &pool.spec;
        run.memory_mib = spec.memory_mib;
        let began = Instant::now();
        let warm = pool.take_warm();
        run.cold = warm.is_none();
        let mut warm = match warm {
            Some(warm) => warm,
            None => match self.launch(pool).await {
                Ok(warm) => warm,
                Err(failure) => {
                    tracing::error!(operation = %spec.operation, %failure, "a sandbox did not start");
                    run.function_ms = milliseconds(began.elapsed());
                    return (Err(failure), run);
                }
            },
        };
        run.started = true;
        let crash = locked(&pool.crashes).pop();
        let timeout = spec.timeout;
        let wait = jiff::SignedDuration::try_from(timeout).unwrap_or_default();
        let deadline = self.clock.now().saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
        if let Some(access_key) = &warm.access_key {
            self.aws.begin(access_key, &request_id);
        }
        let invocation = Invocation { event, request_id, deadline };
        let result = if crash == Some(Crash::Before) {
            Err(Failure::Crashed("injected, before the work".to_owned()))
        } else {
            tokio::time::timeout(timeout, warm.sandbox.invoke(invocation))
                .await
                .unwrap_or(Err(Failure::TimedOut(timeout)))
        };
        let result = if crash == Some(Crash::After) {
            Err(Failure::Crashed("injected, after the work".to_owned()))
        } else {
            result.and_then(within_limit)
        };
        run.function_ms = milliseconds(began.elapsed());
        run.calls = warm.access_key.as_ref().map(|access_key| self.aws.finish(access_key));
        // An error that the function answered leaves the sandbox as it is; everything else ends it.
        if matches!(result, Ok(_) | Err(Failure::Function(_) | Failure::TooLarge(_))) {
            locked(&pool.idle).push(warm);
        }
        if let Err(failure) = &result {
            tracing::warn!(operation = %spec.operation, invocation_id = %run.invocation_id, %failure, "an invocation failed");
        }
        if run.calls.as_ref().is_none_or(|calls| calls.iter().any(|call| call.write_units > 0.0)) {
            self.wrote.iter().for_each(|reader| reader.notify_one());
        }
        (result, run)
    }

    async fn launch(&self, pool: &Pool) -> Result<Warm, Failure> {
        let spec = &pool.spec;
        let mut environment = spec.environment.clone();
        let access_key = if let Some(other) = &self.other {
            environment.extend(other.environment(self.aws.url()));
            None
        } else {
            let credentials = self.aws.admit(&spec.operation, Arc::clone(&spec.policy));
            environment.extend([
                ("AWS_REGION".to_owned(), REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key.clone()),
                ("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_key),
                ("AWS_ENDPOINT_URL".to_owned(), self.aws.url()),
            ]);
            Some(credentials.access_key)
        };
        let start = async {
            match &pool.launcher {
                Launcher::InProcess(function) => {
                    in_process::InProcess::start(function, &environment).await.map(Sandbox::InProcess)
                }
                Launcher::Process(binary, api) => {
                    process::Process::start(binary, api, spec, environment).await.map(Sandbox::Process)
                }
            }
        };
        let sandbox = tokio::time::timeout(INIT_TIMEOUT, start)
            .await
            .unwrap_or_else(|_| Err(Failure::NotStarted("it took longer than 10 seconds".to_owned())))?;
        Ok(Warm { sandbox, access_key, aws: Arc::clone(&self.aws) })
    }

    /// Ends all sandboxes that are idle; the ones at work end with their invocation.
    pub(crate) fn shut_down(&self) {
        for pool in self.by_operation.values() {
            pool.permits.close();
            locked(&pool.idle).clear();
        }
    }
}

/// The answer, if Lambda passes it on.
fn within_limit(answer: Value) -> Result<Value, Failure> {
    match size_of(&answer) {
        size if size > PAYLOAD_LIMIT => Err(Failure::TooLarge(size)),
        _ => Ok(answer),
    }
}

/// Bytes of JSON, without writing them down.
pub(crate) fn size_of(value: &Value) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither counting nor writing a value can fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

impl Sandbox {
    fn is_alive(&self) -> bool {
        match self {
            Self::InProcess(_) => true,
            Self::Process(sandbox) => sandbox.is_alive(),
        }
    }

    async fn invoke(&mut self, invocation: Invocation) -> Result<Value, Failure> {
        match self {
            Self::InProcess(sandbox) => sandbox.invoke(invocation).await,
            Self::Process(sandbox) => sandbox.invoke(invocation).await,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h11_what_lambda_would_not_pass_on_is_a_failure() {
        let answer = |length: usize| serde_json::json!({"statusCode": 200, "body": "x".repeat(length)});
        let frame = size_of(&answer(0));
        assert_eq!(frame, answer(0).to_string().len());
        assert!(within_limit(answer(PAYLOAD_LIMIT - frame)).is_ok());
        let failure = within_limit(answer(PAYLOAD_LIMIT - frame + 1)).unwrap_err();
        assert!(matches!(failure, Failure::TooLarge(size) if size == PAYLOAD_LIMIT + 1), "{failure}");
        // What JSON has to escape counts as it is written.
        assert!(within_limit(serde_json::json!({"body": "\u{1}".repeat(PAYLOAD_LIMIT / 5)})).is_err());
    }
}
