//! Builds, runs, tests and packs Cermet.
#![forbid(unsafe_code)]

mod arch;
mod bench;
mod build;
mod cache;
mod check;
mod context;
mod contract;
mod ilc;
mod image;
mod interrupt;
mod iso;
mod limit;
mod missing;
mod package;
mod patch;
mod pin;
mod project;
mod qemu;
mod run;
mod rust;
mod setup;
mod symbols;
mod test;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, tests and packs Cermet, a microkernel that runs C# programs.
///
/// With no project named, commands work on services/hello. Everything that is made goes under target/.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true, version)]
struct Cli {
    /// Echo each command before it runs, and show what it prints
    #[arg(long, short, global = true)]
    verbose: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a C# project and run it in a virtual machine
    ///
    /// The program's Console output is stdout, Console.Error is stderr, stdin reaches Console.In, and the
    /// exit code is Main's. An unhandled exception ends with 134, a timeout with 124, a machine that
    /// cannot start the program with 102, a kernel panic with 101; errors of this tool are 1 and 2.
    Run(Box<run::Options>),
    /// Build the kernel and a project, and stop there
    Build(build::Options),
    /// Make a bootable UEFI image of a project, for a CD or a USB stick
    Iso(iso::Options),
    /// Measure the same C# here and on Linux in the same QEMU, side by side
    Bench(bench::Options),
    /// Run every test: on this machine, and in virtual ones
    ///
    /// The last line is `N passed, N failed`; the results are also in target/test-results.xml.
    Test(test::Options),
    /// Check formatting, lints and the tree's own rules
    Check,
    /// Hold what compiled C# asks for against dotnet-shim/contract.toml and the runtime
    Contract,
    /// Get what is missing for building and running, and say what was chosen
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = context::Context::new(cli.verbose).and_then(|context| match cli.command {
        Command::Run(options) => run::command(&context, &options),
        Command::Build(options) => build::command(&context, &options),
        Command::Iso(options) => iso::command(&context, &options),
        Command::Bench(options) => bench::command(&context, &options),
        Command::Test(options) => test::command(&context, &options),
        Command::Check => check::command(&context),
        Command::Contract => contract::command(&context),
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
