//! A function: one route or one job, from its declaration to an invocation.

use crate::expected::Expected;
use crate::job::JobCx;
use crate::{App, JobError, Setting, contract, edge};
use futures::future::{BoxFuture, Either};
use jiff::Timestamp;
use lambda_http::{Context, LambdaEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

/// JSON bodies are small.
const DEFAULT_BODY_LIMIT: usize = 64 * 1024;

/// Does a job: the event in, the answer out.
pub(crate) type Job = Arc<dyn Fn(JobCx, Value) -> BoxFuture<'static, Result<Value, JobError>> + Send + Sync>;

/// A Lambda function as the code has it. Its operation is also the name of its binary, its folder in the build and
/// its entry in the template.
#[derive(Clone)]
pub struct Function {
    operation: &'static str,
    needs: &'static [Setting],
    body_limit: usize,
    work: Work,
}

#[derive(Clone)]
enum Work {
    Route(fn() -> crate::Router),
    Unmatched(fn() -> axum::Router<App>),
    Job(Job),
}

/// What invokes a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The HTTP API, on one route.
    Http,
    /// The HTTP API, where no route matches.
    Unmatched,
    /// A schedule, a stream, or another function.
    Job,
}

/// Why a function does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A setting is not there.
    #[error("missing setting {0}: set this environment variable")]
    Missing(&'static str),
    /// A setting cannot be used.
    #[error("unusable setting {0}: {1}")]
    Unusable(&'static str, String),
}

/// An invocation without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvokeError(pub String);

impl Function {
    /// The function behind a route.
    pub fn route(operation: &'static str, needs: &'static [Setting], route: fn() -> crate::Router) -> Self {
        Self { operation, needs, body_limit: DEFAULT_BODY_LIMIT, work: Work::Route(route) }
    }

    /// The function behind everything that no route matches.
    pub fn unmatched(operation: &'static str, needs: &'static [Setting], router: fn() -> axum::Router<App>) -> Self {
        Self { operation, needs, body_limit: DEFAULT_BODY_LIMIT, work: Work::Unmatched(router) }
    }

    /// The same function for bodies of up to `bytes` instead of 64 KiB.
    #[must_use]
    pub fn taking_up_to(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// A job with a typed event and answer.
    pub fn job<Event, Answer, Done>(
        operation: &'static str,
        needs: &'static [Setting],
        job: impl Fn(JobCx, Event) -> Done + Copy + Send + Sync + 'static,
    ) -> Self
    where
        Event: DeserializeOwned + Send + 'static,
        Answer: Serialize,
        Done: Future<Output = Result<Answer, JobError>> + Send,
    {
        let typed = move |cx: JobCx, event: Value| -> BoxFuture<'static, Result<Value, JobError>> {
            Box::pin(async move {
                let event =
                    serde_json::from_value(event).map_err(|error| JobError(format!("event unreadable: {error}")))?;
                let answer = job(cx, event).await?;
                serde_json::to_value(answer).map_err(|error| JobError(format!("answer unwritable: {error}")))
            })
        };
        Self { operation, needs, body_limit: DEFAULT_BODY_LIMIT, work: Work::Job(Arc::new(typed)) }
    }

    /// Name of the operation.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// What invokes it.
    pub fn kind(&self) -> Kind {
        match self.work {
            Work::Route(_) => Kind::Http,
            Work::Unmatched(_) => Kind::Unmatched,
            Work::Job(_) => Kind::Job,
        }
    }

    /// Names of the environment variables that it needs beside AWS's own.
    pub fn settings(&self) -> Vec<&'static str> {
        self.needs.iter().map(|setting| setting.name()).collect()
    }

    /// The contract of its route; `None` for what is not in the contract.
    pub fn openapi(&self) -> Option<utoipa::openapi::OpenApi> {
        match self.work {
            Work::Route(route) => Some(contract::with_problems(route().into_openapi())),
            Work::Unmatched(_) | Work::Job(_) => None,
        }
    }

    /// Starts an instance with the settings and credentials in `env` and nothing else, and opens its connection to the
    /// table, so that the first request need not.
    pub async fn start(&self, env: &BTreeMap<String, String>) -> Result<Instance, StartError> {
        let (expected, work) = match &self.work {
            Work::Route(route) => {
                let (router, contract) = route().split_for_parts();
                (Expected::of(&contract), Either::Left(router))
            }
            Work::Unmatched(router) => (Expected::default(), Either::Left(router())),
            Work::Job(job) => (Expected::default(), Either::Right(job.clone())),
        };
        let app = App::start(self.operation, self.body_limit, expected, self.needs, env)?;
        app.connect().await;
        let work = match work {
            Either::Left(router) => Running::Http(router.with_state(app.clone())),
            Either::Right(job) => Running::Job(job),
        };
        Ok(Instance { app, work })
    }
}

/// A started function. It serves one invocation at a time.
#[derive(Clone)]
pub struct Instance {
    app: App,
    work: Running,
}

#[derive(Clone)]
pub(crate) enum Running {
    Http(axum::Router),
    Job(Job),
}

impl Instance {
    pub(crate) fn into_parts(self) -> (App, Running) {
        (self.app, self.work)
    }

    /// One invocation: the Lambda event in, the Lambda answer out.
    pub async fn invoke(&self, event: Value, request_id: &str, deadline: Timestamp) -> Result<Value, InvokeError> {
        match &self.work {
            Running::Job(job) => {
                crate::job::run(&self.app, job, event, request_id).await.map_err(|error| InvokeError(error.to_string()))
            }
            Running::Http(router) => {
                let event = serde_json::from_value(event).map_err(|error| InvokeError(error.to_string()))?;
                let mut context = Context::default();
                request_id.clone_into(&mut context.request_id);
                context.deadline = deadline.as_millisecond().unsigned_abs();
                let answer = edge::invoke(&self.app, router, LambdaEvent::new(event, context)).await;
                serde_json::to_value(answer).map_err(|error| InvokeError(error.to_string()))
            }
        }
    }
}
