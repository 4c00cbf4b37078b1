//! Ways to boot, and machines and packages that must be refused with a message.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::expect::myself;
use super::transcript::{Transcript, capture, describe};
use super::{Bench, Job};
use crate::build::HELLO;
use crate::limit;
use crate::project::Project;
use crate::qemu::{Boot, End, Outcome};
use crate::run::{Firmware, Place, Settings};
use crate::tool::Tool;

/// The longest that one of these machines may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What `services/hello` prints.
const GREETING: &str = "Hello, World!\n";

type Test = fn(&Bench<'_>) -> Result<()>;

const TESTS: &[(&str, Test)] = &[
    ("direct", |bench| greets(bench, Settings::default())),
    ("direct-4cpu", |bench| greets(bench, Settings { cpus: 4, ..Settings::default() })),
    ("direct-64cpu", |bench| greets(bench, Settings { cpus: 64, ..Settings::default() })),
    ("direct-24m", |bench| greets(bench, Settings { memory: 24 * 1024, ..Settings::default() })),
    ("direct-4g", |bench| {
        greets(bench, Settings { memory: 4 * 1024 * 1024, ..Settings::default() })
    }),
    ("uefi", |bench| greets(bench, Settings { firmware: Firmware::Uefi, ..Settings::default() })),
    ("uefi-4cpu", |bench| {
        greets(bench, Settings { firmware: Firmware::Uefi, cpus: 4, ..Settings::default() })
    }),
    ("old-cpu", |bench| {
        greets(
            bench,
            Settings { qemu: vec!["-cpu".into(), "qemu64".into()], ..Settings::default() },
        )
    }),
    ("too-little-memory", too_little_memory),
    ("no-package", |bench| refuses(bench, |_| Ok(None), &["package"])),
    ("package-is-garbage", |bench| refuses(bench, |_| Ok(Some(vec![0xa5; 8192])), &["package"])),
    ("package-is-truncated", |bench| {
        refuses(bench, |package| Ok(Some(package[..package.len() / 2].to_vec())), &["package"])
    }),
    ("package-is-corrupted", |bench| {
        refuses(
            bench,
            |package| Ok(Some(flipped(package, package.len() / 2))),
            &["package", "checksum"],
        )
    }),
    ("package-is-of-another-version", |bench| {
        refuses(bench, |package| Ok(Some(flipped(package, 8))), &["package", "version"])
    }),
    ("image-is-not-elf", |bench| refuses_image(bench, 0)),
    ("image-is-for-another-machine", |bench| refuses_image(bench, 18)),
    ("interrupt-leaves-nothing-behind", interrupt_leaves_nothing),
    ("nothing-is-built-twice", nothing_is_built_twice),
];

/// One job for each test that the filter matches.
pub(super) fn jobs<'a>(bench: &'a Bench<'a>) -> Vec<Job<'a>> {
    let wanted = TESTS.iter().filter(|(name, _)| format!("boot/{name}").contains(bench.filter));
    wanted.map(|&(name, test)| Job::single("boot", name, move || test(bench))).collect()
}

/// Boots hello in a machine, with what takes the place of its package.
fn boot(
    bench: &Bench<'_>,
    settings: &Settings,
    change: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>>,
) -> Result<(Transcript, Outcome)> {
    let work = bench.work;
    let kernel = work.kernel()?;
    let service = work.service(&Project::find(&work.context.root.join(HELLO))?)?;
    let place = Place::new(work.context)?;
    let package = place.path("package");
    let bytes = change(&service.package(&[], &[])?.bytes()?)?;
    fs::write(&package, bytes.as_deref().unwrap_or_default())
        .with_context(|| package.display().to_string())?;
    let mut machine = settings.machine(work, &place, &kernel, &package)?;
    if bytes.is_none() {
        machine.boot = Boot::Bare { kernel, command_line: Settings::COMMAND_LINE.to_owned() };
    }
    capture(bench, &machine, LIMIT)
}

fn unchanged(package: &[u8]) -> Result<Option<Vec<u8>>> {
    Ok(Some(package.to_vec()))
}

fn greets(bench: &Bench<'_>, settings: Settings) -> Result<()> {
    let (transcript, outcome) = boot(bench, &settings, unchanged)?;
    let is_right = outcome.end == End::Exit(0)
        && transcript.stdout == GREETING
        && transcript.stderr.is_empty();
    if is_right { Ok(()) } else { bail!("{}", describe(&outcome, &transcript)) }
}

/// The machine ends as one that cannot start its service, and stderr says why in these words.
fn is_refusal(transcript: &Transcript, outcome: &Outcome, words: &[&str]) -> Result<()> {
    let said = transcript.stderr.to_lowercase();
    let is_right = outcome.end == End::Exit(abi::exit::BOOT_FAILURE)
        && transcript.stdout.is_empty()
        && words.iter().all(|word| said.contains(word));
    if is_right {
        Ok(())
    } else {
        bail!(
            "expected exit code {} and {words:?} on stderr: {}",
            abi::exit::BOOT_FAILURE,
            describe(outcome, transcript)
        )
    }
}

fn refuses(
    bench: &Bench<'_>,
    change: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>>,
    words: &[&str],
) -> Result<()> {
    let (transcript, outcome) = boot(bench, &Settings::default(), change)?;
    is_refusal(&transcript, &outcome, words)
}

/// A package that is sound itself holds an image with one wrong byte.
fn refuses_image(bench: &Bench<'_>, offset: usize) -> Result<()> {
    let change = |package: &[u8]| -> Result<Option<Vec<u8>>> {
        // The image is the first entry, and entries begin after the header.
        let field = package.get(64 + 24..64 + 32).context("a package has an entry")?;
        let image = usize::try_from(u64::from_le_bytes(field.try_into()?))?;
        let mut changed = flipped(package, image + offset);
        changed[12..16].fill(0);
        let checksum = crc32fast::hash(&changed);
        changed[12..16].copy_from_slice(&checksum.to_le_bytes());
        Ok(Some(changed))
    };
    refuses(bench, change, &["image"])
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0xff;
    bytes
}

fn too_little_memory(bench: &Bench<'_>) -> Result<()> {
    let (transcript, outcome) =
        boot(bench, &Settings { memory: 3600, ..Settings::default() }, unchanged)?;
    is_refusal(&transcript, &outcome, &["memory"])
}

/// A signal ends the machine and the exit code tells of it.
fn interrupt_leaves_nothing(bench: &Bench<'_>) -> Result<()> {
    let outcomes = bench.work.context.root.join(super::suite::HOME).join("outcomes");
    // Built first, so that the limit below falls into the run.
    bench.work.service(&Project::find(&outcomes)?)?;
    let line = Tool::new(std::env::current_exe().context("where is this program?")?)
        .args(["run"])
        .arg(&outcomes)
        .args(["--", "loop"])
        .line();
    // The shell gives it five seconds, then the signal that Ctrl-C sends; what the machine is called is in
    // the command line of its process.
    let script = format!(
        "{line} >/dev/null & P=$!; sleep 5; ls -d /proc/$P >/dev/null || exit 90; kill -INT $P; wait $P; echo $?; grep -la cermet-$P- /proc/[0-9]*/cmdline 2>/dev/null"
    );
    let output = limit::output(
        bench.work.context,
        Tool::new("bash").args(["-m", "-c", &script]),
        None,
        LIMIT,
    )?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        text == "130\n",
        "expected exit code 130 and no process left, got {text:?} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A second build of the same runs no compiler.
fn nothing_is_built_twice(bench: &Bench<'_>) -> Result<()> {
    let build = || -> Result<String> {
        let output = limit::output(
            bench.work.context,
            myself().args(["build", "--verbose"]),
            None,
            LIMIT * 3,
        )?;
        ensure!(output.status.success(), "{}", crate::tool::spoken(&output));
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    build()?;
    let said = build()?;
    let commands: Vec<&str> = said.lines().filter(|line| line.starts_with("+ ")).collect();
    ensure!(commands.is_empty(), "these were run again: {commands:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{TESTS, flipped};

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = TESTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), TESTS.len());
    }

    #[test]
    fn one_byte_is_flipped() {
        assert_eq!(flipped(&[1, 2, 3], 1), [1, 0xfd, 3]);
    }
}
