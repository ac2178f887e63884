//! `main` of every function.

use crate::function::Running;
use crate::{Function, edge, job, log};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use std::process::ExitCode;

/// Runs a function on the Lambda runtime until the platform ends it. A missing setting is named on standard error and
/// ends the process with 1.
pub fn serve(function: Function) -> ExitCode {
    log::log_to_stdout();
    let env = std::env::vars().collect();
    // One thread: an instance has one request at a time and rarely more than one processor. Password hashing runs on
    // a blocking thread of its own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&function, &error.to_string()),
    };
    let served = runtime.block_on(async {
        let instance = function.start(&env).await.map_err(|error| error.to_string())?;
        let (app, work) = instance.into_parts();
        let ended = match work {
            Running::Http(router) => {
                let run = lambda_runtime::service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
                    let (app, router) = (app.clone(), router.clone());
                    async move { Ok::<_, lambda_runtime::Error>(edge::invoke(&app, &router, event).await) }
                });
                lambda_runtime::run(run).await
            }
            Running::Job(work) => {
                let run = lambda_runtime::service_fn(|event: LambdaEvent<Value>| {
                    let (app, work) = (app.clone(), work.clone());
                    async move {
                        let done = job::run(&app, &work, event.payload, &event.context.request_id).await;
                        done.map_err(|error| lambda_runtime::Error::from(error.0))
                    }
                });
                lambda_runtime::run(run).await
            }
        };
        ended.map_err(|error| error.to_string())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&function, &error),
    }
}

fn fail(function: &Function, error: &str) -> ExitCode {
    tracing::error!(name = function.operation(), error, "not started");
    eprintln!("{}: {error}", function.operation());
    ExitCode::FAILURE
}
