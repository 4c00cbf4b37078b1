//! Every fact that differs between target architectures.

use clap::ValueEnum;

/// A machine that Cermet runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// 64-bit PC.
    #[default]
    #[value(name = "x86_64", alias = "x64", alias = "amd64")]
    X86_64,
}

/// Machine code with two holes for addresses relative to their own ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stub {
    /// The code.
    pub code: &'static [u8],
    /// Where the address of the name goes.
    pub name_at: u64,
    /// Where the address of the function to jump to goes.
    pub jump_at: u64,
}

impl Arch {
    /// The name on the command line and of the folder under `target/`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
        }
    }

    /// Rust's target of `hal` and `kernel`: soft-float, no operating system.
    pub(crate) fn kernel_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-none",
        }
    }

    /// Rust's target of `iso/loader`.
    pub(crate) fn loader_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-uefi",
        }
    }

    /// The name by which firmware finds the loader on a medium that it has not seen before.
    pub(crate) fn removable_loader(self) -> &'static str {
        match self {
            Arch::X86_64 => "BOOTX64.EFI",
        }
    }

    /// The linker script of the kernel that checks the loader, from the root of the tree.
    pub(crate) fn probe_script(self) -> &'static str {
        match self {
            Arch::X86_64 => "iso/probe/x86_64.ld",
        }
    }

    /// Rust's target of the runtime archive: compiled C# uses hard-float System V conventions.
    pub(crate) fn runtime_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The kernel's linker script, from the root of the tree.
    pub(crate) fn kernel_script(self) -> &'static str {
        match self {
            Arch::X86_64 => "kernel/link/x86_64.ld",
        }
    }

    /// Code generation flags of the kernel, after the target's own.
    pub(crate) fn kernel_flags(self) -> &'static [&'static str] {
        match self {
            // Frame pointers for backtraces; the kernel is linked at a fixed address in the top 2 GiB.
            Arch::X86_64 => &[
                "-Crelocation-model=static",
                "-Ccode-model=kernel",
                "-Cforce-frame-pointers=yes",
                "-Clink-arg=-zmax-page-size=4096",
            ],
        }
    }

    /// Code generation flags of the kernel's tests, an image without compiled C#.
    pub(crate) fn guest_flags(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => &[
                "-Crelocation-model=static",
                "-Clink-arg=--image-base=0x400000",
                "-Clink-arg=-zmax-page-size=4096",
            ],
        }
    }

    /// Code generation flags of the runtime archive, after the target's own.
    pub(crate) fn runtime_flags(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => &[
                "-Cpanic=abort",
                "-Crelocation-model=static",
                // The collector and the exception dispatcher walk through the runtime's own frames.
                "-Cforce-unwind-tables=yes",
                // Smaller by 32 KB in every image, and no figure of the bench is worse for it.
                "-Cllvm-args=--inline-threshold=40",
            ],
        }
    }

    /// ILC's name of the architecture.
    pub(crate) fn ilc_name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x64",
        }
    }

    /// .NET's name of the platform, which a program may read.
    pub(crate) fn runtime_identifier(self) -> &'static str {
        match self {
            Arch::X86_64 => "linux-x64",
        }
    }

    /// How lld links an image, after the common options.
    pub(crate) fn link_flags(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => {
                &["-m", "elf_x86_64", "--image-base=0x400000", "-z", "max-page-size=4096"]
            }
        }
    }

    /// The stub of a native entry point that nobody supplies: it passes the address of the name to the
    /// runtime by a tail jump, so that the stack is as at the call.
    pub(crate) fn missing_stub(self) -> Stub {
        match self {
            // lea name(%rip), %rdi; jmp thrower
            Arch::X86_64 => Stub {
                code: &[0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0],
                name_at: 3,
                jump_at: 8,
            },
        }
    }

    /// QEMU's program.
    pub(crate) fn qemu(self) -> &'static str {
        match self {
            Arch::X86_64 => "qemu-system-x86_64",
        }
    }

    /// QEMU's machine, the same for every way of starting it.
    pub(crate) fn qemu_machine(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => &["-machine", "q35", "-cpu", "max"],
        }
    }

    /// Where distributions put the UEFI firmware: code, and the variables to go with it.
    pub(crate) fn firmware(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Arch::X86_64 => &[
                ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
                ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
                ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
                ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
            ],
        }
    }
}
