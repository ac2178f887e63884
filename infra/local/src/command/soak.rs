//! `cargo kith soak`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use kith_local::seed::soak::{Soaked, soak};
use kith_local::{Kith, Options};

use super::Done;

/// How many times as long the last requests may take as the first ones.
const MOST: f64 = 1.5;

/// For how long, and where.
#[derive(clap::Args)]
pub(crate) struct Soak {
    /// How many writing requests one client sends
    #[arg(long, default_value_t = 100_000)]
    writes: usize,
    /// Keep the data in this directory instead of in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Soak {
    pub(crate) fn run(self) -> Done {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let soaked: Soaked = runtime.block_on(async {
            let kith = Kith::start(Options { data: self.data, ..Options::default() }).await?;
            let soaked = soak(kith.url(), self.writes, &mut std::io::stdout()).await;
            kith.shutdown().await;
            Ok::<_, Box<dyn std::error::Error>>(soaked?)
        })?;
        let Soaked { writes, first, last } = soaked;
        let ratio = soaked.ratio();
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "kith: after {writes} writes one takes {ratio:.2} times as long: {last:.3} ms, not {first:.3} ms"
        )?;
        Ok(if ratio <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
