//! Programs of the system: QEMU, its firmware, and what makes boot images.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::apt;
use crate::arch::Arch;
use crate::context::Context;
use crate::tool;

/// Something the system provides.
struct Need {
    /// What a person calls it.
    name: &'static str,
    /// Debian's package.
    package: &'static str,
    /// What it is for.
    purpose: &'static str,
    /// Where it is, if it is there.
    find: fn(Arch) -> Option<PathBuf>,
    /// Whether `run` works without it.
    optional: bool,
}

const NEEDS: &[Need] = &[
    Need {
        name: "QEMU",
        package: "qemu-system-x86",
        purpose: "runs the machine",
        find: |arch| tool::find(arch.qemu()),
        optional: false,
    },
    Need {
        name: "OVMF",
        package: "ovmf",
        purpose: "UEFI firmware for `--firmware uefi` and the tests",
        find: |arch| firmware(arch).map(|(code, _)| code),
        optional: true,
    },
    Need {
        name: "xorriso",
        package: "xorriso",
        purpose: "makes the ISO",
        find: |_| tool::find("xorriso"),
        optional: true,
    },
    Need {
        name: "mtools",
        package: "mtools",
        purpose: "makes the ISO's EFI partition",
        find: |_| tool::find("mcopy"),
        optional: true,
    },
    Need {
        name: "xz",
        package: "xz-utils",
        purpose: "unpacks the .NET SDK",
        find: |_| tool::find("xz"),
        optional: true,
    },
    // The SDK's package manager checks SHA-2 sums with it and stops without it.
    Need {
        name: "libssl",
        package: "openssl",
        purpose: "the .NET SDK's package manager needs it",
        find: |_| library("libssl.so.3"),
        optional: true,
    },
];

/// The UEFI firmware: code, and the variables to go with it.
pub(crate) fn firmware(arch: Arch) -> Option<(PathBuf, PathBuf)> {
    let exists = |pair: &&(&str, &str)| Path::new(pair.0).is_file() && Path::new(pair.1).is_file();
    arch.firmware()
        .iter()
        .find(exists)
        .map(|(code, vars)| (PathBuf::from(code), PathBuf::from(vars)))
}

/// A program that a command cannot do without.
///
/// # Errors
///
/// If it is not on PATH; the text says how to get it.
pub(crate) fn require(program: &str, package: &str) -> Result<PathBuf> {
    tool::find(program)
        .with_context(|| format!("{program} is not on PATH. Install it: {}", by_hand(&[package])))
}

/// Installs what is missing, or says how to.
///
/// # Errors
///
/// If something without which nothing runs is missing and cannot be installed from here.
pub(crate) fn ensure(context: &Context, arch: Arch) -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| (need.find)(arch).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let _held = crate::cache::lock(context, "setup-machine")?;
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    for need in &missing {
        context.say(format!(
            "setup: {} is missing ({}): Debian package {}",
            need.name, need.purpose, need.package
        ));
    }
    if apt::is_debian() && apt::is_root() {
        context.say(format!(
            "setup: running as root on Debian, so: apt-get install {}",
            packages.join(" ")
        ));
        if let Err(error) = apt::install(context, &packages) {
            context.say(format!("setup: {error:#}"));
        }
    }
    let absent: Vec<&Need> =
        missing.into_iter().filter(|need| (need.find)(arch).is_none()).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let command = by_hand(&absent.iter().map(|need| need.package).collect::<Vec<_>>());
    let names: Vec<&str> = absent.iter().map(|need| need.name).collect();
    if absent.iter().any(|need| !need.optional) {
        bail!(
            "{} missing and not installable from here (not root, or not Debian). Type:\n  {command}",
            names.join(" and ")
        );
    }
    context
        .say(format!("setup: going on without {}; to have all, type: {command}", names.join(", ")));
    Ok(())
}

/// Each program and where it is.
pub(crate) fn report(arch: Arch) -> Vec<(&'static str, String)> {
    let place = |need: &Need| {
        (need.find)(arch).map_or_else(|| "missing".to_owned(), |path| path.display().to_string())
    };
    NEEDS.iter().map(|need| (need.name, place(need))).collect()
}

/// The command that installs packages, for a person to type.
fn by_hand(packages: &[&str]) -> String {
    let has = |program: &str| tool::find(program).is_some();
    if has("dnf") {
        format!(
            "sudo dnf install {}",
            renamed(
                packages,
                &[
                    ("qemu-system-x86", "qemu-system-x86-core"),
                    ("ovmf", "edk2-ovmf"),
                    ("xz-utils", "xz")
                ]
            )
        )
    } else if has("pacman") {
        format!(
            "sudo pacman -S {}",
            renamed(
                packages,
                &[
                    ("qemu-system-x86", "qemu-system-x86"),
                    ("ovmf", "edk2-ovmf"),
                    ("xorriso", "libisoburn"),
                    ("xz-utils", "xz")
                ]
            )
        )
    } else {
        format!("sudo apt-get install --no-install-recommends {}", packages.join(" "))
    }
}

fn renamed(packages: &[&str], names: &[(&str, &'static str)]) -> String {
    let other = |package: &&str| {
        names
            .iter()
            .find(|(debian, _)| debian == package)
            .map_or_else(|| (*package).to_owned(), |(_, name)| (*name).to_owned())
    };
    packages.iter().map(other).collect::<Vec<_>>().join(" ")
}

/// A shared library among the places where the loader looks.
fn library(name: &str) -> Option<PathBuf> {
    let dirs = [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/usr/lib",
        "/lib",
        "/usr/local/lib",
    ];
    dirs.iter().map(|dir| Path::new(dir).join(name)).find(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn packages_have_other_names_elsewhere() {
        assert_eq!(renamed(&["ovmf", "mtools"], &[("ovmf", "edk2-ovmf")]), "edk2-ovmf mtools");
    }
}
