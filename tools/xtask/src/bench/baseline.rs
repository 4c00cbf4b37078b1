//! The system to beat: the same C#, compiled by the same compiler with Microsoft's own runtime, as the
//! first process of Debian's cloud kernel.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::cpio::{self, Entry};
use crate::build::Work;
use crate::context::Context;
use crate::tool::Tool;

/// A Linux that boots to the program.
pub(super) struct Image {
    /// The kernel.
    pub(super) kernel: PathBuf,
    /// Its first file system, with the program as `/init`.
    pub(super) initramfs: PathBuf,
    /// The stripped program.
    pub(super) program: PathBuf,
}

/// glibc of today lacks this one; the archives were built against an older one.
const COMPAT_C: &str = "#include <sys/stat.h>\n\
int __xmknod(int v, const char *p, mode_t m, dev_t *d) { (void)v; return mknod(p, m, *d); }\n";

/// The options besides inputs and references; the ones Microsoft's own targets pass.
const ILC_OPTIONS: &str = include_str!("baseline.rsp");

/// Builds the image for the project `name` below `projects`, or finds it already built.
pub(super) fn build(work: &Work<'_>, dir: &Path, name: &str, projects: &Path) -> Result<Image> {
    let image = Image {
        kernel: kernel(work.context, dir)?,
        initramfs: dir.join(format!("{name}.cpio")),
        program: dir.join(format!("{name}.linux")),
    };
    let step = work
        .cache
        .step(format!("baseline-{name}"))
        .parameter("options", ILC_OPTIONS)
        .parameter("compiler", work.setup.dotnet.compiler.as_os_str().as_encoded_bytes())
        .sources(projects);
    step.run(&[image.initramfs.clone(), image.program.clone()], || {
        work.context.say(format!("bench: building {name} for Linux"));
        let dll = compile(work, dir, &projects.join(name).join(format!("{name}.csproj")))?;
        link(work, dir, &dll, &image.program)?;
        let program = fs::read(&image.program)?;
        let archive = cpio::archive(&[
            ("dev", Entry::Directory),
            ("proc", Entry::Directory),
            ("sys", Entry::Directory),
            ("tmp", Entry::Directory),
            ("dev/console", Entry::Device(5, 1)),
            ("dev/null", Entry::Device(1, 3)),
            ("init", Entry::Program(&program)),
        ]);
        fs::write(&image.initramfs, archive)?;
        Ok(BTreeSet::new())
    })?;
    Ok(image)
}

/// Debian's kernel for virtual machines, out of its package.
fn kernel(context: &Context, dir: &Path) -> Result<PathBuf> {
    let boot = dir.join("linux/boot");
    if let Some(found) = vmlinuz(&boot) {
        return Ok(found);
    }
    let depends =
        Tool::new("apt-cache").args(["depends", "linux-image-cloud-amd64"]).text(context)?;
    let package = depends
        .lines()
        .find_map(|l| l.trim().strip_prefix("Depends: "))
        .context("the package linux-image-cloud-amd64 is not known: run `apt-get update`")?;
    Tool::new("apt-get").args(["download", package]).dir(dir).run(context)?;
    let file = fs::read_dir(dir)?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(package)))
        .context("apt-get download left no file")?;
    Tool::new("dpkg-deb").arg("-x").arg(file).arg(dir.join("linux")).run(context)?;
    vmlinuz(&boot).context("the kernel package holds no vmlinuz")
}

/// The kernel below `boot`, if it is there.
fn vmlinuz(boot: &Path) -> Option<PathBuf> {
    fs::read_dir(boot)
        .ok()?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("vmlinuz")))
}

/// C# to IL.
fn compile(work: &Work<'_>, dir: &Path, project: &Path) -> Result<PathBuf> {
    let artifacts = dir.join("artifacts");
    let name = project.file_stem().context("a project has a name")?.to_string_lossy().into_owned();
    work.setup
        .dotnet
        .sdk
        .tool()
        .args(["build", "-c", "Release", "-v", "quiet", "-p:Baseline=true", "--artifacts-path"])
        .arg(&artifacts)
        .arg(project)
        .run(work.context)?;
    Ok(artifacts.join("bin").join(&name).join("release").join(format!("{name}.dll")))
}

/// IL to a static program with Microsoft's runtime.
fn link(work: &Work<'_>, dir: &Path, dll: &Path, out: &Path) -> Result<()> {
    let object = dir.join("baseline.o");
    let response = dir.join("baseline.rsp");
    let pack = work.setup.dotnet.compiler.display();
    let inputs = format!(
        "{}\n-o:{}\n-r:{pack}/sdk/*.dll\n-r:{pack}/framework/*.dll\n",
        dll.display(),
        object.display()
    );
    fs::write(&response, inputs + ILC_OPTIONS)?;
    Tool::new(work.setup.dotnet.compiler.join("tools/ilc"))
        .arg(format!("@{}", response.display()))
        .run(work.context)?;
    let compat = dir.join("compat.c");
    fs::write(&compat, COMPAT_C)?;
    let sdk = work.setup.dotnet.compiler.join("sdk");
    let framework = work.setup.dotnet.compiler.join("framework");
    let unstripped = out.with_extension("unstripped");
    Tool::new("gcc")
        .args(["-O2", "-w", "-static", "-Wl,--start-group"])
        .arg(&object)
        .arg(compat)
        .arg(framework.join("libSystem.Native.a"))
        .args(
            ["libbootstrapper.o", "libRuntime.WorkstationGC.a", "libRuntime.VxsortEnabled.a"]
                .map(|f| sdk.join(f)),
        )
        .args(
            [
                "libeventpipe-disabled.a",
                "libstandalonegc-disabled.a",
                "libstdc++compat.a",
                "libz.a",
            ]
            .map(|f| sdk.join(f)),
        )
        .args(["-Wl,--end-group", "-ldl", "-lrt", "-lm", "-pthread", "-Wl,--eh-frame-hdr", "-o"])
        .arg(&unstripped)
        .run(work.context)?;
    Tool::new("strip").arg("-o").arg(out).arg(unstripped).run(work.context)
}
