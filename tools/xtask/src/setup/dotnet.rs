//! The .NET SDK: the user's own, the offline kit's, or a private one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::apt;
use crate::context::Context;
use crate::pin;
use crate::tool::{self, Tool, is_executable};

/// The variables on which the choice and its environment depend.
pub(crate) const CIRCUMSTANCES: &[&str] = &[
    "DOTNET_ROOT",
    "PATH",
    "HOME",
    "CERMET_DOTNET_KIT",
    "NUGET_PACKAGES",
    "DOTNET_CLI_HOME",
    "RestoreConfigFile",
];

/// The offline kit's place beside the tree.
const KIT_BESIDE: &str = "../shared/dotnet";

/// The file by which the kit marks an SDK that it has unpacked.
const KIT_MARK: &str = ".kit-sdk";

/// A .NET SDK and how to call it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sdk {
    /// The `dotnet` program.
    pub program: PathBuf,
    /// The newest SDK that it has.
    pub version: String,
    /// Why this one.
    pub reason: String,
    /// What to add to the environment.
    pub environment: BTreeMap<String, String>,
    /// The kit, if it is the kit's.
    pub kit: Option<PathBuf>,
}

impl Sdk {
    /// A `dotnet` command in this SDK's environment.
    pub(crate) fn tool(&self) -> Tool {
        // A build must not leave servers behind, nor talk, nor speak another language than we read.
        let quiet = [
            ("DOTNET_NOLOGO", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
            ("DOTNET_CLI_UI_LANGUAGE", "en"),
            ("MSBUILDDISABLENODEREUSE", "1"),
            ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"),
        ];
        Tool::new(&self.program).envs(quiet).envs(&self.environment)
    }

    /// The directory in which NuGet unpacks packages.
    pub(crate) fn packages(&self) -> PathBuf {
        let named = self
            .environment
            .get("NUGET_PACKAGES")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("NUGET_PACKAGES").map(PathBuf::from));
        named.unwrap_or_else(|| {
            PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".nuget/packages")
        })
    }

    /// One line for the report.
    pub(crate) fn describe(&self) -> String {
        format!("{} (SDK {}, {})", self.program.display(), self.version, self.reason)
    }
}

/// Finds or gets an SDK.
///
/// # Errors
///
/// If there is none and none can be had.
pub(crate) fn resolve(context: &Context) -> Result<Sdk> {
    let mut passed_over = Vec::new();
    let root = std::env::var_os("DOTNET_ROOT")
        .map(|root| (PathBuf::from(root).join("dotnet"), "named by DOTNET_ROOT"));
    let path = tool::find("dotnet").map(|program| (program, "found on PATH"));
    for (program, reason) in root.into_iter().chain(path) {
        match examine(context, &program) {
            Ok(version) => {
                context.say(format!(
                    "setup: .NET SDK {version} at {}: {reason} and recent enough",
                    program.display()
                ));
                return installed(context, program, version, reason);
            }
            Err(error) => {
                context.say(format!(
                    "setup: passing over {} ({reason}): {error:#}",
                    program.display()
                ));
                passed_over.push(program.display().to_string());
            }
        }
    }
    if let Some((kit, reason)) = kit(context)? {
        return from_kit(context, &kit, &format!("offline kit {reason}"));
    }
    context.say(format!("setup: no .NET SDK on this machine and no offline kit: fetching one with Microsoft's install script into {}", context.out.display()));
    from_script(context)
}

/// Another SDK to try when the first could not restore the compiler: the kit's, if there is one.
///
/// # Errors
///
/// If the kit is there but cannot be used.
pub(crate) fn instead(
    context: &Context,
    first: &Sdk,
    error: &anyhow::Error,
) -> Result<Option<Sdk>> {
    if first.kit.is_some() {
        return Ok(None);
    }
    let Some((kit, reason)) = kit(context)? else { return Ok(None) };
    let why = format!("{error:#}");
    context.say(format!(
        "setup: that SDK cannot fetch the compiler ({}): using the offline kit {reason}",
        why.lines().next().unwrap_or_default()
    ));
    from_kit(context, &kit, &format!("offline kit {reason}")).map(Some)
}

/// The newest SDK that a `dotnet` program has, if it is recent enough.
fn examine(context: &Context, program: &Path) -> Result<String> {
    if !is_executable(program) {
        bail!("not there");
    }
    let list = Tool::new(program).arg("--list-sdks").text(context)?;
    let newest = newest(&list).ok_or_else(|| anyhow!("it has no SDK"))?;
    if major(&newest) < pin::SDK_MAJOR {
        bail!(
            "its newest SDK is {newest}, and {} needs {} or later",
            pin::FRAMEWORK,
            pin::SDK_MAJOR
        );
    }
    Ok(newest)
}

/// An SDK that the user has. If it is one that the kit unpacked, it needs the kit's environment.
fn installed(context: &Context, program: PathBuf, version: String, reason: &str) -> Result<Sdk> {
    let real = program.canonicalize().with_context(|| program.display().to_string())?;
    let home = real.parent().context("a program is in a directory")?;
    if home.join(KIT_MARK).is_file()
        && let Some((kit, _)) = kit(context)?
    {
        let environment = kit_environment(context, &kit, home)?;
        return Ok(Sdk {
            program: real,
            version,
            reason: format!("{reason}; unpacked from the offline kit"),
            environment,
            kit: Some(kit),
        });
    }
    let environment = BTreeMap::from([("DOTNET_ROOT".to_owned(), home.display().to_string())]);
    Ok(Sdk { program: real, version, reason: reason.to_owned(), environment, kit: None })
}

