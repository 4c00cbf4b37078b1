//! Patching IL between the C# compiler and ILC, where a project asks for it: the items `IlPatchRules`
//! (files of rules) and `IlPatchPlugs` (libraries with replacements) of its csproj say what to change.
//! `tools/ilpatch` does the work; a rule that meets no target is its error.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::build::Work;
use crate::cache;
use crate::project::{Manifest, Project};
use crate::tool;

/// The patcher's sources, from the root of the tree.
const HOME: &str = "tools/ilpatch";

/// Assemblies that take the place of others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patched {
    /// All of them.
    pub files: Vec<PathBuf>,
}

impl Patched {
    /// The patched form of an assembly, if it has one.
    pub(crate) fn instead_of<'a>(&'a self, assembly: &'a Path) -> &'a Path {
        let same = self.files.iter().find(|file| file.file_name() == assembly.file_name());
        same.map_or(assembly, PathBuf::as_path)
    }
}

/// Patches what a project's rules say, unless that is fresh.
///
/// # Errors
///
/// What the patcher says.
pub(crate) fn apply(work: &Work<'_>, project: &Project, manifest: &Manifest) -> Result<Patched> {
    if manifest.patch_rules.is_empty() && manifest.patch_plugs.is_empty() {
        return Ok(Patched::default());
    }
    let patcher = build(work)?;
    let place = project.place(work.context)?;
    let (dir, list) = (place.join("patched"), place.join("patched.txt"));
    let plugs: Vec<PathBuf> = manifest
        .patch_plugs
        .iter()
        .map(|name| plug(name, project, manifest))
        .collect::<Result<_>>()?;
    let mut step = work.cache.step(format!("patch-{}", project.key())).file(&patcher);
    for file in manifest.code().chain(manifest.patch_rules.iter().map(PathBuf::as_path)) {
        step = step.file(file);
    }
    step = step.parameters("plugs", plugs.iter().map(|file| file.as_os_str().as_encoded_bytes()));
    step.run(std::slice::from_ref(&list), || {
        work.context.progress(format!("ilpatch {}", manifest.name()));
        if dir.is_dir() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let compiler = &work.setup.dotnet.compiler;
        let mut patch = work.setup.dotnet.sdk.tool().arg(&patcher).arg("--quiet");
        patch = patch.arg("--in").arg(&manifest.assembly).arg("--out").arg(&dir);
        for file in &manifest.patch_rules {
            patch = patch.arg("--rules").arg(file);
        }
        for file in &plugs {
            patch = patch.arg("--plugs").arg(file);
        }
        let own =
            manifest.references.iter().filter_map(|file| file.parent()).map(Path::to_path_buf);
        let theirs = ["framework", "sdk"].map(|name| compiler.join(name));
        for dir in own.chain(theirs).collect::<BTreeSet<_>>() {
            patch = patch.arg("--ref").arg(dir);
        }
        let output = patch.output(work.context)?;
        if !output.status.success() {
            bail!("{} cannot be patched:\n{}", manifest.name(), tool::spoken(&output));
        }
        let names: Vec<String> =
            assemblies(&dir)?.iter().map(|file| file.display().to_string()).collect();
        cache::write_whole(&list, names.join("\n").as_bytes())?;
        Ok(assemblies(&dir)?.into_iter().map(cache::Input::File).collect())
    })?;
    Ok(Patched { files: assemblies(&dir)? })
}

/// Builds the patcher.
fn build(work: &Work<'_>) -> Result<PathBuf> {
    let context = work.context;
    let _held = cache::lock(context, "ilpatch")?;
    let (home, out) = (context.root.join(HOME), context.out.join("ilpatch"));
    let made = out.join("bin/ilpatch/release/ilpatch.dll");
    let step = work
        .cache
        .step("ilpatch")
        .sources(&home)
        .parameter("sdk", work.setup.dotnet.sdk.describe());
    step.run(std::slice::from_ref(&made), || {
        context.progress("dotnet build ilpatch");
        let tool = work.setup.dotnet.sdk.tool().arg("build").arg(home.join("ilpatch.csproj"));
        let tool = tool
            .args(["-nologo", "--tl:off", "-v:quiet", "-c", "Release", "--artifacts-path"])
            .arg(&out);
        tool.dir(&home).run(context).context("tools/ilpatch does not build")?;
        Ok(BTreeSet::new())
    })?;
    Ok(made)
}

/// The library that an item means.
fn plug(name: &str, project: &Project, manifest: &Manifest) -> Result<PathBuf> {
    let by_name = |file: &&PathBuf| file.file_stem().is_some_and(|stem| *stem == *name);
    if let Some(file) = manifest.references.iter().find(by_name) {
        return Ok(file.clone());
    }
    let path = project.file.parent().unwrap_or(Path::new("/")).join(name);
    if path.is_file() {
        Ok(path)
    } else {
        bail!("IlPatchPlugs `{name}` is neither a referenced library nor a file")
    }
}

fn assemblies(dir: &Path) -> Result<Vec<PathBuf>> {
    let files = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut found: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    found.retain(|file| file.extension().is_some_and(|extension| extension == "dll"));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Patched, plug};
    use crate::project::{Manifest, Project};

    #[test]
    fn a_patched_assembly_takes_the_place_of_its_original() {
        let patched = Patched { files: vec!["/p/app.dll".into()] };
        assert_eq!(patched.instead_of(Path::new("/o/app.dll")), Path::new("/p/app.dll"));
        assert_eq!(patched.instead_of(Path::new("/o/other.dll")), Path::new("/o/other.dll"));
    }

    #[test]
    fn plugs_are_found_among_the_references() {
        let project = Project { file: "/nowhere/app.csproj".into() };
        let manifest = Manifest { references: vec!["/r/plugs.dll".into()], ..Manifest::default() };
        assert_eq!(plug("plugs", &project, &manifest).expect("found"), Path::new("/r/plugs.dll"));
        assert!(plug("absent", &project, &manifest).is_err());
    }
}
