//! The server under test: one for all tests of a binary.

use crate::build;
use kith_local::Options;
use std::io::Write as _;
use std::sync::{Arc, OnceLock, mpsc};
use tokio::sync::RwLock;

/// Where the server is, and what of it tests share.
#[derive(Debug)]
pub(crate) struct Server {
    /// `http://…`, without a slash at the end.
    pub(crate) url: String,
    /// Held for reading by every test, for writing by one that moves the clock.
    pub(crate) clock: Arc<RwLock<()>>,
}

static SHARED: OnceLock<Server> = OnceLock::new();

impl Server {
    /// The server that `KITH_URL` names, or a runner that lives as long as this process. Blocks while it starts.
    pub(crate) fn shared() -> &'static Self {
        SHARED.get_or_init(|| {
            let url = std::env::var("KITH_URL").ok().map_or_else(start, |url| url.trim_end_matches('/').to_owned());
            Self { url, clock: Arc::default() }
        })
    }
}

/// How tests run Kith: in memory, on a free port, in the mode of `KITH_MODE`.
pub(crate) fn options() -> Options {
    let processes = match std::env::var("KITH_MODE").as_deref() {
        Err(_) | Ok("in-process") => false,
        Ok("processes") => true,
        Ok(other) => panic!("KITH_MODE is `{other}`: set it to in-process or processes"),
    };
    Options { processes, binaries: processes.then(|| build::binaries().to_owned()), ..Options::default() }
}

/// Starts a runner on a thread of its own: the runtime of the test that happens to be first ends with that test.
fn start() -> String {
    let (say, heard) = mpsc::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime for the runner").block_on(async move {
            match kith_local::Kith::start(options()).await {
                Ok(kith) => {
                    // Whoever listens has either got the address or is gone with the process.
                    let _ = say.send(Ok(kith.url().to_owned()));
                    std::future::pending::<()>().await;
                }
                Err(error) => {
                    let _ = say.send(Err(error.to_string()));
                }
            }
        });
    };
    std::thread::Builder::new().name("kith".into()).spawn(run).expect("a thread for the runner");
    heard.recv().expect("the runner's thread ended").unwrap_or_else(|error| panic!("Kith does not start: {error}"))
}

/// Says that the running test is skipped, past the capture of test output.
pub(crate) fn notice_skipped(needs: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // A notice that nobody can read is no reason to fail.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: this server has no {needs}");
}
