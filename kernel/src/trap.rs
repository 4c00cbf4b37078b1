//! Traps: telling a service of a fault or interrupt of one of its threads. See [`abi::trap`].

use abi::memory::USER_END;
use abi::trap::{Frame, Kind, RED_ZONE};

use crate::arch::{self, FRAME_BYTES};
use crate::sched::cpu::{Local, Next};
use crate::thread::Thread;
use crate::{Kernel, fault};

/// Continues the thread at its service's trap handler, or ends the service when there is none or no
/// room for the frame.
pub(crate) fn deliver(
    kernel: &Kernel,
    local: &mut Local,
    thread: &mut Thread,
    kind: Kind,
    code: u64,
    address: u64,
) -> Next {
    let handler = thread.service.trap_handler();
    let registers = *thread.context.registers();
    let place =
        (handler != 0).then(|| place(arch::stack_pointer(&registers), thread.trap_stack)).flatten();
    let frame = Frame { registers, kind: kind as u64, code, address, reserved: 0 };
    let bytes = arch::frame_to_bytes(&frame);
    match place.map(|place| (place, thread.service.space().write(&kernel.frames, place, &bytes))) {
        Some((place, Ok(()))) => {
            arch::enter_trap(thread.context.registers_mut(), handler, place);
            Next::Resume
        }
        Some((_, Err(abi::Error::NoMemory))) => fault::out_of_memory(kernel, local, thread),
        _ if kind == Kind::NoMemory => fault::out_of_memory(kernel, local, thread),
        _ => fault::end_service(kernel, local, thread, &frame),
    }
}

/// Whether the thread is handling a trap, as far as its stack pointer tells.
pub(crate) fn is_handling(thread: &Thread) -> bool {
    is_on(arch::stack_pointer(thread.context.registers()), thread.trap_stack)
}

/// Whether the stack pointer lies on the trap stack.
fn is_on(stack_pointer: usize, (base, len): (usize, usize)) -> bool {
    stack_pointer > base && stack_pointer - base <= len
}

/// Where the frame goes; none when there is no room.
fn place(stack_pointer: usize, (base, len): (usize, usize)) -> Option<usize> {
    let top = base.checked_add(len).filter(|top| *top <= USER_END)?;
    let from =
        if is_on(stack_pointer, (base, len)) { stack_pointer.checked_sub(RED_ZONE)? } else { top };
    let place = from.checked_sub(FRAME_BYTES)? & !15;
    // The word of a return address lies below the frame.
    (place.checked_sub(8)? >= base && len > 0).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    #[test]
    fn a_frame_lies_on_the_trap_stack_or_nowhere() {
        let mut random = Random::new(1);
        for _ in 0..rounds(100_000) {
            let (base, len) = (random.interesting() as usize, random.interesting() as usize);
            let stack_pointer = match random.below(2) {
                0 => random.interesting() as usize,
                _ => base.wrapping_add(random.below(10_000)),
            };
            if let Some(place) = place(stack_pointer, (base, len)) {
                assert!(place - 8 >= base && place + FRAME_BYTES <= base + len);
                assert!(place % 16 == 0);
                if stack_pointer > base && stack_pointer <= base + len {
                    assert!(place + FRAME_BYTES + RED_ZONE <= stack_pointer);
                }
            }
        }
    }

    #[test]
    fn an_unset_trap_stack_has_no_room() {
        assert_eq!(place(0x7000, (0, 0)), None);
        assert_eq!(place(0x7000, (0x1_0000, 64)), None);
        assert_eq!(place(0x7000, (0x1_0000, 4096)), Some(0x1_1000 - FRAME_BYTES));
    }
}
