//! Debian's archive, used without touching the machine's own package state.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::context::Context;
use crate::tool::{self, Tool};

/// Debian's keys, where its own packages put them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Whether packages can be installed here.
pub(crate) fn is_debian() -> bool {
    tool::find("apt-get").is_some() && tool::find("dpkg").is_some()
}

/// Whether this process may install packages.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Installs packages on this machine.
///
/// # Errors
///
/// What apt-get says.
pub(crate) fn install(context: &Context, packages: &[&str]) -> Result<()> {
    let apt = || Tool::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    // A package list that is out of date or was never fetched makes the installation fail, so fetch it; a
    // foreign source that does not answer is no reason to give up.
    if let Err(error) = apt().args(["-q", "update"]).run(context) {
        context.say(format!(
            "setup: apt-get update: {}",
            format!("{error:#}").lines().next().unwrap_or_default()
        ));
    }
    apt().args(["-q", "-y", "--no-install-recommends", "install"]).args(packages).run(context)
}

/// A view of one suite of Debian's archive with its own lists and cache.
#[derive(Debug)]
pub(crate) struct Private {
    options: Vec<String>,
}

impl Private {
    /// Fetches the package list of a suite from the mirror that this machine uses.
    ///
    /// # Errors
    ///
    /// If this is no Debian, has no mirror, or the mirror does not have the suite.
    pub(crate) fn open(context: &Context, suite: &str) -> Result<Private> {
        if !is_debian() {
            bail!("this machine has no apt-get");
        }
        let base = context.dir("apt")?;
        let targets = Tool::new("apt-get")
            .args(["indextargets", "--format", "$(CREATED_BY)\t$(SITE)\t$(RELEASE)\t$(COMPONENT)"])
            .text(context)?;
        let mirror = mirror(&targets, &codename())
            .ok_or_else(|| anyhow!("apt has no source of Debian itself"))?;
        let signed = if Path::new(KEYRING).is_file() {
            format!("[signed-by={KEYRING}] ")
        } else {
            String::new()
        };
        let sources = base.join("sources.list");
        fs::write(&sources, format!("deb {signed}{mirror} {suite} main\n"))
            .with_context(|| format!("cannot write {}", sources.display()))?;
        for dir in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(base.join(dir))
                .with_context(|| format!("cannot make {}/{dir}", base.display()))?;
        }
        let option = |name: &str, path: &Path| format!("{name}={}", path.display());
        let options = vec![
            option("Dir::Etc::SourceList", &sources),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            option("Dir::State::Lists", &base.join("lists")),
            option("Dir::Cache", &base.join("cache")),
            // No locks of the system's are needed, nor its download user, who cannot write here.
            "Debug::NoLocking=1".to_owned(),
            "APT::Sandbox::User=".to_owned(),
        ];
        let archive = Private { options };
        archive
            .tool("apt-get")
            .args(["-q", "update"])
            .run(context)
            .with_context(|| format!("{mirror} {suite}"))?;
        Ok(archive)
    }

    /// Downloads the package whose upstream version is the given one.
    ///
    /// # Errors
    ///
    /// If the suite does not have it.
    pub(crate) fn download(
        &self,
        context: &Context,
        package: &str,
        upstream: &str,
        into: &Path,
    ) -> Result<PathBuf> {
        let known = self.tool("apt-cache").args(["madison", package]).text(context)?;
        let version = version(&known, upstream).ok_or_else(|| {
            anyhow!("the suite has no {package} {upstream}; it has: {}", summary(&known))
        })?;
        self.tool("apt-get")
            .args(["-q", "download"])
            .arg(format!("{package}={version}"))
            .dir(into)
            .run(context)?;
        let files =
            fs::read_dir(into).with_context(|| format!("cannot read {}", into.display()))?;
        let archive = files
            .flatten()
            .map(|file| file.path())
            .find(|file| file.extension().is_some_and(|extension| extension == "deb"));
        archive.with_context(|| format!("apt-get download left no package in {}", into.display()))
    }

    fn tool(&self, program: &str) -> Tool {
        let options = self.options.iter().flat_map(|option| ["-o", option]);
        Tool::new(program).args(options).env("LC_ALL", "C")
    }
}

/// The release that this machine runs, such as `bookworm`.
fn codename() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.unwrap_or_default().trim_matches('"').to_owned()
}

/// The mirror of the release's main component among apt's index targets.
fn mirror(targets: &str, codename: &str) -> Option<String> {
    let mut fallback = None;
    for line in targets.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [created, site, release, component] = fields[..] else { continue };
        if created != "Packages"
            || component != "main"
            || !site.contains("debian")
            || site.contains("security")
        {
            continue;
        }
        if release == codename {
            return Some(site.to_owned());
        }
        fallback.get_or_insert_with(|| site.to_owned());
    }
    fallback
}

/// The full version, among the lines of `apt-cache madison`, that packages an upstream version.
fn version(known: &str, upstream: &str) -> Option<String> {
    let versions = known.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    let is_of = |version: &&str| {
        let bare = version.split_once(':').map_or(*version, |(_, rest)| rest);
        bare.strip_prefix(upstream)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    versions.into_iter().find(is_of).map(str::to_owned)
}

fn summary(known: &str) -> String {
    let versions: Vec<&str> =
        known.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).take(5).collect();
    if versions.is_empty() { "nothing".to_owned() } else { versions.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{mirror, version};

    #[test]
    fn the_mirror_of_the_running_release_is_taken() {
        let targets = "Packages\thttp://mirror.example/debian-security\tbookworm-security\tmain\n\
                       DEP-11\thttp://mirror.example/debian\tbookworm\tmain\n\
                       Packages\thttp://other.example/tool\tbookworm\tmain\n\
                       Packages\thttp://mirror.example/debian\tbookworm\tmain\n";
        assert_eq!(mirror(targets, "bookworm").as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror(targets, "trixie").as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror("", "trixie"), None);
    }

    #[test]
    fn a_version_is_matched_as_a_whole() {
        let known = " rust-src | 1.95.10+dfsg1-1 | http://m trixie-backports/main amd64 Packages\n\
                      rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://m trixie-backports/main amd64 Packages\n";
        assert_eq!(version(known, "1.95.0").as_deref(), Some("1.95.0+dfsg1-2~bpo13+1"));
        assert_eq!(version(known, "1.95.1"), None);
        assert_eq!(version(known, "1.95"), None);
    }
}