/// The offline kit and how it was found.
fn kit(context: &Context) -> Result<Option<(PathBuf, &'static str)>> {
    if let Some(named) = std::env::var_os("CERMET_DOTNET_KIT").filter(|name| !name.is_empty()) {
        let kit = PathBuf::from(named);
        if !kit.join("kit.sh").is_file() {
            bail!("CERMET_DOTNET_KIT is {}, which holds no kit.sh", kit.display());
        }
        return Ok(Some((
            kit.canonicalize().context("CERMET_DOTNET_KIT")?,
            "named by CERMET_DOTNET_KIT",
        )));
    }
    let beside = context.root.join(KIT_BESIDE);
    if !beside.join("kit.sh").is_file() {
        return Ok(None);
    }
    Ok(Some((
        beside.canonicalize().context("the kit beside the tree")?,
        "found at ../shared/dotnet",
    )))
}

fn from_kit(context: &Context, kit: &Path, reason: &str) -> Result<Sdk> {
    let home = context.dir("dotnet")?;
    context.say(format!("setup: .NET SDK from the {reason}, unpacked into {}", home.display()));
    let script = kit.join("kit.sh");
    Tool::new("sh")
        .arg(&script)
        .arg("install")
        .arg(&home)
        .run(context)
        .context("the offline kit could not be installed")?;
    let environment = kit_environment(context, kit, &home)?;
    let program = home.join("dotnet");
    let version = examine(context, &program)?;
    Ok(Sdk {
        program,
        version,
        reason: reason.to_owned(),
        environment,
        kit: Some(kit.to_path_buf()),
    })
}

/// The variables that the kit asks for, as its own script sets them.
fn kit_environment(context: &Context, kit: &Path, home: &Path) -> Result<BTreeMap<String, String>> {
    let lines = Tool::new("sh").arg(kit.join("kit.sh")).arg("env").arg(home).text(context)?;
    let mut names = exported(&lines);
    // The SDK is called by its full path; a PATH that is remembered would only grow stale.
    names.retain(|name| *name != "PATH");
    let text =
        Tool::new("sh").args(["-c", "eval \"$1\" && env -0", "sh"]).arg(&lines).text(context)?;
    let all = text.split('\0').filter_map(|entry| entry.split_once('='));
    Ok(all
        .filter(|(name, _)| names.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn from_script(context: &Context) -> Result<Sdk> {
    let home = context.dir("dotnet-script")?;
    let program = home.join("dotnet");
    if examine(context, &program).is_err() {
        let script = home.join("dotnet-install.sh");
        let fetch = if tool::find("curl").is_some() {
            Tool::new("curl").args(["-sSfL", "-o"]).arg(&script).arg(pin::SDK_SCRIPT)
        } else if tool::find("wget").is_some() {
            Tool::new("wget").args(["-q", "-O"]).arg(&script).arg(pin::SDK_SCRIPT)
        } else {
            let hint = if apt::is_debian() { ": apt-get install curl" } else { "" };
            bail!("neither curl nor wget is on PATH{hint}");
        };
        fetch.run(context).context("Microsoft's install script cannot be fetched; install a .NET SDK by hand and set DOTNET_ROOT, or name an offline kit by CERMET_DOTNET_KIT")?;
        Tool::new("bash")
            .arg(&script)
            .args(["--channel", pin::SDK_CHANNEL, "--no-path", "--install-dir"])
            .arg(&home)
            .run(context)
            .context("Microsoft's install script failed")?;
        fs::remove_file(&script).context("the install script")?;
    }
    let version = examine(context, &program)?;
    let environment = BTreeMap::from([("DOTNET_ROOT".to_owned(), home.display().to_string())]);
    Ok(Sdk {
        program,
        version,
        reason: "from Microsoft's install script".to_owned(),
        environment,
        kit: None,
    })
}

/// The names that a script of `export` lines sets.
fn exported(lines: &str) -> Vec<&str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let pieces = lines.split("export ").skip(1);
    pieces
        .map(|piece| piece.split(ends).next().unwrap_or_default())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The newest version among the lines of `dotnet --list-sdks`.
fn newest(list: &str) -> Option<String> {
    let versions = list.lines().filter_map(|line| line.split_whitespace().next());
    versions.max_by_key(|version| numbers(version)).map(str::to_owned)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect()
}

fn major(version: &str) -> u32 {
    numbers(version).first().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{exported, major, newest};

    #[test]
    fn the_newest_sdk_is_by_number_not_by_text() {
        let list = "8.0.100 [/usr/share/dotnet/sdk]\n10.0.401 [/usr/share/dotnet/sdk]\n9.0.305 [/usr/share/dotnet/sdk]\n";
        assert_eq!(newest(list).as_deref(), Some("10.0.401"));
        assert_eq!(major("10.0.401"), 10);
        assert_eq!(newest(""), None);
    }

    #[test]
    fn the_names_that_a_kit_sets_are_read_from_its_lines() {
        let lines = "export A='1'\ncase \":$PATH:\" in *:'x':*) ;; *) export PATH='x':\"$PATH\" ;; esac\n[ -n \"${B-}\" ] || B='2'; export B\n";
        assert_eq!(exported(lines), ["A", "PATH", "B"]);
    }
}
