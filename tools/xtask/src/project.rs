//! C# projects: finding one, building it with `dotnet build`, and what comes out.

mod manifest;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

pub(crate) use manifest::{Manifest, RuntimeOption};

use crate::cache::{Cache, Input};
use crate::context::Context;
use crate::pin;
use crate::setup::dotnet::Sdk;
use crate::tool;

/// MSBuild's side of the build, from the root of the tree.
const HOOK: &str = "tools/xtask/msbuild/Cermet.targets";

/// Files that MSBuild, NuGet and the compiler look for in every directory above a project.
const LOOKED_FOR: &[&str] = &[
    "Directory.Build.props",
    "Directory.Build.targets",
    "Directory.Packages.props",
    "Directory.Build.rsp",
    "global.json",
    "nuget.config",
    "NuGet.config",
    "NuGet.Config",
    ".editorconfig",
    ".globalconfig",
];

/// A C# project on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// The full path of the csproj file.
    pub file: PathBuf,
}

impl Project {
    /// Finds the project that a person means by a directory or a csproj file.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub(crate) fn find(path: &Path) -> Result<Project> {
        let meta =
            fs::metadata(path).with_context(|| format!("no such project: {}", path.display()))?;
        let full =
            path.canonicalize().with_context(|| format!("no such project: {}", path.display()))?;
        if !meta.is_dir() {
            if full.extension() != Some(OsStr::new("csproj")) {
                bail!(
                    "{} is not a C# project: name a .csproj file or its directory",
                    path.display()
                );
            }
            return Ok(Project { file: full });
        }
        let entries =
            fs::read_dir(&full).with_context(|| format!("cannot read {}", path.display()))?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|file| file.extension() == Some(OsStr::new("csproj")) && file.is_file())
            .collect();
        found.sort();
        match &found[..] {
            [] => bail!("no C# project: {} holds no .csproj file", path.display()),
            [file] => Ok(Project { file: file.clone() }),
            several => {
                let names: Vec<String> = several
                    .iter()
                    .map(|file| file.file_name().unwrap_or_default().to_string_lossy().into_owned())
                    .collect();
                bail!(
                    "{} holds several projects ({}): name one of them",
                    path.display(),
                    names.join(", ")
                )
            }
        }
    }

    /// The file's name without its extension.
    pub(crate) fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A name for this very project, unlike that of every other.
    pub(crate) fn key(&self) -> String {
        let hash = blake3::hash(self.file.as_os_str().as_encoded_bytes()).to_hex();
        let plain: String = self
            .name()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' })
            .collect();
        format!("{plain}-{}", &hash[..12])
    }

    /// The directory below the output directory where all that is made of it goes.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn place(&self, context: &Context) -> Result<PathBuf> {
        context.dir(Path::new("projects").join(self.key()))
    }

    /// Builds it with `dotnet build`, unless it is fresh. Nothing is written beside the project.
    ///
    /// # Errors
    ///
    /// What the compiler says, or why this project cannot become an image.
    pub(crate) fn build(&self, context: &Context, cache: &Cache, sdk: &Sdk) -> Result<Manifest> {
        let place = self.place(context)?;
        let manifest = place.join("manifest.txt");
        let hook = context.root.join(HOOK);
        let flags = self.flags(&place)?;
        let step = cache
            .step(format!("csharp-{}", self.key()))
            .parameter("project", self.file.as_os_str().as_encoded_bytes())
            .parameter("sdk", sdk.describe())
            .parameters("flags", &flags)
            .parameters("pins", [pin::DOTNET, pin::FRAMEWORK])
            .file(&hook);
        step.run(std::slice::from_ref(&manifest), || {
            context.progress(format!("dotnet build {}", self.file.display()));
            let inputs = place.join("inputs");
            for old in [&inputs, &manifest] {
                remove(old)?;
            }
            fs::create_dir_all(&inputs).with_context(|| format!("cannot make {}", inputs.display()))?;
            let output = sdk
                .tool()
                .arg("build")
                .arg(&self.file)
                .args(&flags)
                .env("BeforeMicrosoftNETSdkTargets", &hook)
                .env("CermetFramework", pin::FRAMEWORK)
                .env("CermetProject", &self.file)
                .env("CermetManifest", &manifest)
                .env("CermetInputs", &inputs)
                .env("CermetOffline", if sdk.kit.is_some() { "true" } else { "false" })
                .dir(self.directory())
                .output(context)?;
            let text = tool::spoken(&output);
            if !output.status.success() {
                bail!("{}", complaint(&self.name(), &text));
            }
            if context.verbose {
                context.say(&text);
            }
            if !manifest.is_file() {
                bail!("{} was built but is no project of the .NET SDK kind (<Project Sdk=\"Microsoft.NET.Sdk\">)", self.file.display());
            }
            let made = Manifest::read(&manifest)?;
            let mut found = self.inputs(&inputs, &place)?;
            found.extend(made.files().map(|file| Input::File(file.to_path_buf())));
            Ok(found)
        })?;
        Manifest::read(&manifest)
    }

    /// The directory of the project.
    fn directory(&self) -> &Path {
        self.file.parent().expect("a file is in a directory")
    }

    /// Arguments of `dotnet build`.
    fn flags(&self, place: &Path) -> Result<Vec<String>> {
        let mut flags = vec![
            "-nologo".to_owned(),
            "--tl:off".to_owned(),
            "-v:quiet".to_owned(),
            "-clp:NoSummary".to_owned(),
            "-c".to_owned(),
            "Release".to_owned(),
        ];
        flags.push(format!("--artifacts-path={}", place.join("artifacts").display()));
        let text = fs::read_to_string(&self.file)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        if frameworks(&text).any(|framework| framework == pin::FRAMEWORK) {
            flags.push(format!("-f={}", pin::FRAMEWORK));
        }
        Ok(flags)
    }

    /// Everything that the projects of this build were built from.
    fn inputs(&self, lists: &Path, place: &Path) -> Result<BTreeSet<Input>> {
        let mut projects = BTreeSet::from([self.file.clone()]);
        let mut files = BTreeSet::new();
        for list in fs::read_dir(lists)
            .with_context(|| format!("cannot read {}", lists.display()))?
            .flatten()
        {
            let text = fs::read_to_string(list.path())
                .with_context(|| format!("cannot read {}", list.path().display()))?;
            for line in text.lines() {
                match line.split_once('\t') {
                    Some(("project", file)) => drop(projects.insert(PathBuf::from(file))),
                    Some(("file", file)) => drop(files.insert(PathBuf::from(file))),
                    _ => {}
                }
            }
        }
        let mut inputs = BTreeSet::new();
        for project in &projects {
            let Some(directory) = project.parent() else { continue };
            inputs.insert(Input::Sources(directory.to_path_buf()));
            for above in directory.ancestors() {
                inputs.extend(LOOKED_FOR.iter().map(|name| Input::File(above.join(name))));
            }
            imports(project, &mut files);
        }
        let is_listed = |file: &Path| {
            projects
                .iter()
                .filter_map(|project| project.parent())
                .any(|directory| file.starts_with(directory))
        };
        inputs.extend(
            files
                .into_iter()
                .filter(|file| !file.starts_with(place) && !is_listed(file))
                .map(Input::File),
        );
        Ok(inputs)
    }
}

