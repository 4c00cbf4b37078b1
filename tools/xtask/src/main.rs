//! Builds, runs, tests and packs Cermet.
#![forbid(unsafe_code)]

mod arch;
mod cache;
mod context;
mod pin;
mod setup;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, tests and packs Cermet.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Get what is missing for building and running, and say what was chosen.
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = context::Context::new(true).and_then(|context| match cli.command {
        Command::Setup => setup::command(&context),
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}
