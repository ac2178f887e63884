//! `kith up` as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kith_tests::{Kith, binaries};

/// How long the runner may take to start.
const START: Duration = Duration::from_mins(1);
/// How long processes may take to end.
const END: Duration = Duration::from_secs(10);
/// Between two looks at what happens outside this process.
const LOOK: Duration = Duration::from_millis(10);

/// A running `kith up --processes`. Dropping it kills it.
pub(crate) struct Runner {
    child: Child,
    url: String,
    output: Arc<Mutex<Vec<String>>>,
}

impl Runner {
    /// Starts with the data in `data` on a free port, and waits until it serves.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_at(data, "0")
    }

    /// Starts at the port that another runner had.
    pub(crate) fn start_at(data: &Path, port: &str) -> Self {
        let mut command = Command::new(binaries().join("kith"));
        command.args(["up", "--port", port, "--processes", "--data"]).arg(data);
        command.arg("--binaries").arg(binaries());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = Arc::default();
        let (say, lines) = channel();
        listen(child.stdout.take().unwrap(), &output, Some(say));
        listen(child.stderr.take().unwrap(), &output, None);
        let url = ready(&lines).unwrap_or_else(|| {
            // It is of no use any more, whether it still runs or not.
            let _ = child.kill();
            panic!("kith does not start:\n{}", output.lock().unwrap().join("\n"))
        });
        Self { child, url, output }
    }

    /// A client of this runner.
    pub(crate) fn kith(&self) -> Kith {
        Kith::at(&self.url)
    }

    /// Its port.
    pub(crate) fn port(&self) -> String {
        self.url.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// Everything written so far, line by line.
    pub(crate) fn output(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }

    /// Ids of the processes of functions.
    pub(crate) fn children(&self) -> Vec<u32> {
        processes().into_iter().filter(|(_, parent)| *parent == self.child.id()).map(|(id, _)| id).collect()
    }

    /// Kills it at once, as a power cut would; answers the processes of functions that it leaves.
    pub(crate) fn kill(mut self) -> Vec<u32> {
        let children = self.children();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        children
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < END, "still there {END:?} after SIGTERM");
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until none of these processes runs any more.
pub(crate) fn assert_ended(ids: &[u32]) {
    let began = Instant::now();
    loop {
        let running = processes();
        let left: Vec<&u32> = ids.iter().filter(|id| running.iter().any(|(own, _)| own == *id)).collect();
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < END, "{left:?} still run after {END:?}");
        std::thread::sleep(LOOK);
    }
}

/// Every running process with its parent. A process that has ended and waits for its parent to notice does not count.
fn processes() -> Vec<(u32, u32)> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let read = |line: &str| {
        let mut columns = line.split_whitespace();
        let (id, parent) = (columns.next()?.parse().ok()?, columns.next()?.parse().ok()?);
        (!columns.next()?.starts_with('Z')).then_some((id, parent))
    };
    let processes: Vec<(u32, u32)> = text.lines().filter_map(read).collect();
    assert!(!processes.is_empty(), "ps shows nothing");
    processes
}

/// Keeps all lines of a stream, and passes them on if somebody listens.
fn listen(
    stream: impl std::io::Read + Send + 'static,
    kept: &Arc<Mutex<Vec<String>>>,
    say: Option<std::sync::mpsc::Sender<String>>,
) {
    let kept = Arc::clone(kept);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(say) = &say {
                // Nobody listens once the address is known.
                let _ = say.send(line.clone());
            }
            kept.lock().unwrap().push(line);
        }
    });
}

/// The address in the line that says so.
fn ready(lines: &Receiver<String>) -> Option<String> {
    let began = Instant::now();
    while let Some(left) = START.checked_sub(began.elapsed()) {
        let line = lines.recv_timeout(left).ok()?;
        if let Some(url) = line.strip_prefix("kith: listening on ") {
            return Some(url.to_owned());
        }
    }
    None
}
