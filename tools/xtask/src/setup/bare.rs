//! `core` and `alloc` for bare metal: precompiled by rustup, or built from Rust's sources.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::{apt, circumstances, remembered};
use crate::arch::Arch;
use crate::context::Context;
use crate::pin;
use crate::tool::{self, Tool};

/// Where the bare-metal `core` comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Core {
    /// The toolchain has it precompiled.
    Installed,
    /// Cargo builds it from the sources that belong to the toolchain.
    OwnSources,
    /// Cargo builds it from sources elsewhere: the `library` directory.
    Sources(PathBuf),
}

impl Core {
    /// Makes a cargo command able to build for a bare-metal target.
    pub(crate) fn apply(&self, cargo: Tool) -> Tool {
        let flags = [
            "-Zbuild-std=core,alloc,compiler_builtins",
            "-Zbuild-std-features=compiler-builtins-mem",
        ];
        match self {
            Core::Installed => cargo,
            // A stable cargo builds its own standard library when told that it may.
            Core::OwnSources => cargo.args(flags).env("RUSTC_BOOTSTRAP", "1"),
            Core::Sources(library) => cargo
                .args(flags)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("__CARGO_TESTS_ONLY_SRC_ROOT", library),
        }
    }

    /// One line for the report.
    pub(crate) fn describe(&self) -> String {
        match self {
            Core::Installed => "precompiled, installed by rustup".to_owned(),
            Core::OwnSources => "build-std from the toolchain's own sources".to_owned(),
            Core::Sources(library) => format!("build-std from {}", library.display()),
        }
    }
}

/// Finds or gets it.
///
/// # Errors
///
/// If it cannot be had; the text says how to get it by hand.
pub(crate) fn resolve(context: &Context, arch: Arch) -> Result<Core> {
    let version = rustc(context, &["-vV"])?;
    let here = format!("{version}{}", circumstances(&["RUSTUP_TOOLCHAIN", "RUSTUP_HOME"]));
    let targets = [arch.kernel_target(), arch.loader_target()];
    let sysroot = PathBuf::from(rustc(context, &["--print", "sysroot"])?.trim());
    let still_good = |core: &Core| match core {
        Core::Installed => is_installed(&sysroot, &targets),
        Core::OwnSources => sources_of(&sysroot).is_some(),
        Core::Sources(library) => library.join("core").is_dir(),
    };
    remembered(context, &format!("core-{}", arch.name()), &here, still_good, || {
        choose(context, &sysroot, &version, &targets)
    })
}

/// The path of lld: the toolchain's, else the system's.
///
/// # Errors
///
/// If there is none.
pub(crate) fn lld(context: &Context) -> Result<PathBuf> {
    let sysroot = PathBuf::from(rustc(context, &["--print", "sysroot"])?.trim());
    let toolchain = || {
        let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
        hosts
            .flatten()
            .map(|host| host.path().join("bin/gcc-ld/ld.lld"))
            .find(|file| tool::is_executable(file))
    };
    toolchain()
        .or_else(|| tool::find("ld.lld"))
        .context("no lld: neither in the Rust toolchain nor on PATH (Debian: apt-get install lld)")
}

fn rustc(context: &Context, args: &[&str]) -> Result<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    // Not worth an echo: it is asked every time.
    let quiet = Context { verbose: false, ..context.clone() };
    Tool::new(program).args(args).text(&quiet)
}

fn choose(context: &Context, sysroot: &Path, version: &str, targets: &[&str]) -> Result<Core> {
    if is_installed(sysroot, targets) {
        return Ok(Core::Installed);
    }
    let mut tried = Vec::new();
    if tool::find("rustup").is_some() {
        context.say(format!(
            "setup: core for {} is missing: trying `rustup target add {}`",
            targets.join(" and "),
            targets.join(" ")
        ));
        match Tool::new("rustup").args(["target", "add"]).args(targets).run(context) {
            Ok(()) if is_installed(sysroot, targets) => return Ok(Core::Installed),
            Ok(()) => {
                tried.push("rustup: it said yes but installed nothing for this rustc".to_owned());
            }
            Err(error) => tried.push(format!("rustup: {}", first_error(&format!("{error:#}")))),
        }
        context.say("setup: that failed: building core from Rust's sources instead (build-std)");
    } else {
        context.say(format!("setup: core for {} is missing and there is no rustup: building it from Rust's sources (build-std)", targets.join(" and ")));
    }
    if sources_of(sysroot).is_some() {
        return Ok(Core::OwnSources);
    }
    let release = release(version).context("rustc does not say its release")?;
    let system = PathBuf::from(format!("/usr/src/rustc-{release}/library"));
    if system.join("core").is_dir() {
        return Ok(Core::Sources(system));
    }
    match from_debian(context, release) {
        Ok(library) => return Ok(Core::Sources(library)),
        Err(error) => tried.push(format!("Debian: {error:#}")),
    }
    bail!(
        "there is no `core` for {}.\n  {}\nInstall it by hand, whichever fits:\n  rustup target add {}\n  rustup component add rust-src",
        targets.join(" and "),
        tried.join("\n  "),
        targets.join(" ")
    )
}

/// Gets the sources of this very release from Debian's backports, below the output directory.
fn from_debian(context: &Context, release: &str) -> Result<PathBuf> {
    let place = context.dir(format!("rust-src-{release}"))?;
    let library = place.join(format!("usr/src/rustc-{release}/library"));
    if library.join("core").is_dir() {
        return Ok(library);
    }
    context.say(format!("setup: fetching Debian's rust-src {release} from {} into {} (the toolchain is not touched)", pin::RUST_SOURCE_SUITE, place.display()));
    let archive = apt::Private::open(context, pin::RUST_SOURCE_SUITE)?;
    let package = archive.download(context, "rust-src", release, &place)?;
    Tool::new("dpkg").arg("-x").arg(&package).arg(&place).run(context)?;
    // The archive has served its purpose; a leftover would only take room.
    drop(std::fs::remove_file(&package));
    if !library.join("core").is_dir() {
        bail!("the package holds no {}", library.display());
    }
    Ok(library)
}

fn is_installed(sysroot: &Path, targets: &[&str]) -> bool {
    targets.iter().all(|target| {
        let Ok(files) = std::fs::read_dir(sysroot.join("lib/rustlib").join(target).join("lib"))
        else {
            return false;
        };
        files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

fn sources_of(sysroot: &Path) -> Option<PathBuf> {
    let library = sysroot.join("lib/rustlib/src/rust/library");
    library.join("core").is_dir().then_some(library)
}

/// The `release:` line of `rustc -vV`.
fn release(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("release: "))
}

fn first_error(text: &str) -> &str {
    text.lines()
        .find(|line| line.contains("error"))
        .or_else(|| text.lines().next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Core, release};
    use crate::tool::Tool;

    #[test]
    fn the_release_is_read_from_rustc() {
        assert_eq!(
            release("rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nrelease: 1.95.0\n"),
            Some("1.95.0")
        );
        assert_eq!(release("something else"), None);
    }

    #[test]
    fn only_a_core_from_sources_needs_build_std() {
        let line = |core: Core| core.apply(Tool::new("cargo").arg("build")).line();
        assert_eq!(line(Core::Installed), "cargo build");
        assert!(line(Core::OwnSources).contains("-Zbuild-std=core,alloc,compiler_builtins"));
        assert!(
            line(Core::Sources("/src/library".into()))
                .contains("-Zbuild-std-features=compiler-builtins-mem")
        );
    }
}
