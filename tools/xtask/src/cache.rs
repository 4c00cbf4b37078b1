//! The build cache: a step whose inputs have the same content as last time is not done again.
//!
//! A step has a *key* (the content of its inputs and every parameter), *outputs*, and *discoveries*:
//! inputs that it only learns of while it works, such as the sources of a C# project. All three are
//! written to a record when the step succeeds. The step is fresh if the key, the content of every
//! discovery and the content of every output are what the record says.
//!
//! To be quick, the content hash of a file is remembered beside its size, time and inode.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::context::Context;

/// A tree with more files than this is not hashed: what depends on it is never fresh.
const TREE_LIMIT: usize = 20_000;

/// A file touched this recently may change again without its time showing it.
const SETTLED_NS: i128 = 50_000_000;

/// Records and remembered hashes of one output directory.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    files: HashMap<PathBuf, Remembered>,
    changed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Remembered {
    size: u64,
    modified: i128,
    inode: u64,
    digest: String,
}

/// What a step left behind when it last succeeded.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    key: String,
    outputs: BTreeMap<PathBuf, String>,
    discoveries: Vec<(Input, String)>,
}

/// Something whose content a step depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Input {
    /// One file. That it is missing is content too.
    File(PathBuf),
    /// The sources of a directory and all below it, build products and hidden entries excluded.
    Sources(PathBuf),
}

/// A step about to be done, or not.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    cache: &'a Cache,
    name: String,
    hasher: blake3::Hasher,
}

impl Cache {
    /// Opens the cache of an output directory.
    ///
    /// # Errors
    ///
    /// If its directory cannot be made.
    pub(crate) fn open(context: &Context) -> Result<Cache> {
        let dir = context.dir("steps")?;
        // A cache that cannot be read is an empty one.
        let files = fs::read(dir.join("hashes.json"))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        Ok(Cache {
            dir,
            known: Mutex::new(Known { files: files.unwrap_or_default(), changed: false }),
        })
    }

    /// Starts to describe a step. The name is unique in the tree, such as `kernel-x86_64`.
    pub(crate) fn step(&self, name: impl Into<String>) -> Step<'_> {
        let mut hasher = blake3::Hasher::new();
        // The steps themselves change with this program.
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        Step { cache: self, name: name.into(), hasher }
    }

    /// The content of a file as a hash, or nothing if it cannot be read.
    pub(crate) fn digest(&self, file: &Path) -> Option<String> {
        let meta = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
        let modified = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        if let Some(known) = self.known().files.get(file)
            && (known.size, known.modified, known.inode) == (meta.len(), modified, meta.ino())
        {
            return Some(known.digest.clone());
        }
        let digest = blake3::hash(&fs::read(file).ok()?).to_hex().to_string();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos());
        let mut known = self.known();
        known.changed = true;
        if i128::try_from(now).is_ok_and(|now| now - modified > SETTLED_NS) {
            let remembered = Remembered {
                size: meta.len(),
                modified,
                inode: meta.ino(),
                digest: digest.clone(),
            };
            known.files.insert(file.to_path_buf(), remembered);
        } else {
            known.files.remove(file);
        }
        Some(digest)
    }

    fn input(&self, input: &Input) -> String {
        match input {
            Input::File(file) => self.digest(file).unwrap_or_else(|| "missing".to_owned()),
            Input::Sources(dir) => self.sources(dir),
        }
    }

    /// The names and contents of all sources below a directory.
    fn sources(&self, dir: &Path) -> String {
        let mut files = Vec::new();
        if !collect(dir, &mut files) {
            // Different every time, so that nothing that depends on it is fresh.
            return format!("unbounded {:?}", SystemTime::now());
        }
        files.sort();
        let mut hasher = blake3::Hasher::new();
        for file in files {
            let digest = self.digest(&file).unwrap_or_default();
            hasher
                .update(file.as_os_str().as_encoded_bytes())
                .update(&[0])
                .update(digest.as_bytes())
                .update(&[0]);
        }
        hasher.finalize().to_hex().to_string()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Remembered hashes are whole whenever the lock is free.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let mut known = self.known();
        if known.changed {
            known.files.retain(|file, _| file.exists());
            if let Ok(text) = serde_json::to_vec(&known.files) {
                // Only speed is lost if this fails.
                drop(write_whole(&self.dir.join("hashes.json"), &text));
            }
        }
    }
}

