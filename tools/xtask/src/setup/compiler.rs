//! ILC's package, from whatever feed the SDK is set to use.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::dotnet::Sdk;
use crate::context::Context;
use crate::pin;

/// The package that holds ILC for a 64-bit PC as the build machine; it compiles for every target.
const PACKAGE: &str = "runtime.linux-x64.Microsoft.DotNet.ILCompiler";

/// Finds the unpacked package, or restores it.
///
/// # Errors
///
/// If the feed does not have it.
pub(crate) fn resolve(context: &Context, sdk: &Sdk) -> Result<PathBuf> {
    let package = sdk.packages().join(PACKAGE.to_lowercase()).join(pin::DOTNET);
    let ilc = package.join("tools/ilc");
    if !ilc.is_file() {
        let feed = if sdk.kit.is_some() { "the kit's feed" } else { "NuGet" };
        context.say(format!(
            "setup: {PACKAGE} {} is not in {}: restoring it from {feed}",
            pin::DOTNET,
            sdk.packages().display()
        ));
        let dir = context.dir("setup/packs")?;
        let project = dir.join("packs.csproj");
        fs::write(&project, project_text())
            .with_context(|| format!("cannot write {}", project.display()))?;
        sdk.tool()
            .arg("restore")
            .arg(&project)
            .args(["--verbosity", "quiet"])
            .dir(&dir)
            .run(context)
            .with_context(|| format!("{PACKAGE} cannot be restored"))?;
        if !ilc.is_file() {
            bail!("restoring {PACKAGE} left no {}", ilc.display());
        }
    }
    // The packer does not keep permissions.
    let mut permissions =
        fs::metadata(&ilc).with_context(|| ilc.display().to_string())?.permissions();
    if permissions.mode() & 0o111 == 0 {
        permissions.set_mode(0o755);
        fs::set_permissions(&ilc, permissions)
            .with_context(|| format!("cannot make {} executable", ilc.display()))?;
    }
    Ok(package)
}

/// A project whose only purpose is to have packages unpacked.
fn project_text() -> String {
    format!(
        r#"<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>{}</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="{PACKAGE}" Version="[{}]" />
  </ItemGroup>
</Project>
"#,
        pin::FRAMEWORK,
        pin::DOTNET
    )
}
