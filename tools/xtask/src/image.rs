//! Linking: compiled C#, stubs for what is missing and the runtime become one static image.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::build::Work;
use crate::project::Project;
use crate::tool::Tool;
use crate::{missing, setup};

/// Options of every link. `__modules` and its like are reached only through the symbols that name their
/// ends; precompiled `core` brings much that nobody uses; the unwinder reads `.eh_frame_hdr`.
const FLAGS: &[&str] = &[
    "-static",
    "--gc-sections",
    "-z",
    "nostart-stop-gc",
    "--eh-frame-hdr",
    "-z",
    "noexecstack",
    "-z",
    "norelro",
    "-z",
    "separate-code",
    "-e",
    "_start",
];

/// An image of a service.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// What goes into a package.
    pub stripped: PathBuf,
    /// The same with symbols, for a debugger.
    pub full: PathBuf,
}

/// Links an image, unless it is fresh. Tells which native entry points are missing.
///
/// # Errors
///
/// What the linker says.
pub(crate) fn link(
    work: &Work<'_>,
    project: &Project,
    name: &str,
    object: &Path,
    archive: &Path,
) -> Result<Image> {
    let Work { context, arch, .. } = *work;
    let (key, place) = (project.key(), project.place(context)?);
    let image = Image {
        stripped: place.join(format!("{}.elf", arch.name())),
        full: place.join(format!("{}.full.elf", arch.name())),
    };
    let lld = setup::bare::lld(context)?;
    let step = work
        .cache
        .step(format!("link-{}-{key}", arch.name()))
        .parameters("flags", FLAGS.iter().chain(arch.link_flags()))
        .parameter("lld", lld.as_os_str().as_encoded_bytes())
        .file(object)
        .file(archive);
    step.run(&[image.stripped.clone(), image.full.clone()], || {
        context.progress(format!("link {name}"));
        let (missing, stubs) = missing::supply(object, archive, arch, &place)?;
        if !missing.is_empty() {
            context.say(missing::describe(&missing, name));
        }
        for (strip, output) in [(false, &image.full), (true, &image.stripped)] {
            let mut tool = Tool::new(&lld).args(FLAGS).args(arch.link_flags());
            if strip {
                tool = tool.arg("--strip-all");
            }
            tool.arg("-o")
                .arg(output)
                .arg(object)
                .arg(&stubs)
                .arg(archive)
                .run(context)
                .with_context(|| format!("{name} cannot be linked"))?;
        }
        Ok(BTreeSet::new())
    })?;
    Ok(image)
}
