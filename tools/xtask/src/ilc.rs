//! Compiling IL to an object file with ILC, by a response file like the one that Microsoft's targets write.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::arch::Arch;
use crate::build::Work;
use crate::patch::{self, Patched};
use crate::project::{Manifest, Project, RuntimeOption};
use crate::setup::Dotnet;
use crate::tool::{self, Tool};

/// Code that a native image leaves out unless the project says otherwise, as Microsoft's targets have it.
/// The first column is a feature switch and a runtime knob alike.
const DEFAULTS: &[(&str, &str)] = &[
    ("System.Diagnostics.Debugger.IsSupported", "false"),
    ("System.Diagnostics.Tracing.EventSource.IsSupported", "false"),
    ("System.Linq.Expressions.CanEmitObjectArrayDelegate", "false"),
    ("System.Resources.ResourceManager.AllowCustomResourceTypes", "false"),
    ("System.Resources.UseSystemResourceKeys", "false"),
    ("System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported", "false"),
    ("System.Runtime.InteropServices.BuiltInComInterop.IsSupported", "false"),
    ("System.Runtime.InteropServices.EnableConsumingManagedCodeFromNativeHosting", "false"),
    ("System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization", "false"),
    ("System.StartupHookProvider.IsSupported", "false"),
    ("System.Text.Encoding.EnableUnsafeUTF7Encoding", "false"),
    ("System.Threading.Thread.EnableAutoreleasePool", "false"),
];

/// Assemblies whose initialisers run at start-up, in this order.
const INITIALISED: &[&str] = &[
    "System.Private.CoreLib",
    "System.Private.StackTraceMetadata",
    "System.Private.TypeLoader",
    "System.Private.Reflection.Execution",
];

/// Compiles a built project to an object, unless the object is fresh.
///
/// # Errors
///
/// What ILC says.
pub(crate) fn compile(work: &Work<'_>, source: &Project, project: &Manifest) -> Result<PathBuf> {
    let Work { context, arch, .. } = *work;
    let (key, place, dotnet) = (source.key(), source.place(context)?, &work.setup.dotnet);
    let object = place.join(format!("{}.o", arch.name()));
    let response = place.join(format!("{}.rsp", arch.name()));
    let patched = patch::apply(work, source, project)?;
    let lines = response_lines(dotnet, arch, project, &patched, &object)?;
    let mut step =
        work.cache.step(format!("ilc-{}-{key}", arch.name())).parameters("response", &lines);
    for file in project.code().chain(patched.files.iter().map(PathBuf::as_path)) {
        step = step.file(file);
    }
    step.run(std::slice::from_ref(&object), || {
        context.progress(format!("ilc {}", project.name()));
        fs::write(&response, lines.join("\n"))
            .with_context(|| format!("cannot write {}", response.display()))?;
        let output = Tool::new(dotnet.compiler.join("tools/ilc"))
            .arg(format!("@{}", response.display()))
            .env("DOTNET_gcServer", "0")
            .output(context)?;
        let text = tool::spoken(&output);
        if !output.status.success() {
            bail!("ILC cannot compile {} ({}):\n{text}", project.name(), output.status);
        }
        if context.verbose && !text.is_empty() {
            context.say(&text);
        }
        Ok(BTreeSet::new())
    })?;
    Ok(object)
}

fn response_lines(
    dotnet: &Dotnet,
    arch: Arch,
    project: &Manifest,
    patched: &Patched,
    object: &Path,
) -> Result<Vec<String>> {
    let program = patched.instead_of(&project.assembly);
    let mut lines = vec![program.display().to_string(), format!("-o:{}", object.display())];
    // Of several assemblies with one name, ILC takes the first: what is patched comes before all, and
    // what the project brings along before what the framework has.
    lines.extend(patched.files.iter().map(|file| format!("-r:{}", file.display())));
    lines.extend(project.references.iter().map(|file| format!("-r:{}", file.display())));
    let compiler = dotnet.compiler.display();
    lines.push(format!("-r:{compiler}/sdk/*.dll"));
    lines.push(format!("-r:{compiler}/framework/*.dll"));
    lines.extend(project.satellites.iter().map(|file| format!("--satellite:{}", file.display())));
    if project.frameworks.iter().any(|name| name == "Microsoft.AspNetCore.App") {
        lines.push(format!("-r:{}/*.dll", aspnet(dotnet)?.display()));
    }
    lines.extend(["--targetos:linux".to_owned(), format!("--targetarch:{}", arch.ilc_name())]);

    lines.push(optimisation(project).to_owned());
    lines.extend(INITIALISED.iter().map(|name| format!("--initassembly:{name}")));
    // The managed halves of exceptions, casts and dispatch, which our runtime calls.
    lines.push("--generateunmanagedentrypoints:System.Private.CoreLib".to_owned());
    lines.push("--directpinvoke:libSystem.Native".to_owned());
    lines.extend(project.direct.iter().map(|name| format!("--directpinvoke:{name}")));
    lines.extend(switches(project));
    lines.push(format!("--runtimeknob:RUNTIME_IDENTIFIER={}", arch.runtime_identifier()));
    lines.extend(reflection(project));
    lines.extend([
        "--resilient".to_owned(),
        "--nowarn:1701;1702;IL2121".to_owned(),
        "--singlewarn".to_owned(),
        "--notrimwarn".to_owned(),
        "--noaotwarn".to_owned(),
    ]);
    Ok(lines)
}

fn optimisation(project: &Manifest) -> &'static str {
    match project.property("OptimizationPreference") {
        Some("Size") => "--Os",
        Some("Speed") => "--Ot",
        _ => "-O",
    }
}

