//! `cargo xtask iso`: a bootable UEFI image, for a CD or to be written to a USB stick.
//!
//! ```text
//! ISO 9660          a text that says what this is
//! GPT partition 2   FAT: the EFI system partition, at once the El Torito boot image of the CD
//!   EFI/BOOT/BOOTX64.EFI   the loader; the real Limine may take its place
//!   limine.conf            what to start; both loaders look for it here
//!   cermet/kernel.elf      the kernel
//!   cermet/package         the service
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::build::{Source, Work};
use crate::cache;
use crate::context::Context;
use crate::setup::machine;
use crate::tool::Tool;

/// The kernel on the boot partition.
const KERNEL: &str = "/cermet/kernel.elf";
/// The package on the boot partition.
const PACKAGE: &str = "/cermet/package";
/// Longer option values would be cut off by the real Limine.
const COMMAND_LINE_MAX: usize = 4095;

/// Options of `cargo xtask iso`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,

    /// Where to write the image [default: PROJECT.iso]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `cargo xtask iso`.
///
/// # Errors
///
/// If something does not build, or a program that makes images is missing.
pub(crate) fn command(context: &Context, options: &Options) -> Result<u8> {
    let project = options.source.find(context)?;
    let work = Work::new(context, options.source.arch)?;
    let kernel = work.kernel()?;
    let service = work.service(&project)?;
    let package = project.place(context)?.join(format!("{}.package", work.arch.name()));
    cache::write_whole(&package, &service.package(&[], &[])?.bytes()?)?;
    let output = options.output.clone();
    let output = output.unwrap_or_else(|| PathBuf::from(format!("{}.iso", service.name)));
    make(&work, &kernel, &package, "", &output)?;
    let size = fs::metadata(&output).with_context(|| output.display().to_string())?.len();
    println!("iso      {size:>9} {}", output.display());
    Ok(0)
}

/// Makes an image of a kernel and a package.
///
/// # Errors
///
/// If the loader does not build, the command line cannot be passed on, or a program that makes
/// images is missing or fails.
pub(crate) fn make(
    work: &Work<'_>,
    kernel: &Path,
    package: &Path,
    command_line: &str,
    output: &Path,
) -> Result<()> {
    let context = work.context;
    for (program, package) in [("mformat", "mtools"), ("xorriso", "xorriso")] {
        machine::require(program, package)?;
    }
    let loader = work.loader()?;
    let dir = tempfile::tempdir_in(context.dir("iso")?).context("a directory for the image")?;
    let configuration = dir.path().join("limine.conf");
    fs::write(&configuration, limine_conf(command_line)?).context("limine.conf")?;
    let partition = dir.path().join("esp.img");
    let loader_name = format!("/EFI/BOOT/{}", work.arch.removable_loader());
    make_partition(
        context,
        &partition,
        &[
            (&loader, &loader_name),
            (&configuration, "/limine.conf"),
            (kernel, KERNEL),
            (package, PACKAGE),
        ],
    )?;
    let tree = dir.path().join("tree");
    let readme = "Cermet. Boots by UEFI; everything is on the EFI system partition.\n";
    fs::create_dir(&tree)
        .and_then(|()| fs::write(tree.join("README.txt"), readme))
        .context("the tree of the image")?;
    let made = dir.path().join("image.iso");
    // The catalog of the CD points to the appended partition, so that it is stored once.
    Tool::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-V", "CERMET", "-R", "-partition_offset", "16"])
        .args(["-append_partition", "2", "0xef"])
        .arg(&partition)
        .args(["-appended_part_as_gpt", "-e", "--interval:appended_partition_2:all::"])
        .args(["-no-emul-boot", "-o"])
        .args([&made, &tree])
        .run(context)?;
    fs::copy(&made, output).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(())
}

/// The configuration, in the part of Limine's language that our loader understands.
fn limine_conf(command_line: &str) -> Result<String> {
    if command_line.len() > COMMAND_LINE_MAX
        || command_line.trim() != command_line
        || command_line.contains(['\n', '\r', '\0'])
        || command_line.contains("${")
    {
        bail!("the kernel's command line cannot be written to limine.conf: {command_line:?}");
    }
    let mut lines = vec![
        "timeout: 0".to_owned(),
        "quiet: yes".to_owned(),
        String::new(),
        "/Cermet".to_owned(),
        "    protocol: limine".to_owned(),
        format!("    path: boot():{KERNEL}"),
    ];
    if !command_line.is_empty() {
        lines.push(format!("    cmdline: {command_line}"));
    }
    lines.push(format!("    module_path: boot():{PACKAGE}\n"));
    Ok(lines.join("\n"))
}

