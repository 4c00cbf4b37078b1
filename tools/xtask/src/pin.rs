//! Versions that the build depends on. The only place where any of them is written.

/// The .NET whose compiler and class library go into every image.
pub(crate) const DOTNET: &str = "9.0.22";

/// The target framework that belongs to [`DOTNET`].
pub(crate) const FRAMEWORK: &str = "net9.0";

/// Major version of the oldest .NET SDK that builds [`FRAMEWORK`].
pub(crate) const SDK_MAJOR: u32 = 9;

/// Channel from which Microsoft's install script takes an SDK when the machine has none.
pub(crate) const SDK_CHANNEL: &str = "9.0";

/// Where Microsoft keeps that script.
pub(crate) const SDK_SCRIPT: &str = "https://dot.net/v1/dotnet-install.sh";

/// Debian's release whose backports carry Rust's sources for every current Rust.
pub(crate) const RUST_SOURCE_SUITE: &str = "trixie-backports";

#[cfg(test)]
mod tests {
    use super::{DOTNET, FRAMEWORK, SDK_CHANNEL, SDK_MAJOR};

    #[test]
    fn everything_about_dotnet_agrees_on_the_major_version() {
        let major = DOTNET.split('.').next().expect("a version has a first part");
        assert_eq!(FRAMEWORK, format!("net{major}.0"));
        assert_eq!(SDK_MAJOR.to_string(), major);
        assert_eq!(SDK_CHANNEL, format!("{major}.0"));
    }
}