/// Feature switches, which the compiler acts on, and runtime knobs, which the program may read.
fn switches(project: &Manifest) -> Vec<String> {
    let options = [project.options.clone(), from_template(project)].concat();
    let is_set = |name: &str| options.iter().any(|option| option.name == name);
    let mut lines = Vec::new();
    for option in options.iter().filter(|option| !is_ours(&option.name)) {
        if option.trims {
            lines.push(format!("--feature:{}={}", option.name, option.value));
        }
        lines.push(format!("--runtimeknob:{}={}", option.name, option.value));
    }
    let both = |name: &str, value: &str| {
        [format!("--feature:{name}={value}"), format!("--runtimeknob:{name}={value}")]
    };
    for (name, value) in DEFAULTS.iter().filter(|(name, _)| !is_set(name)) {
        lines.extend(both(name, value));
    }
    // There is no ICU on this system. A program that asked for this mode gets its strictness too; to
    // another one, a culture without data behaves like the invariant one instead of being an error.
    let strict = project
        .property("PredefinedCulturesOnly")
        .unwrap_or(if project.is("InvariantGlobalization") { "true" } else { "false" });
    lines.extend(both("System.Globalization.Invariant", "true"));
    lines.extend(both("System.Globalization.PredefinedCulturesOnly", strict));
    lines
}

/// Options that a project sets in its `runtimeconfig.template.json`, which MSBuild has merged into the file
/// that the shared runtime would read.
fn from_template(project: &Manifest) -> Vec<RuntimeOption> {
    let text = project.runtime_config.as_ref().and_then(|file| fs::read(file).ok());
    let config: serde_json::Value =
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let Some(properties) = config["runtimeOptions"]["configProperties"].as_object() else {
        return Vec::new();
    };
    let is_new = |name: &str| !project.options.iter().any(|option| option.name == name);
    let text =
        |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    properties
        .iter()
        .filter(|(name, _)| is_new(name))
        .map(|(name, value)| RuntimeOption {
            name: name.clone(),
            value: text(value),
            trims: value.is_boolean(),
        })
        .collect()
}

/// Options that this system decides.
fn is_ours(name: &str) -> bool {
    matches!(name, "System.Globalization.Invariant" | "System.Globalization.PredefinedCulturesOnly")
}

/// How much is kept for reflection and stack traces.
fn reflection(project: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    if project.property("StackTraceSupport") != Some("false") {
        lines.push("--stacktracedata".to_owned());
    }
    if project.is("IlcDisableReflection") {
        lines.extend([
            "--reflectiondata:none".to_owned(),
            "--feature:System.Collections.Generic.DefaultComparers=false".to_owned(),
            "--feature:System.Reflection.IsReflectionExecutionAvailable=false".to_owned(),
        ]);
    } else if project.property("IlcScanReflection") != Some("false") {
        lines.push("--scanreflection".to_owned());
    }
    if project.property("IlcTrimMetadata") == Some("false") {
        lines.push("--reflectiondata:all".to_owned());
    }
    if project.is("IlcGenerateCompleteTypeMetadata") {
        lines.push("--completetypemetadata".to_owned());
    }
    if matches!(project.property("TrimMode"), Some("partial" | "copyused" | "copy")) {
        lines.push("--defaultrooting".to_owned());
    }
    lines.extend(
        project
            .roots
            .iter()
            .map(|name| format!("--root:{}", name.strip_suffix(".dll").unwrap_or(name))),
    );
    lines.extend(project.descriptors.iter().map(|file| format!("--descriptor:{}", file.display())));
    lines.extend(project.rd_xml.iter().map(|file| format!("--rdxml:{}", file.display())));
    lines
}

/// The IL of ASP.NET Core, in the package that its runtime comes in.
fn aspnet(dotnet: &Dotnet) -> Result<PathBuf> {
    let version = dotnet.compiler.file_name().unwrap_or_default();
    let dir = dotnet
        .sdk
        .packages()
        .join("microsoft.aspnetcore.app.runtime.linux-x64")
        .join(version)
        .join("runtimes/linux-x64/lib/net9.0");
    if dir.is_dir() {
        Ok(dir)
    } else {
        bail!(
            "the program uses ASP.NET Core, whose runtime package is not in {}",
            dotnet.sdk.packages().display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{reflection, switches};
    use crate::project::{Manifest, RuntimeOption};

    #[test]
    fn what_the_project_says_wins_over_a_default() {
        let name = "System.Diagnostics.Tracing.EventSource.IsSupported";
        let mut project = Manifest::default();
        assert!(switches(&project).contains(&format!("--feature:{name}=false")));
        project.options.push(RuntimeOption {
            name: name.to_owned(),
            value: "true".to_owned(),
            trims: true,
        });
        let lines = switches(&project);
        assert!(
            lines.contains(&format!("--feature:{name}=true"))
                && !lines.contains(&format!("--feature:{name}=false"))
        );
    }

    #[test]
    fn cultures_without_data_are_errors_only_where_the_project_wants_them_to_be() {
        let strict = |project: &Manifest| {
            switches(project).contains(
                &"--runtimeknob:System.Globalization.PredefinedCulturesOnly=true".to_owned(),
            )
        };
        let mut project = Manifest::default();
        assert!(!strict(&project));
        project.properties.insert("InvariantGlobalization".to_owned(), "true".to_owned());
        assert!(strict(&project));
        project.properties.insert("PredefinedCulturesOnly".to_owned(), "false".to_owned());
        assert!(!strict(&project));
    }

    #[test]
    fn stack_traces_have_names_unless_refused() {
        let mut project = Manifest::default();
        assert!(reflection(&project).contains(&"--stacktracedata".to_owned()));
        project.properties.insert("StackTraceSupport".to_owned(), "false".to_owned());
        assert!(!reflection(&project).contains(&"--stacktracedata".to_owned()));
    }
}