/// The frameworks that a project text lists under `TargetFrameworks`.
fn frameworks(text: &str) -> impl Iterator<Item = &str> {
    let list = text
        .split_once("<TargetFrameworks>")
        .and_then(|(_, rest)| rest.split_once("</TargetFrameworks>"))
        .map_or("", |(list, _)| list);
    list.split(';').map(str::trim).filter(|framework| !framework.is_empty())
}

/// Files that a project imports by a path that can be read off the text, and what those import.
fn imports(project: &Path, files: &mut BTreeSet<PathBuf>) {
    let (Ok(text), Some(directory)) = (fs::read_to_string(project), project.parent()) else {
        return;
    };
    for piece in text.split("<Import ").skip(1) {
        let Some(named) = piece
            .split_once("Project=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(named, _)| named)
        else {
            continue;
        };
        let named = named
            .replace('\\', "/")
            .replace("$(MSBuildThisFileDirectory)", "./")
            .replace("$(MSBuildProjectDirectory)", ".");
        if !named.contains("$(") {
            let file = directory.join(named);
            if files.insert(file.clone()) {
                imports(&file, files);
            }
        }
    }
}

/// What to tell of a failed build: our own refusal alone, or each error once.
fn complaint(name: &str, text: &str) -> String {
    let mut errors: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.contains(": error ")
            || line.starts_with("error ")
            || line.starts_with("MSBUILD : error")
        {
            let line = line
                .rsplit_once(" [")
                .filter(|(_, project)| project.ends_with("proj]"))
                .map_or(line, |(line, _)| line);
            if !errors.contains(&line) {
                errors.push(line);
            }
        }
    }
    if let Some(refusal) = errors.iter().find_map(|line| {
        line.split_once("error CERMET").and_then(|(_, rest)| rest.split_once(": "))
    }) {
        return refusal.1.to_owned();
    }
    if errors.is_empty() {
        return format!("{name} does not build:\n{text}");
    }
    format!("{name} does not build:\n{}", errors.join("\n"))
}

