//! The AWS side: one loopback address that the real SDK talks to in place of DynamoDB, S3, Secrets Manager, SES and
//! Lambda.
//!
//! Every instance of a function signs with its own key, so that each call is checked against the policy of its function
//! and accounted to the request its instance is working on.

mod database;
mod dynamodb;
mod endpoint;
mod faults;
mod identity;
mod keys;
mod lambda;
mod ledger;
mod objects;
mod policy;
mod reply;
mod s3;
mod secrets;
mod ses;
mod tokens;
mod units;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

pub use database::Database;
pub use faults::{Fault, FaultKind};
pub use identity::Credentials;
pub use lambda::AsyncInvoke;
pub use ledger::Call;
pub use objects::StoredObject;
pub use policy::PolicyReport;
pub use ses::{Attachment, CapturedMail};

use crate::clock::Clock;
use crate::template::{BucketSpec, SecretSpec, Statement, TableSpec};

/// What the AWS side needs to start.
#[derive(Clone, Debug)]
pub struct AwsOptions {
    /// Directory for the database, objects, secrets and mails; made if absent. `None`: everything in memory.
    pub data: Option<PathBuf>,
    /// The one table. Its ARN also names the region and account of everything else.
    pub table: TableSpec,
    /// The secrets there are. They have no value until a function puts one.
    pub secrets: Vec<SecretSpec>,
    /// The buckets for objects.
    pub buckets: Vec<BucketSpec>,
    /// The time for TTL, objects, mails and secrets.
    pub clock: Clock,
    /// Share of DynamoDB calls that go wrong at random, from 0 to 1.
    pub fault_rate: f64,
}

/// What the AWS side needs to start where DynamoDB, S3 and Secrets Manager are elsewhere: only mails and invocations
/// are left to it.
#[derive(Clone, Debug)]
pub struct RestOptions {
    /// Directory for the mails; made if absent. `None`: memory.
    pub data: Option<PathBuf>,
    /// ARN of the table. It names the region and account of everything else.
    pub table_arn: String,
    /// What all functions sign with. Whoever does is trusted: the policies are not enforced.
    pub credentials: Credentials,
    /// The time for mails.
    pub clock: Clock,
}

/// Why the AWS side does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port on the loopback interface.
    #[error("cannot listen on the loopback interface: {0}")]
    Listen(std::io::Error),
    /// A file or directory of the data directory cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Data {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The embedded database fails.
    #[error("database: {0}")]
    Database(#[from] dynoxide::DynoxideError),
    /// The table of the template cannot be used.
    #[error("table: {0}")]
    Table(String),
}

/// The running AWS side. Dropping it ends it and all its connections.
pub struct Aws {
    shared: Arc<Shared>,
    address: SocketAddr,
    invocations: Mutex<Option<UnboundedReceiver<AsyncInvoke>>>,
    server: JoinHandle<()>,
}

struct Shared {
    rules: Rules,
    ledger: ledger::Ledger,
    /// `None`: elsewhere, and every known caller is trusted.
    stores: Option<Stores>,
    mails: ses::Mails,
    invocations: UnboundedSender<AsyncInvoke>,
    account: Account,
}

/// Who calls, who may, and what goes wrong: asked before any work is done.
#[derive(Clone)]
struct Rules {
    identities: Arc<identity::Identities>,
    policies: Arc<policy::Policies>,
    faults: Arc<faults::Faults>,
}

impl Rules {
    fn new(fault_rate: f64) -> Self {
        let faults = Arc::new(faults::Faults::new(fault_rate));
        Self { identities: Arc::default(), policies: Arc::default(), faults }
    }
}

/// What keeps data.
struct Stores {
    dynamo: dynamodb::Dynamo,
    secrets: secrets::Secrets,
    buckets: s3::Buckets,
}

/// A request that is understood and waits for permission.
enum Plan {
    Dynamo(dynamodb::Request),
    Secret(secrets::Request),
    Mail(ses::Request),
    Invoke(AsyncInvoke),
}

/// Why a request does not come to be planned.
enum Unplanned {
    /// It makes no sense.
    Refused(reply::Refusal),
    /// No function may do this, whatever its policy says.
    Denied(policy::Need),
}