impl Step<'_> {
    /// Makes a parameter part of the key.
    #[must_use]
    pub(crate) fn parameter(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.hasher
            .update(name.as_bytes())
            .update(&[0])
            .update(&value.len().to_le_bytes())
            .update(value);
        self
    }

    /// Makes several parameters part of the key.
    #[must_use]
    pub(crate) fn parameters<S: AsRef<[u8]>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        for value in values {
            self = self.parameter(name, value);
        }
        self
    }

    /// Makes the content of a file part of the key.
    #[must_use]
    pub(crate) fn file(self, file: impl Into<PathBuf>) -> Self {
        self.input(&Input::File(file.into()))
    }

    /// Makes all sources below a directory part of the key.
    #[must_use]
    pub(crate) fn sources(self, dir: impl Into<PathBuf>) -> Self {
        self.input(&Input::Sources(dir.into()))
    }

    fn input(self, input: &Input) -> Self {
        let digest = self.cache.input(input);
        let (Input::File(path) | Input::Sources(path)) = input;
        self.parameter("input", path.as_os_str().as_encoded_bytes()).parameter("content", digest)
    }

    /// Does the work unless its outputs are fresh; says whether it did. The work returns the inputs that
    /// it discovered.
    ///
    /// # Errors
    ///
    /// What the work says, or if an output is not there after it.
    pub(crate) fn run(
        self,
        outputs: &[PathBuf],
        work: impl FnOnce() -> Result<BTreeSet<Input>>,
    ) -> Result<bool> {
        let key = self.hasher.finalize().to_hex().to_string();
        let file = self.cache.record(&self.name);
        if self.is_fresh(&file, &key, outputs) {
            return Ok(false);
        }
        // A step that is interrupted must not look fresh.
        drop(fs::remove_file(&file));
        let discovered = work()?;
        let discoveries = discovered
            .into_iter()
            .map(|input| (self.cache.input(&input), input))
            .map(|(digest, input)| (input, digest))
            .collect();
        let mut made = BTreeMap::new();
        for output in outputs {
            let digest = self
                .cache
                .digest(output)
                .with_context(|| format!("step {} did not make {}", self.name, output.display()))?;
            made.insert(output.clone(), digest);
        }
        let record = Record { key, outputs: made, discoveries };
        write_whole(&file, &serde_json::to_vec(&record).context("record of a step")?)?;
        Ok(true)
    }

    fn is_fresh(&self, file: &Path, key: &str, outputs: &[PathBuf]) -> bool {
        let Some(record) =
            fs::read(file).ok().and_then(|text| serde_json::from_slice::<Record>(&text).ok())
        else {
            return false;
        };
        record.key == key
            && record.outputs.keys().eq(sorted(outputs).iter())
            && record
                .outputs
                .iter()
                .all(|(path, digest)| self.cache.digest(path).as_ref() == Some(digest))
            && record.discoveries.iter().all(|(input, digest)| self.cache.input(input) == *digest)
    }
}

/// Writes a file so that a reader sees the old content or the new, never a part.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write_whole(file: &Path, content: &[u8]) -> Result<()> {
    let dir = file.parent().context("a file has a directory")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut temporary = tempfile::NamedTempFile::new_in(dir)
        .with_context(|| format!("cannot write to {}", dir.display()))?;
    std::io::Write::write_all(&mut temporary, content)
        .with_context(|| format!("cannot write {}", file.display()))?;
    temporary.persist(file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}

