//! Set-up: finds what the build needs, gets what is missing, and says what it chose and why first.
//!
//! | part | order of choice |
//! |---|---|
//! | [`bare`] | installed rustup target; `rustup target add`; Rust's sources with build-std |
//! | [`machine`] | programs on PATH; `apt-get install` as root on Debian; the command to type |
//! | [`mod@dotnet`] | `DOTNET_ROOT` or PATH; the offline kit; Microsoft's install script |
//! | [`compiler`] | the ILC package, from the kit's feed or NuGet |
//!
//! What was found is remembered under the output directory, so that asking again costs nothing.

pub(crate) mod apt;
pub(crate) mod bare;
pub(crate) mod compiler;
pub(crate) mod dotnet;
pub(crate) mod machine;

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::arch::Arch;
use crate::context::Context;
use crate::{cache, pin, tool};

/// Everything that building and running needs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Where the bare-metal `core` comes from.
    pub core: bare::Core,
    /// The .NET SDK and ILC.
    pub dotnet: Dotnet,
}

/// The .NET SDK together with the compiler package that it can restore.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dotnet {
    /// The SDK.
    pub sdk: dotnet::Sdk,
    /// ILC's unpacked package.
    pub compiler: PathBuf,
}

/// `cargo xtask setup`: all parts, reported.
///
/// # Errors
///
/// If something is missing that cannot be had here.
pub(crate) fn command(context: &Context) -> Result<u8> {
    let arch = Arch::default();
    let setup = complete(context, arch)?;
    context.say(format!("core      {}", setup.core.describe()));
    context.say(format!("lld       {}", bare::lld(context)?.display()));
    for (program, place) in machine::report(arch) {
        context.say(format!("{program:<9} {place}"));
    }
    context.say(format!("dotnet    {}", setup.dotnet.sdk.describe()));
    context.say(format!("ilc       {}", setup.dotnet.compiler.display()));
    Ok(0)
}

/// Sets up whatever is missing for building and running on this architecture.
///
/// # Errors
///
/// If something is missing that cannot be had here.
pub(crate) fn complete(context: &Context, arch: Arch) -> Result<Setup> {
    machine::ensure(context, arch)?;
    Ok(Setup { core: bare::resolve(context, arch)?, dotnet: dotnet(context)? })
}

/// Finds or gets the .NET SDK and ILC.
///
/// # Errors
///
/// If one of them cannot be had.
pub(crate) fn dotnet(context: &Context) -> Result<Dotnet> {
    let on_path = tool::find("dotnet").unwrap_or_default();
    let here =
        format!("{}\n{}\n{}", pin::DOTNET, on_path.display(), circumstances(dotnet::CIRCUMSTANCES));
    let is_good = |dotnet: &Dotnet| {
        tool::is_executable(&dotnet.sdk.program)
            && tool::is_executable(&dotnet.compiler.join("tools/ilc"))
    };
    remembered(context, "dotnet", &here, is_good, || {
        let sdk = dotnet::resolve(context)?;
        match compiler::resolve(context, &sdk) {
            Ok(compiler) => Ok(Dotnet { sdk, compiler }),
            Err(error) => {
                let Some(sdk) = dotnet::instead(context, &sdk, &error)? else { return Err(error) };
                let compiler = compiler::resolve(context, &sdk)?;
                Ok(Dotnet { sdk, compiler })
            }
        }
    })
}

/// A choice made earlier under the same circumstances.
#[derive(Serialize, Deserialize)]
struct Remembered<T> {
    circumstances: String,
    choice: T,
}

/// Returns the remembered choice if its circumstances are the same and it is still good; else makes and
/// remembers one. Only one xtask at a time makes it.
fn remembered<T: Serialize + DeserializeOwned>(
    context: &Context,
    name: &str,
    circumstances: &str,
    is_good: impl Fn(&T) -> bool,
    choose: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let file = context.dir("setup")?.join(format!("{name}.json"));
    let recall = |file: &Path| -> Option<T> {
        let text = std::fs::read(file).ok()?;
        let known = serde_json::from_slice::<Remembered<T>>(&text).ok()?;
        (known.circumstances == circumstances && is_good(&known.choice)).then_some(known.choice)
    };
    if let Some(choice) = recall(&file) {
        return Ok(choice);
    }
    let _held = cache::lock(context, &format!("setup-{name}"))?;
    if let Some(choice) = recall(&file) {
        return Ok(choice);
    }
    let known = Remembered { circumstances: circumstances.to_owned(), choice: choose()? };
    cache::write_whole(&file, &serde_json::to_vec_pretty(&known)?)?;
    Ok(known.choice)
}

/// The variables of the environment that a choice depends on, as text.
fn circumstances(names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        let value = std::env::var_os(name).unwrap_or_default();
        text.push_str(&format!("{name}={}\n", value.to_string_lossy()));
    }
    text
}
