//! Composition: a whole running Kith.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::response::Redirect;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use axum::{Router, middleware};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::aws::{Aws, AwsOptions, RestOptions};
use crate::clock::Clock;
use crate::core::Core;
use crate::front::{self, Gateway};
use crate::instances::{Launcher, Pools, build};
use crate::jobs::{self, Deliveries, Outcomes};
use crate::other_aws::{Caller, OtherAws};
use crate::requests::RequestLog;
use crate::routes::{self, PACKAGES};
use crate::runtime_api::RuntimeApi;
use crate::settle::{self, Unsettled};
use crate::state::{OtherLayout, State, StateError};
use crate::streams::Readers;
use crate::table::Table;
use crate::template::{FunctionSpec, Sources, Template, TemplateError};
use crate::trim::Trimming;
use crate::{guard, kith_api, streams, trim};

/// How often expired items are deleted, in the machine's time. The cloud promises no more than "within days".
const SWEEP: Duration = Duration::from_mins(1);
/// How long a shutdown waits for requests at work.
const FAREWELL: Duration = Duration::from_secs(2);

/// How to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Directory that keeps table, objects, secrets, mails and clock; `None`: memory.
    pub data: Option<PathBuf>,
    /// Run each function as its real binary instead of in this process.
    pub processes: bool,
    /// Build those binaries with the release profile.
    pub release: bool,
    /// Take those binaries from this folder instead of building them.
    pub binaries: Option<PathBuf>,
    /// Share of database calls that go wrong at random, from 0 to 1. Not with another AWS.
    pub fault_rate: f64,
    /// Keep tables, objects and secrets in another AWS instead of the embedded one.
    pub other_aws: Option<OtherAws>,
    /// Templates to use instead of those of the project.
    pub template: Option<Sources>,
    /// Parameters of the root template, over the runner's own.
    pub parameters: BTreeMap<String, String>,
}

