//! What MSBuild said about a project that it built; `msbuild/Cermet.targets` writes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The parts of a built project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Properties that matter to the compiler, those that are empty left out.
    pub properties: BTreeMap<String, String>,
    /// The program itself.
    pub assembly: PathBuf,
    /// Libraries that come with it.
    pub references: Vec<PathBuf>,
    /// Assemblies of translated resources.
    pub satellites: Vec<PathBuf>,
    /// Files to be found at the program's base directory: relative path, and where it is now.
    pub content: BTreeMap<String, PathBuf>,
    /// Runtime options.
    pub options: Vec<RuntimeOption>,
    /// Assemblies to be kept whole.
    pub roots: Vec<String>,
    /// Files that say what reflection needs.
    pub descriptors: Vec<PathBuf>,
    /// The same in the older format.
    pub rd_xml: Vec<PathBuf>,
    /// Libraries whose native entry points are linked in.
    pub direct: Vec<String>,
    /// Files of rules for the IL patcher.
    pub patch_rules: Vec<PathBuf>,
    /// Libraries that hold plugs for it: simple names among the references, or paths.
    pub patch_plugs: Vec<String>,
    /// Runtime options as the shared runtime would read them; the project's own template is merged in.
    pub runtime_config: Option<PathBuf>,
    /// Shared frameworks, such as `Microsoft.AspNetCore.App`.
    pub frameworks: Vec<String>,
}

/// A `RuntimeHostConfigurationOption`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeOption {
    /// Such as `System.GC.Server`.
    pub name: String,
    /// Its value as text.
    pub value: String,
    /// Whether the compiler may leave code out because of it.
    pub trims: bool,
}

impl Manifest {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// If it cannot be read or names no assembly.
    pub(crate) fn read(file: &Path) -> Result<Manifest> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let manifest = Manifest::parse(&text);
        if manifest.assembly.as_os_str().is_empty() {
            anyhow::bail!("{} names no assembly", file.display());
        }
        Ok(manifest)
    }

    /// Every file that the project brought forth or brought along.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.code().chain(self.content.values().map(PathBuf::as_path))
    }

    /// Those of them that the compiler reads.
    pub(crate) fn code(&self) -> impl Iterator<Item = &Path> {
        let libraries = self.references.iter().chain(&self.satellites);
        let orders = self.descriptors.iter().chain(&self.rd_xml).chain(&self.runtime_config);
        std::iter::once(&self.assembly).chain(libraries).chain(orders).map(PathBuf::as_path)
    }

    /// The assembly's name, which is the service's.
    pub(crate) fn name(&self) -> String {
        self.assembly.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A property, if the project set it.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// Whether a property is `true`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.property(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn parse(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        let mut content = BTreeMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
            match fields[..] {
                ["property", name, value] if !value.is_empty() => {
                    drop(manifest.properties.insert(name.to_owned(), value.to_owned()));
                }
                ["assembly", file] => manifest.assembly = PathBuf::from(file),
                ["reference", file, below] => manifest.reference(file, below, &mut content),
                ["satellite", file, _culture] => manifest.satellites.push(PathBuf::from(file)),
                ["content", file, place] => {
                    drop(content.insert(place.replace('\\', "/"), PathBuf::from(file)));
                }
                ["option", name, value, trims] => manifest.options.push(RuntimeOption {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    trims: trims.eq_ignore_ascii_case("true"),
                }),
                ["root", name] => manifest.roots.push(name.to_owned()),
                ["descriptor", file] => manifest.descriptors.push(PathBuf::from(file)),
                ["rdxml", file] => manifest.rd_xml.push(PathBuf::from(file)),
                ["directpinvoke", name] => manifest.direct.push(name.to_owned()),
                ["patch-rules", file] => manifest.patch_rules.push(PathBuf::from(file)),
                ["patch-plugs", name] => manifest.patch_plugs.push(name.to_owned()),
                ["framework", name] => manifest.frameworks.push(name.to_owned()),
                _ => {}
            }
        }
        // What starts a program under the shared runtime has no meaning here.
        let name = manifest.name();
        manifest.runtime_config = content.remove(&format!("{name}.runtimeconfig.json"));
        content.retain(|place, _| !is_host_file(place, &name));
        manifest.content = content;
        manifest.references.sort();
        manifest.references.dedup();
        manifest
    }

    /// A file that a reference copies beside the program: a library, its translations, or plain data.
    fn reference(&mut self, file: &str, below: &str, content: &mut BTreeMap<String, PathBuf>) {
        let path = PathBuf::from(file);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match &*extension {
            "dll" if name.ends_with(".resources.dll") => self.satellites.push(path),
            // Native libraries for Windows lie in such directories too; the compiler refuses them.
            "dll" | "exe" if !below.contains("native") => self.references.push(path),
            "pdb" | "xml" | "so" | "dylib" | "dll" | "exe" | "a" => {}
            _ => drop(content.insert(format!("{}{name}", below.replace('\\', "/")), path)),
        }
    }
}

fn is_host_file(place: &str, assembly: &str) -> bool {
    let rest = place.strip_prefix(assembly);
    rest.is_some_and(|rest| {
        matches!(
            rest,
            ".deps.json"
                | ".runtimeconfig.json"
                | ".runtimeconfig.dev.json"
                | ".pdb"
                | ".dll"
                | ".exe"
                | ""
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Manifest;

    #[test]
    fn a_manifest_is_read() {
        let text = "property\tOptimize\ttrue\nproperty\tTrimMode\t\nassembly\t/o/app.dll\nreference\t/n/lib.dll\t\nreference\t/n/lib.pdb\t\n\
                    reference\t/n/de/lib.resources.dll\tde/\ncontent\t/o/app.deps.json\tapp.deps.json\ncontent\t/p/data.txt\tsub\\data.txt\n\
                    option\tSystem.GC.Server\tfalse\t\noption\tA.B\ttrue\ttrue\nframework\tMicrosoft.NETCore.App\n";
        let manifest = Manifest::parse(text);
        assert_eq!(manifest.name(), "app");
        assert!(manifest.is("Optimize") && manifest.property("TrimMode").is_none());
        assert_eq!(manifest.references, [PathBuf::from("/n/lib.dll")]);
        assert_eq!(manifest.satellites, [PathBuf::from("/n/de/lib.resources.dll")]);
        assert_eq!(manifest.content.keys().collect::<Vec<_>>(), ["sub/data.txt"]);
        assert_eq!(
            manifest.options.iter().map(|option| option.trims).collect::<Vec<_>>(),
            [false, true]
        );
    }
}
