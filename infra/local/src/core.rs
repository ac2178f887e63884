//! What all parts of one running runner share.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::instances::{Failure, Pools, milliseconds};
use crate::jobs::{Deliveries, Outcomes};
use crate::requests::{Record, RequestLog};
use crate::state::State;
use crate::streams::Readers;
use crate::table::Table;
use crate::template::Template;
use crate::trim::Trimming;

/// One running runner.
pub(crate) struct Core {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) template: Template,
    pub(crate) aws: Arc<Aws>,
    pub(crate) table: Table,
    pub(crate) pools: Arc<Pools>,
    pub(crate) requests: RequestLog,
    pub(crate) deliveries: Deliveries,
    pub(crate) outcomes: Outcomes,
    pub(crate) readers: Readers,
    pub(crate) state: State,
    pub(crate) trimming: Trimming,
}

impl Core {
    /// Invokes a job and keeps a record of it; `route` says what started it.
    pub(crate) async fn run_job(
        &self,
        operation: &str,
        route: &str,
        event: Value,
        request_id: &str,
    ) -> Result<Value, Failure> {
        let began = Instant::now();
        let (result, run) = self.pools.invoke(operation, event, request_id, None).await;
        let status = if result.is_ok() { 200 } else { 500 };
        let duration = milliseconds(began.elapsed());
        self.outcomes.keep(operation, route, duration, &result, self.clock.now());
        self.requests.add(Record::new(
            request_id.to_owned(),
            route,
            None,
            status,
            duration,
            Some(run),
            self.clock.now(),
        ));
        result
    }
}
