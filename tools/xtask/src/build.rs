//! The build story: from a C# project and this tree to a kernel and a package.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::arch::Arch;
use crate::cache::{self, Cache};
use crate::context::Context;
use crate::image::{self, Image};
use crate::package::Package;
use crate::project::{Manifest, Project};
use crate::setup::{self, Setup};
use crate::{ilc, rust};

/// The project that is run when none is named, from the root of the tree.
pub(crate) const HELLO: &str = "services/hello";

/// Which project, and for which machine.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A C# console project: a .csproj file, or the directory that holds it [default: services/hello]
    #[arg(value_name = "DIR_OR_CSPROJ")]
    pub project: Option<PathBuf>,

    /// The machine to build for
    #[arg(long, value_enum, default_value_t)]
    pub arch: Arch,
}

/// A service that is ready to be packed.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Image,
    /// What the project is made of.
    pub manifest: Manifest,
}

/// Options of `cargo xtask build`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,
}

/// `cargo xtask build`: everything but the machine.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn command(context: &Context, options: &Options) -> Result<u8> {
    let arch = options.source.arch;
    let project = options.source.find(context)?;
    let work = Work::new(context, arch)?;
    let kernel = work.kernel()?;
    let service = work.service(&project)?;
    let package = project.place(context)?.join(format!("{}.package", arch.name()));
    let bytes = service.package(&[], &[])?.bytes()?;
    cache::write_whole(&package, &bytes)?;
    for (what, file) in [
        ("kernel", &kernel),
        ("image", &service.image.stripped),
        ("symbols", &service.image.full),
        ("package", &package),
    ] {
        let size = std::fs::metadata(file).map_or(0, |meta| meta.len());
        println!("{what:<8} {size:>9} {}", file.display());
    }
    Ok(0)
}

impl Source {
    /// The project that is meant.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn find(&self, context: &Context) -> Result<Project> {
        match &self.project {
            Some(path) => Project::find(path),
            None => Project::find(&context.root.join(HELLO)),
        }
    }
}

/// Everything that the steps of a build share.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    /// The tree and the output directory.
    pub context: &'a Context,
    /// What has been done before.
    pub cache: Cache,
    /// The tools.
    pub setup: Setup,
    /// The machine to build for.
    pub arch: Arch,
}

impl Work<'_> {
    /// Gets everything ready that is missing.
    ///
    /// # Errors
    ///
    /// If something cannot be had.
    pub(crate) fn new(context: &Context, arch: Arch) -> Result<Work<'_>> {
        Ok(Work {
            context,
            cache: Cache::open(context)?,
            setup: setup::complete(context, arch)?,
            arch,
        })
    }

    /// Builds the kernel.
    ///
    /// # Errors
    ///
    /// What cargo says.
    pub(crate) fn kernel(&self) -> Result<PathBuf> {
        let _held = cache::lock(self.context, "cargo")?;
        rust::kernel(self)
    }

    /// Builds the UEFI loader.
    ///
    /// # Errors
    ///
    /// What cargo says.
    pub(crate) fn loader(&self) -> Result<PathBuf> {
        let _held = cache::lock(self.context, "cargo")?;
        rust::loader(self)
    }

    /// Builds the kernel that checks the loader.
    ///
    /// # Errors
    ///
    /// What cargo says.
    pub(crate) fn probe(&self) -> Result<PathBuf> {
        let _held = cache::lock(self.context, "cargo")?;
        rust::probe(self)
    }

    /// Builds the kernel's tests.
    ///
    /// # Errors
    ///
    /// What cargo says.
    pub(crate) fn guest(&self) -> Result<PathBuf> {
        let _held = cache::lock(self.context, "cargo")?;
        rust::guest(self)
    }

    /// Builds a project to an image.
    ///
    /// # Errors
    ///
    /// If it does not build, or is no program.
    pub(crate) fn service(&self, project: &Project) -> Result<Service> {
        let archive = {
            let _held = cache::lock(self.context, "cargo")?;
            rust::runtime(self)?
        };
        let _held = cache::lock(self.context, &project.key())?;
        let manifest = project.build(self.context, &self.cache, &self.setup.dotnet.sdk)?;
        let object = ilc::compile(self, project, &manifest)?;
        let image = image::link(self, project, &manifest.name(), &object, &archive)?;
        Ok(Service { name: manifest.name(), image, manifest })
    }
}

impl Service {
    /// Packs the service with what `Main` is to find.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or an argument cannot be passed.
    pub(crate) fn package(&self, arguments: &[String], environment: &[String]) -> Result<Package> {
        Package::new(&self.name, &self.image.stripped)?
            .arguments(arguments)?
            .environment(environment)?
            .content(&self.manifest.content)
    }
}
