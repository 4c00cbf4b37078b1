//! What every command works with: where things are, and how much to say.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The tree, the output directory and the mood of this invocation.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The root of the tree.
    pub root: PathBuf,
    /// Everything that xtask makes lies below this directory of `target/`.
    pub out: PathBuf,
    /// Whether each command is echoed before it runs.
    pub verbose: bool,
}

impl Context {
    /// Finds the tree from where this program was built, and the output directory as cargo would.
    ///
    /// # Errors
    ///
    /// If the output directory cannot be made.
    pub(crate) fn new(verbose: bool) -> Result<Context> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .nth(2)
            .expect("tools/xtask lies two levels below the root")
            .to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => std::path::absolute(dir).context("CARGO_TARGET_DIR")?,
            None => root.join("target"),
        };
        let out = target.join("cermet");
        std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        Ok(Context { root, out, verbose })
    }

    /// Tells the user something on stderr: stdout belongs to the program that runs.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        eprintln!("{}", text.as_ref());
    }

    /// Tells what is being done, when somebody watches: a terminal, or `--verbose`.
    pub(crate) fn progress(&self, text: impl AsRef<str>) {
        if self.verbose || std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            eprintln!("xtask: {}", text.as_ref());
        }
    }

    /// A directory under the output directory, made if it is missing.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn dir(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let dir = self.out.join(name);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }
}
