//! Who may import whom, and where the versions of foreign crates are written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::context::Context;
use crate::tool::Tool;

/// What each crate of the tree may import of the tree. Whatever is not here is no part of it.
const ARROWS: &[(&str, &[&str])] = &[
    ("abi", &[]),
    ("hal", &["abi"]),
    ("gc", &[]),
    ("kernel", &["abi", "hal"]),
    ("dotnet-shim", &["abi", "gc"]),
    ("loader", &[]),
    ("probe", &[]),
    ("guest", &["abi"]),
    // The package that it writes is described there.
    ("xtask", &["abi"]),
];

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    path: Option<PathBuf>,
    kind: Option<String>,
}

/// Holds the workspace against both rules.
///
/// # Errors
///
/// With all complaints, if there are any.
pub(super) fn check(context: &Context) -> Result<()> {
    let text = Tool::cargo()
        .args(["metadata", "--no-deps", "--format-version=1"])
        .dir(&context.root)
        .text(context)?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata")?;
    let mut complaints = arrows(&metadata);
    for package in &metadata.packages {
        let text = fs::read_to_string(&package.manifest_path)
            .with_context(|| package.manifest_path.display().to_string())?;
        complaints.extend(versions(&package.name, &text)?);
    }
    complaints.extend(lints(&metadata)?);
    if complaints.is_empty() { Ok(()) } else { bail!("{}", complaints.join("\n")) }
}

fn arrows(metadata: &Metadata) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let Some(targets) = allowed.get(&*package.name) else {
            complaints.push(format!(
                "crate {} is not in the table of tools/xtask/src/check/arrows.rs",
                package.name
            ));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some())
        {
            // Tests may look at anything.
            let is_test = dependency.kind.as_deref() == Some("dev");
            if !is_test && !targets.contains(&&*dependency.name) {
                complaints.push(format!("{} must not import {}", package.name, dependency.name));
            }
        }
    }
    complaints
}

/// A member names no version of its own.
fn versions(name: &str, manifest: &str) -> Result<Vec<String>> {
    let table: toml::Table = manifest.parse().with_context(|| format!("manifest of {name}"))?;
    let mut complaints = Vec::new();
    let mut tables = vec![&table];
    let targets = table.get("target").and_then(toml::Value::as_table);
    tables.extend(
        targets.into_iter().flat_map(|targets| targets.values()).filter_map(toml::Value::as_table),
    );
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = table.get(kind).and_then(toml::Value::as_table) else {
                continue;
            };
            for (dependency, value) in dependencies {
                let is_inherited =
                    value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                if !is_inherited {
                    complaints.push(format!("{name}: the version of {dependency} belongs into the root Cargo.toml ({dependency}.workspace = true)"));
                }
            }
        }
    }
    Ok(complaints)
}

/// Every member takes the lints of the workspace.
fn lints(metadata: &Metadata) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        if !inherits_lints(&package.manifest_path)? {
            complaints.push(format!("{}: [lints] workspace = true is missing", package.name));
        }
    }
    Ok(complaints)
}

fn inherits_lints(manifest: &Path) -> Result<bool> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let table: toml::Table = text.parse().with_context(|| manifest.display().to_string())?;
    Ok(table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
        == Some(true))
}

#[cfg(test)]
mod tests {
    use super::{Metadata, arrows, versions};

    fn metadata(text: &str) -> Metadata {
        serde_json::from_str(text).expect("metadata")
    }

    #[test]
    fn a_wrong_arrow_is_found() {
        let text = r#"{"packages":[{"name":"gc","manifest_path":"/x","dependencies":[{"name":"hal","path":"/hal","kind":null},{"name":"spin","path":null,"kind":null}]}]}"#;
        assert_eq!(arrows(&metadata(text)), ["gc must not import hal"]);
        let text = r#"{"packages":[{"name":"gc","manifest_path":"/x","dependencies":[{"name":"hal","path":"/hal","kind":"dev"}]}]}"#;
        assert!(arrows(&metadata(text)).is_empty());
    }

    #[test]
    fn a_stranger_is_found() {
        let text = r#"{"packages":[{"name":"stranger","manifest_path":"/x","dependencies":[]}]}"#;
        assert_eq!(arrows(&metadata(text)).len(), 1);
    }

    #[test]
    fn a_version_in_a_member_is_found() {
        let manifest = "[dependencies]\nspin = \"0.10\"\nabi.workspace = true\n[target.'cfg(unix)'.dependencies]\nlibc = { version = \"1\" }\n";
        assert_eq!(versions("gc", manifest).expect("parsed").len(), 2);
    }
}
