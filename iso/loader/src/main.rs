//! The loader's UEFI application.
#![cfg_attr(target_os = "uefi", no_std, no_main)]

#[cfg(not(target_os = "uefi"))]
fn main() {
    eprintln!("this is a UEFI application; build it for x86_64-unknown-uefi");
    std::process::exit(2);
}
