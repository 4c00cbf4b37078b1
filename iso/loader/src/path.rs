//! What a path of the configuration means.
//!
//! Limine's form is `resource(argument):/path#hash`. Here `resource` is `boot` with no argument:
//! the volume that holds the configuration. Another resource, a hash or a compressed file is
//! refused by name; silently taking the wrong file would be worse.

use crate::Error;
use alloc::string::String;

/// Takes the path on the boot volume, with its leading slash, out of a configured path.
///
/// # Errors
///
/// [`Error::Path`] for everything that is not a plain file on the boot volume.
pub fn on_boot_volume(text: &str) -> Result<&str, Error> {
    let refuse = |why| Err(Error::Path(String::from(text), why));
    if text.starts_with('$') {
        return refuse("compressed files are not supported");
    }
    let Some((resource, rest)) = text.split_once('(') else {
        return refuse("expected resource(argument):/path");
    };
    let Some((argument, path)) = rest.split_once("):") else {
        return refuse("expected resource(argument):/path");
    };
    if !resource.eq_ignore_ascii_case("boot") {
        return refuse("only the resource boot() is supported");
    }
    if !argument.is_empty() {
        return refuse("only the volume of the configuration is supported: boot():");
    }
    if path.contains('#') {
        return refuse("hashes are not supported");
    }
    if !path.starts_with('/') || path.len() == 1 {
        return refuse("expected a file after boot():, as in boot():/file");
    }
    Ok(path)
}

/// Finds a path that is relative to the directory of `executable`, an absolute path.
///
/// # Errors
///
/// [`Error::Path`] for a path with a hash.
pub fn beside(executable: &str, relative: &str) -> Result<String, Error> {
    if relative.contains('#') {
        return Err(Error::Path(String::from(relative), "hashes are not supported"));
    }
    let mut path = String::new();
    if !relative.starts_with('/') {
        let directory = executable.rfind('/').map_or("", |at| &executable[..at]);
        path.push_str(directory);
        path.push('/');
    }
    path.push_str(relative);
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::{beside, on_boot_volume};
    use crate::Error;

    #[test]
    fn plain_files_on_the_boot_volume_are_accepted() {
        assert_eq!(on_boot_volume("boot():/kernel.elf"), Ok("/kernel.elf"));
        assert_eq!(on_boot_volume("BOOT():/a/b c"), Ok("/a/b c"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "/kernel",
            "boot()",
            "boot():",
            "boot():/",
            "boot():kernel",
            "boot(2):/kernel",
            "hdd(1:1):/kernel",
            "$boot():/kernel",
            "boot():/kernel#00ff",
        ] {
            assert!(matches!(on_boot_volume(text), Err(Error::Path(..))), "{text}");
        }
    }

    #[test]
    fn internal_modules_lie_beside_the_executable() {
        assert_eq!(beside("/boot/kernel.elf", "x").as_deref(), Ok("/boot/x"));
        assert_eq!(beside("/kernel.elf", "x").as_deref(), Ok("/x"));
        assert_eq!(beside("/boot/kernel.elf", "/x").as_deref(), Ok("/x"));
        assert!(beside("/k", "x#00").is_err());
    }
}