fn remove(path: &Path) -> Result<()> {
    let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match gone {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Project, complaint, frameworks};

    #[test]
    fn a_project_is_found_by_file_or_directory() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let none = Project::find(dir.path()).expect_err("an empty directory");
        assert!(none.to_string().contains("holds no .csproj"), "{none}");
        let file = dir.path().join("a.csproj");
        fs::write(&file, "").expect("written");
        assert_eq!(
            Project::find(dir.path()).expect("found").file,
            file.canonicalize().expect("a path")
        );
        assert_eq!(Project::find(&file).expect("found").name(), "a");
        fs::write(dir.path().join("b.csproj"), "").expect("written");
        let several = Project::find(dir.path()).expect_err("two projects");
        assert!(several.to_string().contains("a.csproj, b.csproj"), "{several}");
        let missing = Project::find(&dir.path().join("nowhere")).expect_err("no such path");
        assert!(missing.to_string().starts_with("no such project"), "{missing}");
        fs::write(dir.path().join("x.txt"), "").expect("written");
        assert!(Project::find(&dir.path().join("x.txt")).is_err());
    }

    #[test]
    fn projects_of_one_name_have_places_of_their_own() {
        let one = Project { file: "/a/app.csproj".into() };
        let two = Project { file: "/b/app.csproj".into() };
        assert_ne!(one.key(), two.key());
        assert!(one.key().starts_with("app-"));
    }

    #[test]
    fn several_frameworks_are_read() {
        let text = "<TargetFrameworks> net8.0; net9.0\n</TargetFrameworks>";
        assert_eq!(frameworks(text).collect::<Vec<_>>(), ["net8.0", "net9.0"]);
        assert_eq!(frameworks("<TargetFramework>net9.0</TargetFramework>").count(), 0);
    }

    #[test]
    fn each_error_is_told_once_and_without_the_project() {
        let text = "/p/A.cs(1,2): error CS1002: ; expected [/p/p.csproj]\n/p/A.cs(1,2): error CS1002: ; expected [/p/p.csproj]\n  0 Warning(s)";
        assert_eq!(
            complaint("p", text),
            "p does not build:\n/p/A.cs(1,2): error CS1002: ; expected"
        );
    }

    #[test]
    fn our_own_refusal_stands_alone() {
        let text = "/t/Cermet.targets(60,5): error CERMET3: lib.csproj is not an executable: its OutputType is Library. [/p/lib.csproj]\nother: error X: y";
        assert_eq!(
            complaint("lib", text),
            "lib.csproj is not an executable: its OutputType is Library."
        );
    }
}