/// Why the runner does not start.
#[derive(Debug, thiserror::Error)]
pub enum KithError {
    /// The project cannot be found.
    #[error("there is no template.yaml here or in a folder above")]
    NoProject,
    /// A template cannot be used.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The template has a function that the code has not.
    #[error("{file}: {logical_id}: the code has no function {operation}")]
    NoCode {
        /// Template file.
        file: String,
        /// Logical id.
        logical_id: String,
        /// Operation.
        operation: String,
    },
    /// The port is taken, or the runner may not listen.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
    /// The data directory cannot be used.
    #[error("the data directory: {0}")]
    Data(#[source] std::io::Error),
    /// The data directory is of another version.
    #[error("the data directory {}: {other}", folder.display())]
    Layout {
        /// Which one.
        folder: PathBuf,
        /// What it has.
        other: OtherLayout,
    },
    /// The AWS side does not start.
    #[error("the AWS side: {0}")]
    Aws(#[from] crate::aws::StartError),
    /// The binaries cannot be built, or the table has no stream, or what runs at creation failed.
    #[error("{0}")]
    Start(String),
}

/// A running runner. Dropping it ends everything, at once.
pub struct Kith {
    core: Arc<Core>,
    tasks: Vec<JoinHandle<()>>,
    server: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Kith {
    /// Starts everything and answers when requests are served.
    pub async fn start(options: Options) -> Result<Self, KithError> {
        let root = project_root()?;
        let sources = options.template.map_or_else(|| Sources::read(&root), Ok)?;
        let state = State::open(options.data.as_deref()).map_err(|error| unusable(error, options.data.as_deref()))?;
        let clock = Clock::new(state.clock_offset());
        let listen = |source| KithError::Listen { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(listen)?;
        let url = url_of(listener.local_addr().map_err(listen)?);
        let mut template = Template::from_sources(&sources, &local_parameters(&sources, &url, options.parameters)?)?;

        let start = |error: &dyn std::fmt::Display| KithError::Start(error.to_string());
        let (aws, table) = match options.other_aws.clone() {
            None => embedded(options.data.as_deref(), &template, &clock, options.fault_rate).await?,
            Some(other) => elsewhere(other, options.data.as_deref(), &mut template, &clock).await?,
        };
        let aws = Arc::new(aws);
        let readers =
            Readers::new(&template.streams, &table, &template.table.name).await.map_err(|error| start(&error))?;
        let launchers =
            launchers(&root, &template, options.processes, options.release, options.binaries.as_deref()).await?;
        let pools = Pools::new(launchers, Arc::clone(&aws), options.other_aws, clock.clone(), readers.news());
        let core = Arc::new(Core {
            url,
            clock,
            template,
            aws,
            table,
            pools: Arc::new(pools),
            requests: RequestLog::default(),
            deliveries: Deliveries::default(),
            outcomes: Outcomes::default(),
            readers,
            state,
            trimming: Trimming::default(),
        });

        let mut kith = Self { tasks: background(&core), core, server: None, stop: None };
        let core = &kith.core;
        let status = if core.state.is_created() { "UPDATE_COMPLETE" } else { "CREATE_COMPLETE" };
        jobs::stack_reached(core, status)
            .await
            .map_err(|failure| KithError::Start(format!("what runs after deployment failed: {failure}")))?;
        core.state.keep_created().map_err(KithError::Data)?;

        let (stop, stopped) = oneshot::channel();
        kith.server = Some(serve(listener, core, stopped));
        kith.stop = Some(stop);
        Ok(kith)
    }

    /// Base of all addresses: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.core.url
    }

    /// The moved time.
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// The clock; a move through it is not kept with the data.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// The AWS side: captured mails, faults, policies, the database.
    pub fn aws(&self) -> &Aws {
        &self.core.aws
    }

    /// The templates as they run.
    pub fn template(&self) -> &Template {
        &self.core.template
    }

    /// Waits until stream, asynchronous invocations and outbox are done; the error names what is stuck.
    pub async fn settle(&self) -> Result<(), String> {
        settle::settle(&self.core).await.map_err(|error: Unsettled| error.to_string())
    }

    /// Finishes the requests at work, for two seconds at most, and ends everything.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
        if let Some(server) = &mut self.server {
            let _ = tokio::time::timeout(FAREWELL, server).await;
        }
    }
}

impl Drop for Kith {
    fn drop(&mut self) {
        for task in self.tasks.iter().chain(&self.server) {
            task.abort();
        }
        self.core.pools.shut_down();
    }
}

fn unusable(error: StateError, data: Option<&Path>) -> KithError {
    match error {
        StateError::Io(error) => KithError::Data(error),
        StateError::Layout(other) => KithError::Layout { folder: data.unwrap_or(Path::new("")).to_owned(), other },
    }
}

fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// The nearest folder with a `template.yaml`, from the package that cargo runs or from here upwards.
pub fn project_root() -> Result<PathBuf, KithError> {
    let start = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).or_else(|| std::env::current_dir().ok());
    let start = start.ok_or(KithError::NoProject)?;
    start
        .ancestors()
        .find(|folder| folder.join("template.yaml").is_file())
        .map(Path::to_path_buf)
        .ok_or(KithError::NoProject)
}

/// The project's templates, with the runner's parameters.
pub fn project_template() -> Result<Template, KithError> {
    let sources = Sources::read(&project_root()?)?;
    Ok(Template::from_sources(&sources, &local_parameters(&sources, "http://127.0.0.1:3000", BTreeMap::new())?)?)
}

/// The runner's own parameters, as far as the root template declares them, and `given` over them.
fn local_parameters(
    sources: &Sources,
    url: &str,
    given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let own = [
        ("Stage", "test"),
        ("PublicUrl", url),
        ("AdminEmails", "admin@example.org,*@admin.example.org"),
        ("Registration", "open"),
        ("Notes", "open"),
        ("MailFrom", "kith@example.org"),
        ("SecurityContact", "security@example.org"),
    ];
    let declared = sources.parameters()?;
    let mut parameters: BTreeMap<String, String> = own
        .into_iter()
        .filter(|(name, _)| declared.iter().any(|known| known == name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    parameters.extend(given);
    Ok(parameters)
}

/// The AWS side with its own database.
async fn embedded(
    data: Option<&Path>,
    template: &Template,
    clock: &Clock,
    fault_rate: f64,
) -> Result<(Aws, Table), KithError> {
    let options = AwsOptions {
        data: data.map(Path::to_path_buf),
        table: template.table.clone(),
        secrets: template.secrets.clone(),
        buckets: template.buckets.clone(),
        clock: clock.clone(),
        fault_rate,
    };
    let aws = Aws::start(options).await?;
    let database = aws.database().ok_or_else(|| KithError::Start("there is no database".to_owned()))?;
    let table = Table::Here(Arc::clone(database));
    Ok((aws, table))
}

/// Mails and invocations here, the table, the objects and the secrets in another AWS, made there where they are missing.
async fn elsewhere(
    other: OtherAws,
    data: Option<&Path>,
    template: &mut Template,
    clock: &Clock,
) -> Result<(Aws, Table), KithError> {
    let options = RestOptions {
        data: data.map(Path::to_path_buf),
        table_arn: template.table.arn.clone(),
        credentials: other.credentials(),
        clock: clock.clone(),
    };
    let aws = Aws::start_rest(options).await?;
    let at = other.url.clone();
    let failed = |error: &dyn std::fmt::Display| KithError::Start(format!("the AWS at {at}: {error}"));
    let caller = Caller::new(other).map_err(|error| failed(&error))?;
    caller.prepare(template).await.map_err(|error| failed(&error))?;
    Ok((aws, Table::Elsewhere(Arc::new(caller))))
}

/// Pairs each function of the template with its code.
async fn launchers(
    root: &Path,
    template: &Template,
    processes: bool,
    release: bool,
    binaries: Option<&Path>,
) -> Result<Vec<(FunctionSpec, Launcher)>, KithError> {
    let no_code = |spec: &FunctionSpec| KithError::NoCode {
        file: spec.file.clone(),
        logical_id: spec.logical_id.clone(),
        operation: spec.operation.clone(),
    };
    let specs = template.functions.values();
    if processes {
        let start = |error: String| KithError::Start(error);
        let binaries = match binaries {
            Some(folder) => build::found_in(folder),
            None => build::binaries(root, &PACKAGES, release).await,
        };
        let binaries = binaries.map_err(|error| start(error.to_string()))?;
        let api = RuntimeApi::start().await.map_err(|error| start(format!("the Runtime API: {error}")))?;
        let launcher = |spec: &FunctionSpec| {
            let binary = binaries.get(&spec.operation).ok_or_else(|| no_code(spec))?;
            Ok((spec.clone(), Launcher::Process(binary.clone(), Arc::clone(&api))))
        };
        return specs.map(launcher).collect();
    }
    let mut code: BTreeMap<&str, _> =
        routes::functions().into_iter().map(|function| (function.operation(), function)).collect();
    specs
        .map(|spec| {
            code.remove(spec.operation.as_str())
                .map(|function| (spec.clone(), Launcher::InProcess(function)))
                .ok_or_else(|| no_code(spec))
        })
        .collect()
}

/// What runs besides requests.
fn background(core: &Arc<Core>) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    if let Some(invocations) = core.aws.invocations() {
        tasks.push(tokio::spawn(jobs::deliver(Arc::clone(core), invocations)));
    }
    for reader in core.readers.all() {
        tasks.push(tokio::spawn(streams::Reader::run(Arc::clone(reader), Arc::clone(core))));
    }
    if core.table.is_elsewhere() {
        return tasks;
    }
    tasks.push(tokio::spawn(trim::keep_trimmed(Arc::clone(core))));
    let core = Arc::clone(core);
    tasks.push(tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            let core = Arc::clone(&core);
            // A failed sweep has been logged; the next one tries again.
            let _ = tokio::task::spawn_blocking(move || core.aws.sweep_ttl()).await;
        }
    }));
    tasks
}

fn serve(listener: TcpListener, core: &Arc<Core>, stopped: oneshot::Receiver<()>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/_kith", any(|| async { Redirect::permanent("/_kith/") }))
        .nest("/_kith/", kith_api::router(Arc::clone(core)))
        .fallback_service(any(front::handle).with_state(Gateway::new(Arc::clone(core))))
        .layer(middleware::from_fn(guard::check));
    let listener = listener.tap_io(|connection| {
        // Small answers must not wait for the other side's acknowledgement; without it they are only slower.
        let _ = connection.set_nodelay(true);
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        // A dropped sender means the same.
        let _ = stopped.await;
    });
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the HTTP front ended");
        }
    })
}
