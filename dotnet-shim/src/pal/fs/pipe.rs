//! A pipe between threads of the service.
use crate::pal::alloc::collections::VecDeque;
use crate::pal::error::{Errno, Result};

/// Bytes a new pipe can hold, as on Linux.
pub(super) const CAPACITY: usize = 64 * 1024;
/// The largest capacity a program may ask for, as on Linux.
pub(super) const CAPACITY_MAX: usize = 1024 * 1024;
/// Writes up to this length are not torn, as POSIX demands.
const ATOMIC: usize = 4096;

/// The bytes under way and the ends that are open.
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    readers: u32,
    writers: u32,
    /// Changes that readers wait for: bytes came, the last writer went.
    arrivals: u64,
    /// Changes that writers wait for: bytes went, the last reader went.
    departures: u64,
}

impl Pipe {
    pub(super) fn new() -> Self {
        Self {
            bytes: VecDeque::new(),
            capacity: CAPACITY,
            readers: 1,
            writers: 1,
            arrivals: 0,
            departures: 0,
        }
    }

    /// Notes that ends were closed.
    pub(super) fn close(&mut self, reads: bool, writes: bool) {
        self.readers -= u32::from(reads);
        self.writers -= u32::from(writes);
        self.departures += u64::from(reads);
        self.arrivals += u64::from(writes);
    }

    /// Whether anybody can still read.
    pub(super) fn has_readers(&self) -> bool {
        self.readers > 0
    }

    /// Whether anybody can still write.
    pub(super) fn has_writers(&self) -> bool {
        self.writers > 0
    }

    /// How often something changed for readers and for writers.
    pub(super) fn changes(&self) -> (u64, u64) {
        (self.arrivals, self.departures)
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes what is there; `EAGAIN` when that is nothing and somebody may still write.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.bytes.is_empty() {
            return if self.writers == 0 { Ok(0) } else { Err(Errno::EAGAIN) };
        }
        let count = out.len().min(self.bytes.len());
        for (target, byte) in out.iter_mut().zip(self.bytes.drain(..count)) {
            *target = byte;
        }
        self.departures += 1;
        Ok(count)
    }

    /// Puts in what fits; `EAGAIN` when that is nothing (or, for a short write, not all).
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.readers == 0 {
            return Err(Errno::EPIPE);
        }
        let room = self.capacity - self.bytes.len();
        if !bytes.is_empty() && (room == 0 || (bytes.len() <= ATOMIC && bytes.len() > room)) {
            return Err(Errno::EAGAIN);
        }
        let count = bytes.len().min(room);
        self.bytes.try_reserve(count).map_err(|_| Errno::ENOMEM)?;
        self.bytes.extend(&bytes[..count]);
        self.arrivals += u64::from(count > 0);
        Ok(count)
    }

    /// Changes the capacity, rounded up to a power of two as on Linux.
    pub(super) fn set_capacity(&mut self, bytes: usize) -> Result<usize> {
        if bytes > CAPACITY_MAX {
            return Err(Errno::EPERM);
        }
        let capacity = bytes.max(ATOMIC).next_power_of_two();
        if capacity < self.bytes.len() {
            return Err(Errno::EBUSY);
        }
        self.capacity = capacity;
        Ok(capacity)
    }

    pub(super) fn can_read(&self) -> bool {
        !self.bytes.is_empty()
    }

    pub(super) fn can_write(&self) -> bool {
        self.bytes.len() + ATOMIC <= self.capacity
    }
}