/// Makes a FAT file system, just large enough, of files and their paths in it.
fn make_partition(context: &Context, image: &Path, files: &[(&Path, &str)]) -> Result<()> {
    let mut sizes = Vec::new();
    for (file, _) in files {
        sizes.push(fs::metadata(file).with_context(|| file.display().to_string())?.len());
    }
    fs::File::create(image)
        .and_then(|file| file.set_len(partition_kib(&sizes) * 1024))
        .with_context(|| format!("cannot make {}", image.display()))?;
    let mtool = |program: &str| Tool::new(program).arg("-i").arg(image);
    mtool("mformat").args(["-v", "CERMET", "::"]).run(context)?;
    for directory in directories(files.iter().map(|(_, path)| *path)) {
        mtool("mmd").arg(format!("::{directory}")).run(context)?;
    }
    for (file, path) in files {
        mtool("mcopy").arg(file).arg(format!("::{path}")).run(context)?;
    }
    Ok(())
}

/// The size of a FAT file system for files of these sizes.
fn partition_kib(sizes: &[u64]) -> u64 {
    // Clusters are at most 32 KiB, and each file wastes less than one; the two tables together
    // take 8 bytes for each sector at worst; the rest is boot sectors and directories.
    let data: u64 = sizes.iter().map(|size| size.div_ceil(32 * 1024) * 32).sum();
    (data + data / 64 + 192).next_multiple_of(64)
}

/// The directories that lead to paths, each after the one that holds it.
fn directories<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for path in paths {
        for (at, _) in path.match_indices('/').skip(1) {
            if !all.contains(&&path[..at]) {
                all.push(&path[..at]);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{directories, limine_conf, make_partition, partition_kib};
    use crate::context::Context;
    use crate::tool;

    #[test]
    fn the_configuration_names_kernel_package_and_command_line() {
        let text = limine_conf("stdin=framed log=com1").expect("a plain command line");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for line in [
            "timeout: 0",
            "/Cermet",
            "protocol: limine",
            "path: boot():/cermet/kernel.elf",
            "cmdline: stdin=framed log=com1",
            "module_path: boot():/cermet/package",
        ] {
            assert!(lines.contains(&line), "{line} is not in {text}");
        }
        assert!(!limine_conf("").expect("none").contains("cmdline"));
    }

    #[test]
    fn command_lines_that_would_change_on_the_way_are_refused() {
        for line in ["a\nb", " a", "a\r", "${X}", "\0", &"x".repeat(5000)] {
            assert!(limine_conf(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn directories_come_before_what_they_hold() {
        let paths = ["/EFI/BOOT/X", "/limine.conf", "/cermet/a", "/cermet/b"];
        assert_eq!(directories(paths.into_iter()), ["/EFI", "/EFI/BOOT", "/cermet"]);
    }

    #[test]
    fn partitions_are_not_much_larger_than_their_files() {
        assert!(partition_kib(&[1, 1, 1]) < 400);
        let mib = 1024 * 1024;
        assert!((5 * 1024..5 * 1024 + 512).contains(&partition_kib(&[3 * mib, 2 * mib])));
    }

    #[test]
    fn files_of_any_size_fit_into_their_partition() {
        if tool::find("mformat").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("a temporary directory");
        let out = dir.path().to_path_buf();
        let context = Context { root: out.clone(), out, verbose: false };
        let path = |name: &str| dir.path().join(name);
        fs::write(path("text"), "text").expect("written");
        for size in [0, 1, 700_000, 1_440_000, 2_900_001, 4_084 * 4096, 33 << 20] {
            fs::write(path("data"), vec![7; size]).expect("written");
            let (text, data, image) = (path("text"), path("data"), path("image"));
            let files: [(&Path, &str); 2] =
                [(&text, "/EFI/BOOT/BOOTX64.EFI"), (&data, "/cermet/package")];
            make_partition(&context, &image, &files).expect("fits");
        }
    }
}
