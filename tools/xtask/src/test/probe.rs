//! The loader, watched by a kernel that checks all it is given: from every medium, for every base
//! revision of the protocol; and kernels that it must refuse with a message.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::transcript::{capture, describe};
use super::{Bench, Job};
use crate::iso;
use crate::qemu::{Boot, End, Machine, Medium};
use crate::run::Place;
use crate::setup::machine;

/// The longest that one of these machines may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The words before the base revision that a kernel wants, as they lie in its file.
const REVISION_TAG: [u64; 2] = [0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc];

/// A machine, and what the probe is made to want.
#[derive(Clone, Copy, Debug)]
struct Setting {
    medium: Medium,
    cpus: u32,
    memory_mib: u64,
    has_screen: bool,
    revision: u64,
}

const PLAIN: Setting =
    Setting { medium: Medium::Cd, cpus: 1, memory_mib: 128, has_screen: false, revision: 6 };

type Test = fn(&Bench<'_>) -> Result<()>;

const TESTS: &[(&str, Test)] = &[
    ("cd", |bench| passes(bench, PLAIN)),
    ("disk-4cpu", |bench| passes(bench, Setting { medium: Medium::Disk, cpus: 4, ..PLAIN })),
    ("virtio-screen", |bench| {
        passes(bench, Setting { medium: Medium::Virtio, has_screen: true, ..PLAIN })
    }),
    ("usb-2cpu", |bench| passes(bench, Setting { medium: Medium::Usb, cpus: 2, ..PLAIN })),
    ("1g-screen", |bench| passes(bench, Setting { memory_mib: 1024, has_screen: true, ..PLAIN })),
    ("revision-3", |bench| passes(bench, Setting { revision: 3, cpus: 2, ..PLAIN })),
    ("revision-4", |bench| passes(bench, Setting { revision: 4, ..PLAIN })),
    ("revision-5", |bench| passes(bench, Setting { revision: 5, cpus: 2, ..PLAIN })),
    ("refuses-revision-2", |bench| refuses(bench, |probe| wanting(probe, 2), "base revision 2")),
    ("refuses-revision-7", |bench| refuses(bench, |probe| wanting(probe, 7), "base revision 7")),
    ("refuses-no-elf", |bench| refuses(bench, |_| Ok(vec![0xa5; 5000]), "not an ELF file")),
    ("refuses-half-a-kernel", |bench| {
        refuses(bench, |probe| Ok(probe[..probe.len() / 8].to_vec()), "cut off")
    }),
];

/// One job for each test that the filter matches.
pub(super) fn jobs<'a>(bench: &'a Bench<'a>) -> Vec<Job<'a>> {
    let wanted = TESTS.iter().filter(|(name, _)| format!("probe/{name}").contains(bench.filter));
    wanted.map(|&(name, test)| Job::single("probe", name, move || test(bench))).collect()
}

/// The machine that boots a kernel in a setting.
fn machine(bench: &Bench<'_>, place: &Place, setting: Setting, kernel: &Path) -> Result<Machine> {
    let work = bench.work;
    let (code, original) = machine::firmware(work.arch).context("there is no UEFI firmware")?;
    let variables = place.path("variables.fd");
    fs::copy(&original, &variables)
        .with_context(|| format!("cannot copy {}", original.display()))?;
    // What the probe expects to find in its modules: bytes that count up.
    let package = place.path("package");
    fs::write(&package, (0..=250).cycle().take(300_000).collect::<Vec<u8>>())
        .with_context(|| package.display().to_string())?;
    let image = place.path("image.iso");
    let screen = if setting.has_screen { " screen" } else { "" };
    let command_line = format!("probe cpus={}{screen}", setting.cpus);
    iso::make(work, kernel, &package, &command_line, &image)?;
    let more = if setting.has_screen { vec!["-vga".to_owned(), "std".to_owned()] } else { vec![] };
    Ok(Machine {
        arch: work.arch,
        cpus: setting.cpus,
        memory_kib: setting.memory_mib * 1024,
        boot: Boot::Uefi { code, variables, iso: image, medium: setting.medium },
        gdb: None,
        more,
    })
}

/// The probe with a change, in a file.
fn probe(
    bench: &Bench<'_>,
    place: &Place,
    change: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
) -> Result<PathBuf> {
    let original = bench.work.probe()?;
    let bytes = fs::read(&original).with_context(|| original.display().to_string())?;
    let file = place.path("kernel.elf");
    fs::write(&file, change(&bytes)?).with_context(|| file.display().to_string())?;
    Ok(file)
}

/// A kernel that wants another base revision.
fn wanting(kernel: &[u8], revision: u64) -> Result<Vec<u8>> {
    let tag = REVISION_TAG.map(u64::to_le_bytes).concat();
    let at = kernel.windows(tag.len()).position(|window| window == tag);
    let at = at.context("the kernel has no base revision tag")? + tag.len();
    let mut kernel = kernel.to_vec();
    kernel
        .get_mut(at..at + 8)
        .context("the tag is cut off")?
        .copy_from_slice(&revision.to_le_bytes());
    Ok(kernel)
}

fn passes(bench: &Bench<'_>, setting: Setting) -> Result<()> {
    let place = Place::new(bench.work.context)?;
    let kernel = probe(bench, &place, |probe| wanting(probe, setting.revision))?;
    let machine = machine(bench, &place, setting, &kernel)?;
    let (transcript, outcome) = capture(bench, &machine, LIMIT)?;
    let failures: Vec<&str> =
        transcript.stdout.lines().filter(|line| line.starts_with("FAIL ")).collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    let is_done = transcript.stdout.lines().any(|line| line.starts_with("DONE "));
    if is_done && outcome.end == End::Exit(0) {
        Ok(())
    } else {
        bail!("{}", describe(&outcome, &transcript))
    }
}

/// The loader says why it does not start a kernel, and starts nothing else.
fn refuses(
    bench: &Bench<'_>,
    change: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
    words: &str,
) -> Result<()> {
    let place = Place::new(bench.work.context)?;
    let kernel = probe(bench, &place, change)?;
    let machine = machine(bench, &place, PLAIN, &kernel)?;
    let (transcript, outcome) = capture(bench, &machine, LIMIT)?;
    match &outcome.end {
        End::Broken(why) if why.contains(words) => Ok(()),
        _ => bail!("expected {words:?}: {}", describe(&outcome, &transcript)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{REVISION_TAG, TESTS, wanting};

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = TESTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), TESTS.len());
    }

    #[test]
    fn the_wanted_revision_is_patched() {
        let file = |revision: u64| {
            let words = [1, REVISION_TAG[0], REVISION_TAG[1], revision, 9];
            words.map(u64::to_le_bytes).concat()
        };
        assert_eq!(wanting(&file(6), 3).expect("patched"), file(3));
        assert!(wanting(&[0; 64], 3).is_err());
        assert!(wanting(&file(6)[..24], 3).is_err());
    }
}
