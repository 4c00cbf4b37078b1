//! Every fact that differs between target architectures.

use clap::ValueEnum;

/// A machine that Cermet runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    /// 64-bit PC.
    #[default]
    #[value(name = "x86_64", alias = "x64", alias = "amd64")]
    X86_64,
}

impl Arch {
    /// The name on the command line and of the folder under `target/`.
    pub fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
        }
    }

    /// Rust's target of `hal` and `kernel`: soft-float, no operating system.
    pub fn kernel_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-none",
        }
    }

    /// Rust's target of `iso/loader`.
    pub fn loader_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-uefi",
        }
    }

    /// Rust's target of the runtime archive: compiled C# uses hard-float System V conventions.
    pub fn runtime_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The kernel's linker script, from the root of the tree.
    pub fn kernel_script(self) -> &'static str {
        match self {
            Arch::X86_64 => "kernel/link/x86_64.ld",
        }
    }

    /// Code generation flags of the kernel, after the target's own.
    pub fn kernel_flags(self) -> &'static [&'static str] {
        match self {
            // Frame pointers for backtraces; the kernel is linked at a fixed address in the top 2 GiB.
            Arch::X86_64 => {
                &["-Crelocation-model=static", "-Ccode-model=kernel", "-Cforce-frame-pointers=yes"]
            }
        }
    }

    /// Code generation flags of the runtime archive, after the target's own.
    pub fn runtime_flags(self) -> &'static [&'static str] {
        match self {
            // The collector and the exception dispatcher walk through the runtime's own frames.
            Arch::X86_64 => {
                &["-Cpanic=abort", "-Crelocation-model=static", "-Cforce-unwind-tables=yes"]
            }
        }
    }

    /// ILC's name of the architecture.
    pub fn ilc_name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x64",
        }
    }

    /// .NET's name of the platform, which a program may read.
    pub fn runtime_identifier(self) -> &'static str {
        match self {
            Arch::X86_64 => "linux-x64",
        }
    }

    /// The name of lld's emulation.
    pub fn lld_emulation(self) -> &'static str {
        match self {
            Arch::X86_64 => "elf_x86_64",
        }
    }

    /// QEMU's program.
    pub fn qemu(self) -> &'static str {
        match self {
            Arch::X86_64 => "qemu-system-x86_64",
        }
    }

    /// QEMU's machine, the same for every way of starting it.
    pub fn qemu_machine(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => &["-machine", "q35", "-cpu", "max"],
        }
    }

    /// Where distributions put the UEFI firmware: code, and the variables to go with it.
    pub fn firmware(self) -> &'static [(&'static str, &'static str)] {
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
