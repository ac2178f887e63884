//! `cargo kith up`.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use kith_local::{Kith, Options, OtherAws, project_root};
use tokio::signal::unix::{SignalKind, signal};

use super::Done;

/// How to run.
#[derive(clap::Args)]
pub(crate) struct Up {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Keep table, objects, secrets, mails and clock in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    data: Option<PathBuf>,
    /// Keep everything in memory (the default)
    #[arg(long)]
    memory: bool,
    /// Run each function as its own process, from the binary that is deployed
    #[arg(long)]
    processes: bool,
    /// Take the functions' binaries from this folder instead of building them
    #[arg(long, value_name = "DIR", requires = "processes", conflicts_with = "release")]
    binaries: Option<PathBuf>,
    /// Build with the release profile
    #[arg(long)]
    release: bool,
    /// Let this share of database calls go wrong, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    faults: f64,
    /// Keep tables, objects and secrets in another emulator, or in AWS, with the credentials of the usual variables
    #[arg(long, value_name = "URL", conflicts_with = "faults", value_parser = address)]
    aws_endpoint: Option<String>,
}

fn address(text: &str) -> Result<String, String> {
    let is_url = ["http://", "https://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if is_url { Ok(text.to_owned()) } else { Err("an address such as http://127.0.0.1:4566 is needed".to_owned()) }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.0..=1.0).contains(rate))
        .ok_or_else(|| "a number from 0 to 1 is needed".to_owned())
}

impl Up {
    pub(crate) fn run(self) -> Done {
        // In process, the functions are part of this binary: it has to be the optimised one itself.
        if self.release && !self.processes && cfg!(debug_assertions) {
            return Err(release()?.into());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let code = runtime.block_on(self.serve());
        // What hangs must not keep the process; children are ended with the runtime.
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        code
    }

    async fn serve(self) -> Done {
        kith_http::log_to_stdout();
        let mut terminated = signal(SignalKind::terminate())?;
        let options = Options {
            port: self.port,
            data: self.data.clone(),
            processes: self.processes,
            release: self.release,
            binaries: self.binaries.clone(),
            fault_rate: self.faults,
            other_aws: self.aws_endpoint.as_deref().map(|url| OtherAws::new(url, |name| std::env::var(name).ok())),
            ..Options::default()
        };
        let kith = tokio::select! {
            started = Kith::start(options) => started?,
            _ = terminated.recv() => return Ok(ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        };
        let admins = kith.template().functions.values().find_map(|function| function.environment.get("ADMIN_EMAILS"));
        self.announce(kith.url(), admins.map_or("nobody", String::as_str))?;
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        kith.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }

    fn announce(&self, url: &str, admins: &str) -> std::io::Result<()> {
        let data = self
            .data
            .as_ref()
            .map_or_else(|| "in memory; --data DIR keeps it".to_owned(), |data| data.display().to_string());
        let mut out = std::io::stdout().lock();
        writeln!(out, "kith: listening on {url}")?;
        writeln!(out, "kith: helpers  {url}/_kith/        requests, mails, jobs")?;
        writeln!(out, "kith: mails    {url}/_kith/mails")?;
        writeln!(out, "kith: clock    {url}/_kith/clock   POST {{\"advance\": \"7d\"}} moves it")?;
        writeln!(out, "kith: docs     {url}/docs")?;
        writeln!(out, "kith: admins   whoever confirms one of {admins}")?;
        writeln!(out, "kith: data     {data}")?;
        if let Some(other) = &self.aws_endpoint {
            writeln!(out, "kith: aws      {other} keeps tables, objects and secrets; mails stay here")?;
        }
        out.flush()
    }
}

/// Becomes the release build of this command; only an error returns.
fn release() -> Result<std::io::Error, kith_local::KithError> {
    let root = project_root()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let manifest = root.join("Cargo.toml");
    command.arg("run").arg("--release").arg("--manifest-path").arg(manifest).args([
        "--package",
        "kith-local",
        "--bin",
        "kith",
        "--",
    ]);
    Ok(command.args(std::env::args_os().skip(1)).exec())
}
