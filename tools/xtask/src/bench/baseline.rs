//! The system to beat: the same C#, compiled by the same compiler with Microsoft's own runtime, as the
//! first process of Debian's cloud kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::cpio::{self, Entry};

/// What the baseline is built with.
pub(crate) struct Tools<'a> {
    /// Environment for `dotnet`.
    pub(crate) dotnet_env: &'a [(String, String)],
    /// The `dotnet` program.
    pub(crate) dotnet: &'a Path,
    /// The unpacked ILCompiler package.
    pub(crate) ilc: &'a Path,
    /// Where everything is put and kept.
    pub(crate) dir: &'a Path,
}

/// A Linux that boots to the program.
pub(crate) struct Image {
    /// The kernel.
    pub(crate) kernel: PathBuf,
    /// Its first file system, with the program as `/init`.
    pub(crate) initramfs: PathBuf,
    /// The stripped program.
    pub(crate) program: PathBuf,
}

/// glibc of today lacks this one; the archives were built against an older one.
const COMPAT_C: &str = "#include <sys/stat.h>\n\
int __xmknod(int v, const char *p, mode_t m, dev_t *d) { (void)v; return mknod(p, m, *d); }\n";

/// The options besides inputs and references; the ones Microsoft's own targets pass.
const ILC_OPTIONS: &str = include_str!("baseline.rsp");

/// Builds the image for `project`, or finds it already built from the same sources.
pub(crate) fn build(tools: &Tools<'_>, project: &Path) -> Result<Image> {
    fs::create_dir_all(tools.dir)?;
    let image = Image {
        kernel: kernel(tools.dir)?,
        initramfs: tools.dir.join("baseline.cpio"),
        program: tools.dir.join("bench"),
    };
    let stamp = tools.dir.join("baseline.stamp");
    let key = sources_key(project)?;
    if image.initramfs.exists() && fs::read_to_string(&stamp).is_ok_and(|s| s == key) {
        return Ok(image);
    }
    let dll = compile(tools, project)?;
    link(tools, &dll, &image.program)?;
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
    fs::write(stamp, key)?;
    Ok(image)
}

/// A digest of the project's own files.
fn sources_key(project: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(project.parent().context("a project in a directory")?)?
        .map(|e| e.map(|e| e.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|p| p.extension().is_some_and(|e| e == "cs" || e == "csproj"));
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(&fs::read(file)?);
    }
    hasher.update(ILC_OPTIONS.as_bytes());
    Ok(hasher.finalize().to_hex().to_string())
}

/// Debian's kernel for virtual machines, out of its package.
fn kernel(dir: &Path) -> Result<PathBuf> {
    let boot = dir.join("linux/boot");
    if let Some(found) = vmlinuz(&boot) {
        return Ok(found);
    }
    let depends = output(Command::new("apt-cache").args(["depends", "linux-image-cloud-amd64"]))?;
    let package = depends
        .lines()
        .find_map(|l| l.trim().strip_prefix("Depends: "))
        .context("the package linux-image-cloud-amd64 is not known: run `apt-get update`")?;
    run(Command::new("apt-get").args(["download", package]).current_dir(dir))?;
    let file = fs::read_dir(dir)?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(package)))
        .context("apt-get download left no file")?;
    run(Command::new("dpkg-deb").arg("-x").arg(file).arg(dir.join("linux")))?;
    vmlinuz(&boot).context("the kernel package holds no vmlinuz")
}

/// The kernel below `boot`, if it is there.
fn vmlinuz(boot: &Path) -> Option<PathBuf> {
    fs::read_dir(boot).ok()?.filter_map(|e| e.ok().map(|e| e.path())).find(|p| {
        p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("vmlinuz"))
    })
}

/// C# to IL.
fn compile(tools: &Tools<'_>, project: &Path) -> Result<PathBuf> {
    let artifacts = tools.dir.join("artifacts");
    run(Command::new(tools.dotnet)
        .envs(tools.dotnet_env.iter().map(|(k, v)| (k, v)))
        .args(["build", "-c", "Release", "-v", "quiet", "-p:Baseline=true", "--artifacts-path"])
        .arg(&artifacts)
        .arg(project))?;
    let name = project.file_stem().context("a project has a name")?.to_string_lossy().into_owned();
    Ok(artifacts.join("bin").join(&name).join("release").join(format!("{name}.dll")))
}

/// IL to a static program with Microsoft's runtime.
fn link(tools: &Tools<'_>, dll: &Path, out: &Path) -> Result<()> {
    let object = tools.dir.join("baseline.o");
    let response = tools.dir.join("baseline.rsp");
    let pack = tools.ilc.display();
    let inputs = format!(
        "{}\n-o:{}\n-r:{pack}/sdk/*.dll\n-r:{pack}/framework/*.dll\n",
        dll.display(),
        object.display()
    );
    fs::write(&response, inputs + ILC_OPTIONS)?;
    run(Command::new(tools.ilc.join("tools/ilc")).arg(format!("@{}", response.display())))?;
    let compat = tools.dir.join("compat.c");
    fs::write(&compat, COMPAT_C)?;
    let sdk = tools.ilc.join("sdk");
    let framework = tools.ilc.join("framework");
    let unstripped = out.with_extension("unstripped");
    run(Command::new("gcc")
        .args(["-O2", "-w", "-static", "-Wl,--start-group"])
        .arg(&object)
        .arg(compat)
        .arg(framework.join("libSystem.Native.a"))
        .args(
            ["libbootstrapper.o", "libRuntime.WorkstationGC.a", "libRuntime.VxsortEnabled.a"]
                .map(|f| sdk.join(f)),
        )
        .args(
            ["libeventpipe-disabled.a", "libstandalonegc-disabled.a", "libstdc++compat.a", "libz.a"]
                .map(|f| sdk.join(f)),
        )
        .args(["-Wl,--end-group", "-ldl", "-lrt", "-lm", "-pthread", "-Wl,--eh-frame-hdr", "-o"])
        .arg(&unstripped))?;
    run(Command::new("strip").arg("-o").arg(out).arg(unstripped))
}

/// Runs a command; its output is shown only when it fails.
pub(super) fn run(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command and returns what it prints.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let done = command.output().with_context(|| format!("cannot start {shown}"))?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() {
        bail!("{shown} failed:\n{text}{}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(text)
}