impl From<reply::Refusal> for Unplanned {
    fn from(refusal: reply::Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A plan, the permissions it needs, and what is known about its cost before it runs.
type Planned = Result<(Plan, Vec<policy::Need>, Call), Unplanned>;

impl Plan {
    /// The request's own body, for what is decided by it.
    fn body(&self) -> &Value {
        match self {
            Self::Dynamo(request) => &request.body,
            _ => &Value::Null,
        }
    }
}

impl Aws {
    /// Opens the data, creates the table if absent, and listens on a free port of 127.0.0.1.
    pub async fn start(options: AwsOptions) -> Result<Self, StartError> {
        let AwsOptions { data, table, secrets, buckets, clock, fault_rate } = options;
        make(data.as_deref())?;
        let rules = Rules::new(fault_rate);
        let objects = Arc::new(objects::Objects::open(data.as_deref(), buckets, &clock)?);
        let stores = Stores {
            dynamo: dynamodb::Dynamo::open(data.as_deref(), &table, &clock)?,
            secrets: secrets::Secrets::open(data.as_deref(), secrets, &clock)?,
            buckets: s3::Buckets::new(objects, &rules),
        };
        let mails = ses::Mails::open(data.as_deref(), &clock)?;
        Self::listen(Some(stores), mails, rules, Account::of(&table.arn)).await
    }

    /// Listens on a free port of 127.0.0.1, for mails and invocations only.
    pub async fn start_rest(options: RestOptions) -> Result<Self, StartError> {
        let RestOptions { data, table_arn, credentials, clock } = options;
        make(data.as_deref())?;
        let mails = ses::Mails::open(data.as_deref(), &clock)?;
        let aws = Self::listen(None, mails, Rules::new(0.0), Account::of(&table_arn)).await?;
        aws.shared.rules.identities.trust(credentials);
        Ok(aws)
    }

    async fn listen(
        stores: Option<Stores>,
        mails: ses::Mails,
        rules: Rules,
        account: Account,
    ) -> Result<Self, StartError> {
        let (sender, receiver) = unbounded_channel();
        let shared =
            Arc::new(Shared { rules, ledger: ledger::Ledger::default(), stores, mails, invocations: sender, account });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let server = endpoint::serve(listener, Arc::clone(&shared));
        Ok(Self { shared, address, invocations: Mutex::new(Some(receiver)), server })
    }

    /// Value of `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes credentials for one instance of a function. All instances share the function's policy and its record.
    pub fn admit(&self, operation: &str, policy: Arc<Vec<Statement>>) -> Credentials {
        self.shared.rules.policies.admit(operation, policy);
        self.shared.rules.identities.admit(operation)
    }

    /// Says that an instance has ended: its key is good for nothing any more.
    pub fn dismiss(&self, access_key: &str) {
        self.shared.rules.identities.dismiss(access_key);
    }

    /// From now on, the calls of this instance belong to this request.
    pub fn begin(&self, access_key: &str, request_id: &str) {
        self.shared.ledger.begin(access_key, request_id);
    }

    /// The calls of this instance since [`Aws::begin`], in the order in which they were answered.
    pub fn finish(&self, access_key: &str) -> Vec<Call> {
        self.shared.ledger.finish(access_key)
    }

    /// The asynchronous invocations. There is one receiver: `None` after the first time.
    pub fn invocations(&self) -> Option<UnboundedReceiver<AsyncInvoke>> {
        locked(&self.invocations).take()
    }

    /// The database, past policies and accounting; `None` if it is elsewhere. Its stream records carry the moved time.
    pub fn database(&self) -> Option<&Arc<Database>> {
        self.shared.stores.as_ref().map(|stores| &stores.dynamo.database)
    }

    /// Captured mails, newest first; of very many, the last ones.
    pub fn mails(&self) -> Vec<Arc<CapturedMail>> {
        self.shared.mails.list()
    }

    /// The objects whose keys begin with `prefix`, in the order of their keys; none if they are elsewhere. Reads files
    /// where there is a data directory.
    pub fn objects(&self, prefix: &str) -> std::io::Result<Vec<StoredObject>> {
        self.shared.stores.as_ref().map_or_else(|| Ok(Vec::new()), |stores| stores.buckets.objects.list(prefix))
    }

    /// What each function may do and did, by operation.
    pub fn policies(&self) -> BTreeMap<String, PolicyReport> {
        self.shared.rules.policies.reports()
    }

    /// Makes the next calls of a function go wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.rules.faults.inject(fault);
    }

    /// Deletes the items whose TTL has come by the moved clock, and says how many: none if the database is elsewhere.
    /// Blocks while it does.
    ///
    /// A failure is logged; the next sweep tries again, as DynamoDB's own would.
    pub fn sweep_ttl(&self) -> usize {
        self.shared.stores.as_ref().map_or(Ok(0), |stores| stores.dynamo.sweep()).unwrap_or_else(|error| {
            tracing::error!(%error, "TTL sweep failed");
            0
        })
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Makes the data directory, if there is to be one.
fn make(data: Option<&Path>) -> Result<(), StartError> {
    let Some(data) = data else { return Ok(()) };
    std::fs::create_dir_all(data).map_err(|source| StartError::Data { path: data.to_owned(), source })
}

/// Where the resources are: `aws`, region and account id.
struct Account {
    partition: String,
    region: String,
    id: String,
}

impl Account {
    fn of(arn: &str) -> Self {
        let mut parts = arn.split(':').skip(1);
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (partition, _service, region, id) = (next(), next(), next(), next());
        Self { partition, region, id }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.id)
    }
}

/// A lock that survives a panic elsewhere: no invariant here spans more than one statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