/// Holds a named lock among all xtasks that use the same output directory, until dropped.
///
/// # Errors
///
/// If the lock file cannot be made.
pub(crate) fn lock(context: &Context, name: &str) -> Result<fs::File> {
    let file = context.dir("locks")?.join(name);
    let lock =
        fs::File::create(&file).with_context(|| format!("cannot make {}", file.display()))?;
    if lock.try_lock().is_err() {
        context.progress(format!("waiting for another xtask ({name})"));
        lock.lock().with_context(|| format!("cannot lock {}", file.display()))?;
    }
    Ok(lock)
}

fn sorted(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut paths = paths.to_vec();
    paths.sort();
    paths.dedup();
    paths
}

/// Adds the files below a directory; false if there are too many.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return true };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        // Follows links, as the compilers do.
        if path.is_dir() {
            let skipped = name.starts_with('.')
                || matches!(&*name, "obj" | "target" | "node_modules")
                || (name == "bin" && !dir.ends_with("src"));
            let looped = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !skipped && !looped && !collect(&path, files) {
                return false;
            }
        } else {
            files.push(path);
        }
        if files.len() > TREE_LIMIT {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use super::{Cache, Input};
    use crate::context::Context;

    struct Bench {
        dir: tempfile::TempDir,
        done: Cell<u32>,
    }

    impl Bench {
        fn new() -> Bench {
            let dir = tempfile::tempdir().expect("a temporary directory");
            fs::create_dir(dir.path().join("src")).expect("src");
            Bench { dir, done: Cell::new(0) }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).expect("written");
        }

        /// A step from `in` and what it finds under `src` to `out`; says whether it was done.
        fn run(&self, parameter: &str) -> bool {
            let context = Context { root: self.path(""), out: self.path("cache"), verbose: false };
            let cache = Cache::open(&context).expect("a cache");
            let step = cache.step("test").parameter("p", parameter).file(self.path("in"));
            step.run(&[self.path("out")], || {
                self.done.set(self.done.get() + 1);
                self.write("out", &format!("made {}", self.done.get()));
                Ok(BTreeSet::from([Input::Sources(self.path("src"))]))
            })
            .expect("the step succeeds")
        }
    }

    #[test]
    fn a_step_is_done_once_while_nothing_changes() {
        let bench = Bench::new();
        bench.write("in", "1");
        assert!(bench.run("a"));
        assert!(!bench.run("a"));
        assert!(!bench.run("a"));
    }

    #[test]
    fn content_counts_and_time_does_not() {
        let bench = Bench::new();
        bench.write("in", "1");
        assert!(bench.run("a"));
        bench.write("in", "1");
        assert!(!bench.run("a"), "same content, newer file");
        bench.write("in", "2");
        assert!(bench.run("a"), "other content");
    }

    #[test]
    fn parameters_outputs_and_discoveries_count() {
        let bench = Bench::new();
        bench.write("in", "1");
        assert!(bench.run("a"));
        assert!(bench.run("b"), "another parameter");
        bench.write("out", "spoilt");
        assert!(bench.run("b"), "the output was changed by somebody");
        fs::remove_file(bench.path("out")).expect("removed");
        assert!(bench.run("b"), "the output is gone");
        bench.write("src/new.cs", "");
        assert!(bench.run("b"), "a new file among the discovered sources");
        assert!(!bench.run("b"));
        fs::create_dir_all(bench.path("src/obj")).expect("obj");
        bench.write("src/obj/x.cs", "");
        assert!(!bench.run("b"), "build products are no sources");
    }

    #[test]
    fn a_step_that_fails_is_not_fresh() {
        let bench = Bench::new();
        bench.write("in", "1");
        assert!(bench.run("a"));
        let context = Context { root: bench.path(""), out: bench.path("cache"), verbose: false };
        let cache = Cache::open(&context).expect("a cache");
        let failing = cache.step("test").parameter("p", "b").file(bench.path("in"));
        assert!(failing.run(&[bench.path("out")], || anyhow::bail!("no")).is_err());
        assert!(bench.run("a"));
    }
}
