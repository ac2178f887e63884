//! `cargo kith`: the one front door to running and checking Kith on this machine.

mod command;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Runs and checks Kith on this machine, without AWS.
#[derive(Parser)]
#[command(name = "cargo kith", bin_name = "cargo kith", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything: HTTP API, pages, database, mails, jobs
    Up(command::up::Up),
    /// Fill a running Kith with demo data
    Seed(command::seed::Seed),
    /// List all routes: method, path, operation, who may call
    Routes,
    /// Write the contract of all routes to openapi.json
    Openapi(command::openapi::Openapi),
    /// List what each function may do, or write into docs/SECURITY.md who can write what
    Policies(command::policies::Policies),
    /// Write into docs/COSTS.md what a day can cost at most
    Costs,
    /// Measure every function: size, start, time, memory, database calls, price
    Bench(command::bench::Bench),
    /// Write on and on, and see whether the runner keeps its speed
    Soak(command::soak::Soak),
    /// Check format, lints and tests, as CI does
    Check,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(command) = cli.command else {
        // Without a command there is nothing to do but say what there is.
        let _ = Cli::command().print_help();
        return ExitCode::SUCCESS;
    };
    let done = match command {
        Command::Up(up) => up.run(),
        Command::Seed(seed) => seed.run(),
        Command::Routes => command::routes(),
        Command::Openapi(openapi) => openapi.run(),
        Command::Policies(policies) => policies.run(),
        Command::Costs => command::costs::costs(),
        Command::Bench(bench) => bench.run(),
        Command::Soak(soak) => soak.run(),
        Command::Check => command::check(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kith: {error}");
            ExitCode::FAILURE
        }
    }
}
