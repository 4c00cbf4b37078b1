//! The tests.

mod memory;
mod threads;
mod traps;
pub(crate) mod wild;

use crate::image::Test;

/// Every test, in the order they run.
pub(crate) const ALL: &[Test] = &[
    ("call::unknown_numbers_are_refused", wild::unknown_numbers_are_refused),
    ("call::wild_ranges_are_refused", wild::wild_ranges_are_refused),
    ("call::registers_survive", wild::registers_survive),
    ("memory::new_memory_is_zero", memory::new_memory_is_zero),
    ("memory::discarded_memory_is_zero", memory::discarded_memory_is_zero),
    ("memory::protection_is_enforced", memory::protection_is_enforced),
    ("memory::data_cannot_be_executed", memory::data_cannot_be_executed),
    ("memory::code_cannot_be_written", memory::code_cannot_be_written),
    ("memory::huge_reservations_are_cheap", memory::huge_reservations_are_cheap),
    ("memory::commitments_are_all_or_nothing", memory::commitments_are_all_or_nothing),
    ("memory::thousands_of_mappings_fit", memory::thousands_of_mappings_fit),
    ("memory::mappings_without_end_meet_a_limit", memory::mappings_meet_a_limit),
    ("memory::unmapped_memory_is_gone_on_every_cpu", memory::unmapped_memory_is_gone_everywhere),
    ("memory::threads_map_and_unmap_together", memory::threads_map_and_unmap_together),
    ("memory::figures_return_to_what_they_were", memory::figures_return_to_what_they_were),
    ("thread::a_lock_keeps_threads_apart", threads::a_lock_keeps_threads_apart),
    ("thread::threads_hand_over_to_and_fro", threads::threads_hand_over_to_and_fro),
    ("thread::thousands_come_and_go", threads::thousands_come_and_go),
    ("thread::spinning_threads_are_preempted", threads::spinning_threads_are_preempted),
    ("thread::vector_registers_survive", threads::vector_registers_survive),
    ("thread::an_interrupt_reaches_a_spinning_thread", threads::an_interrupt_reaches_a_spinner),
    ("thread::an_interrupt_waits_for_a_waiting_thread", threads::an_interrupt_waits_for_a_waiter),
    ("thread::stale_handles_are_refused", threads::stale_handles_are_refused),
    ("thread::threads_without_end_meet_a_limit", threads::threads_meet_a_limit),
    ("thread::barriers_return", threads::barriers_return),
    ("time::it_does_not_go_back", threads::time_does_not_go_back),
    ("time::sleep_is_long_enough", threads::sleep_is_long_enough),
    ("time::a_wait_times_out", threads::a_wait_times_out),
    ("trap::each_trouble_has_its_kind", traps::each_trouble_has_its_kind),
    ("trap::a_null_access_tells_its_address", traps::a_null_access_tells_its_address),
    ("trap::single_steps_are_told", traps::single_steps_are_told),
    ("trap::kernel_registers_cannot_be_had", traps::kernel_registers_cannot_be_had),
];
