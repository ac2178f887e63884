//! A sandbox that is a process of its own: the function's real binary against the local Runtime API.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::{Failure, Invocation};
use crate::runtime_api::{RuntimeApi, Session};
use crate::template::FunctionSpec;

pub(super) struct Process {
    session: Session,
    /// Dropping it ends the process.
    _kill: oneshot::Sender<()>,
}

impl Process {
    /// Starts the binary and waits until it asks for its first invocation.
    pub(super) async fn start(
        binary: &Path,
        api: &Arc<RuntimeApi>,
        spec: &FunctionSpec,
        mut environment: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let mut session = api.open(&spec.arn);
        environment.extend([
            ("AWS_LAMBDA_RUNTIME_API".to_owned(), session.address().to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME".to_owned(), spec.name.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), spec.memory_mib.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION".to_owned(), "$LATEST".to_owned()),
        ]);
        let mut command = Command::new(binary);
        command.env_clear().envs(&environment).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().map_err(|error| Failure::NotStarted(format!("{}: {error}", binary.display())))?;
        let (kill, killed) = oneshot::channel();
        tokio::spawn(watch(child, killed, session.ender()));
        session.ready().await?;
        Ok(Self { session, _kill: kill })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.session.is_alive()
    }

    pub(super) async fn invoke(&mut self, invocation: Invocation) -> Result<Value, Failure> {
        self.session.invoke(invocation).await
    }
}

/// Passes the log lines on, reaps the process, and tells the session when it has ended.
async fn watch(mut child: Child, killed: oneshot::Receiver<()>, session: crate::runtime_api::Ender) {
    let lines = child.stdout.take().map(|stdout| tokio::spawn(pass_on(stdout)));
    tokio::select! {
        status = child.wait() => session.end(&status.map_or_else(|error| error.to_string(), |status| status.to_string())),
        _ = killed => {
            // It may have ended already; then there is nothing to kill.
            let _ = child.kill().await;
            session.end("stopped");
        }
    }
    if let Some(lines) = lines {
        let _ = lines.await;
    }
}

/// Copies whole lines, so that lines of several processes do not mix.
async fn pass_on(stdout: tokio::process::ChildStdout) {
    let mut lines = BufReader::new(stdout).lines();
    let mut out = tokio::io::stdout();
    while let Ok(Some(mut line)) = lines.next_line().await {
        line.push('\n');
        if out.write_all(line.as_bytes()).await.is_err() || out.flush().await.is_err() {
            return;
        }
    }
}
