//! The framebuffer, by the firmware's graphics output protocol.

use super::volume::protocol;
use alloc::vec::Vec;
use loader::answer::{Framebuffer, Mode, Pixel};
use uefi::boot;
use uefi::proto::console::gop::{EdidDiscovered, GraphicsOutput, ModeInfo, PixelFormat};

/// Finds the framebuffer, in the wanted resolution if the screen has it.
pub(crate) fn find(resolution: Option<(u32, u32)>) -> Option<Framebuffer> {
    let handle = boot::get_handle_for_protocol::<GraphicsOutput>().ok()?;
    let mut output = protocol::<GraphicsOutput>(handle).ok()?;
    let wanted = resolution.map(|(width, height)| (width as usize, height as usize));
    let found = wanted.and_then(|wanted| {
        let mut modes = output.modes();
        modes.find(|mode| mode.info().resolution() == wanted && translate(mode.info()).is_some())
    });
    if let Some(found) = found {
        // Without it, the mode the screen is in serves as well.
        output.set_mode(&found).ok();
    }
    let modes: Vec<Mode> = output.modes().filter_map(|mode| translate(mode.info())).collect();
    let mode = translate(&output.current_mode_info())?;
    let address = output.frame_buffer().as_mut_ptr().addr() as u64;
    let edid = protocol::<EdidDiscovered>(handle).ok();
    let edid = edid.as_ref().and_then(|edid| edid.edid()).map_or_else(Vec::new, <[u8]>::to_vec);
    Some(Framebuffer { address, mode, modes, edid })
}

/// Translates a mode, if its framebuffer can be written to.
fn translate(info: &ModeInfo) -> Option<Mode> {
    let field = |mask: u32| {
        let size = u8::try_from(mask.count_ones()).unwrap_or(0);
        (size, u8::try_from(mask.trailing_zeros()).unwrap_or(0))
    };
    let (bits, red, green, blue) = match info.pixel_format() {
        PixelFormat::Rgb => (32, 0x0000_00ff, 0x0000_ff00, 0x00ff_0000),
        PixelFormat::Bgr => (32, 0x00ff_0000, 0x0000_ff00, 0x0000_00ff),
        PixelFormat::Bitmask => {
            let mask = info.pixel_bitmask()?;
            let all = mask.red | mask.green | mask.blue | mask.reserved;
            (32 - all.leading_zeros(), mask.red, mask.green, mask.blue)
        }
        PixelFormat::BltOnly => return None,
    };
    let (width, height) = info.resolution();
    Some(Mode {
        width: width as u64,
        height: height as u64,
        pitch: info.stride() as u64 * u64::from(bits.div_ceil(8)),
        pixel: Pixel {
            bits: u16::try_from(bits).ok()?,
            red: field(red),
            green: field(green),
            blue: field(blue),
        },
    })
}
