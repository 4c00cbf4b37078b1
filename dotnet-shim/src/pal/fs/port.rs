//! Event ports: one thread waits for many descriptors, as with `epoll` on Linux, edge-triggered.
//!
//! An edge is a change that may let somebody go on: bytes that arrived, room that appeared, an end that
//! closed. Pipes count these changes; a registration remembers the counts it has reported, so a change
//! is reported once and none is lost, however reading and waiting interleave.
use super::FileSystem;
use super::file::File;
use super::io::ready;
use super::node::Kind;
use super::slab::Id;
use crate::pal::alloc::vec::Vec;
use crate::pal::error::{Errno, Result};

/// What a port can report, in the class library's encoding.
pub(crate) mod event {
    /// Reading does not wait.
    pub(crate) const READ: u32 = 1;
    /// Writing does not wait.
    pub(crate) const WRITE: u32 = 2;
    /// The other end is gone.
    pub(crate) const ERROR: u32 = 0x10;
}

/// Interest in one descriptor.
pub(super) struct Registration {
    descriptor: i32,
    /// Tells a descriptor number that was used again from the one that was registered.
    file: Id<File>,
    events: u32,
    data: u64,
    /// Changes for readers and for writers that were reported; `None` before the first report.
    reported: (Option<u64>, Option<u64>),
}

/// A set of registrations.
#[derive(Default)]
pub(super) struct Port {
    registrations: Vec<Registration>,
}

impl FileSystem {
    /// Opens a new port.
    pub(crate) fn open_port(&mut self) -> Result<i32> {
        let node = self.add_node(0o600, Kind::Port(Port::default()));
        let how = super::Open { close_on_exec: true, ..super::Open::default() };
        self.open_node(node, how).inspect_err(|_| self.drop_if_unused(node))
    }

    fn port(&mut self, port: i32) -> Result<&mut Port> {
        let node = self.file(port)?.node;
        match &mut self.nodes[node].kind {
            Kind::Port(port) => Ok(port),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Sets what is to be reported of a descriptor; nothing removes it. Only pipes can be waited for.
    pub(crate) fn register(
        &mut self,
        port: i32,
        descriptor: i32,
        events: u32,
        data: u64,
    ) -> Result<()> {
        let file = self.descriptor(descriptor)?.file;
        if !matches!(self.nodes[self.files[file].node].kind, Kind::Fifo(Some(_))) {
            return Err(Errno::EPERM);
        }
        let registrations = &mut self.port(port)?.registrations;
        registrations.retain(|old| old.descriptor != descriptor);
        if events != 0 {
            let reported = (None, None);
            registrations.push(Registration { descriptor, file, events, data, reported });
        }
        Ok(())
    }

    /// Reports up to `room` events as pairs of a registration's data and its events; `EAGAIN` when
    /// there are none.
    pub(crate) fn collect_events(&mut self, port: i32, room: usize) -> Result<Vec<(u64, u32)>> {
        let mut registrations = core::mem::take(&mut self.port(port)?.registrations);
        registrations
            .retain(|old| self.descriptor(old.descriptor).is_ok_and(|now| now.file == old.file));
        let mut events = Vec::new();
        for registration in &mut registrations {
            if events.len() == room {
                break;
            }
            let found = self.edges(registration);
            if found != 0 {
                events.push((registration.data, found));
            }
        }
        self.port(port)?.registrations = registrations;
        if events.is_empty() { Err(Errno::EAGAIN) } else { Ok(events) }
    }

    /// What has changed for a registration since the last time.
    fn edges(&self, registration: &mut Registration) -> u32 {
        let node = self.files[registration.file].node;
        let Kind::Fifo(Some(pipe)) = &self.nodes[node].kind else { return 0 };
        let state = self.poll(registration.descriptor);
        let (arrivals, departures) = pipe.changes();
        let mut found = 0;
        let reported = &mut registration.reported;
        if state & (ready::IN | ready::HANG_UP) != 0 && reported.0 != Some(arrivals) {
            reported.0 = Some(arrivals);
            found |= event::READ;
        }
        if state & (ready::OUT | ready::ERROR) != 0 && reported.1 != Some(departures) {
            reported.1 = Some(departures);
            found |= event::WRITE;
            found |= if state & ready::ERROR != 0 { event::ERROR } else { 0 };
        }
        found & (registration.events | event::ERROR)
    }
}
