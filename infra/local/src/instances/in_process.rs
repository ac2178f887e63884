//! A sandbox in this process. A panic ends the sandbox and nothing else.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{Failure, Invocation};

pub(super) struct InProcess {
    instance: Arc<kith_http::Instance>,
}

impl InProcess {
    pub(super) async fn start(
        function: &kith_http::Function,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let started = AssertUnwindSafe(function.start(environment)).catch_unwind().await;
        match started {
            Ok(Ok(instance)) => Ok(Self { instance: Arc::new(instance) }),
            Ok(Err(error)) => Err(Failure::NotStarted(error.to_string())),
            Err(_) => Err(Failure::NotStarted("it panicked".to_owned())),
        }
    }

    /// Invokes on a thread of its own: the future of an invocation is not `Send` (an adapter of the runtime is in it), and
    /// a handler that computes for long must not hold up the runner.
    pub(super) async fn invoke(&self, invocation: Invocation) -> Result<Value, Failure> {
        let Invocation { event, request_id, deadline } = invocation;
        let instance = Arc::clone(&self.instance);
        let runtime = Handle::current();
        // Dropped with this future when the time is over, which ends the invocation where it next waits.
        let (_stop, stopped) = oneshot::channel::<()>();
        let thread = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    answer = instance.invoke(event, &request_id, deadline) => Some(answer),
                    _ = stopped => None,
                }
            })
        });
        match thread.await {
            Ok(Some(answer)) => answer.map_err(|error| Failure::Function(error.to_string())),
            Ok(None) => Err(Failure::Crashed("it was stopped".to_owned())),
            Err(_) => Err(Failure::Crashed("it panicked".to_owned())),
        }
    }
}
