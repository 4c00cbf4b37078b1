//! The streams of a machine: what arrives is passed on at once, what goes in is framed.
//!
//! Firmware writes to the serial ports too, before the kernel runs, and bytes that come before the kernel
//! has set up a port are lost. So the kernel is told to begin both its streams with [`MARK`]: everything
//! before it is held back, and so is the input until then.

use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::ChildStdin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};

/// How much of a stream is kept for messages; its end is what matters.
const KEPT: usize = 1 << 20;

/// The mark of a frame.
const ESCAPE: u8 = 0x10;
/// What tells the kernel that no more input will come.
const END_OF_INPUT: [u8; 2] = [ESCAPE, 0x04];
/// What the kernel writes first when its streams are marked.
const MARK: [u8; 2] = [ESCAPE, 0x02];
/// What our loader writes when it cannot go on.
const HALTED: &str = "loader: halted";

/// The beginning of a marked stream.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_open: bool,
    /// What came before the mark.
    before: Vec<u8>,
}

impl Gate {
    /// Takes what has arrived and returns what lies behind the mark.
    fn pass<'a>(&self, part: &'a [u8], joined: &'a mut Vec<u8>) -> &'a [u8] {
        let mut state = self.state();
        if state.is_open {
            return part;
        }
        state.before.extend_from_slice(part);
        let Some(at) = state.before.windows(MARK.len()).position(|bytes| bytes == MARK) else {
            return &[];
        };
        joined.clear();
        joined.extend_from_slice(&state.before[at + MARK.len()..]);
        state.before.truncate(at);
        state.is_open = true;
        self.opened.notify_all();
        joined
    }

    /// Waits for the mark.
    fn wait(&self) {
        let mut state = self.state();
        while !state.is_open {
            state = self.opened.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Why the loader gave up, if it did.
    pub(super) fn halted(&self) -> Option<String> {
        let state = self.state();
        if state.is_open {
            return None;
        }
        let text = String::from_utf8_lossy(&state.before);
        text.contains(HALTED).then(|| reason(&text))
    }

    /// What came before the mark, or all if there was none.
    pub(super) fn before(&self) -> String {
        String::from_utf8_lossy(&self.state().before).into_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loader's own words, without its name.
fn reason(text: &str) -> String {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("loader: error: "));
    line.map_or_else(
        || "the loader gave up".to_owned(),
        |line| format!("the loader gave up: {line}"),
    )
}

/// The last of what a stream carried.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn add(&self, part: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(part);
        if kept.len() > 2 * KEPT {
            let surplus = kept.len() - KEPT;
            kept.drain(..surplus);
        }
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

/// Takes a stream of the machine somewhere.
pub(super) struct Copier {
    /// Where to.
    pub to: Box<dyn Write + Send>,
    /// Set when nobody wants it any more.
    pub unread: Option<Arc<AtomicBool>>,
    /// Also keeps the last of it.
    pub kept: Option<Kept>,
    /// Holds back what comes before the mark.
    pub gate: Option<Arc<Gate>>,
}

impl Copier {
    /// One that only copies.
    pub(super) fn plain(to: Box<dyn Write + Send>) -> Copier {
        Copier { to, unread: None, kept: None, gate: None }
    }

    /// Copies in a thread until the stream ends.
    pub(super) fn start(self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        thread::spawn(move || self.copy(from))
    }

    fn copy(mut self, mut from: impl Read) {
        let mut buffer = [0; 16 * 1024];
        let mut joined = Vec::new();
        let mut is_wanted = true;
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let part = match &self.gate {
                Some(gate) => gate.pass(&buffer[..count], &mut joined),
                None => &buffer[..count],
            };
            if part.is_empty() {
                continue;
            }
            if is_wanted && self.to.write_all(part).and_then(|()| self.to.flush()).is_err() {
                is_wanted = false;
                if let Some(unread) = &self.unread {
                    unread.store(true, Ordering::Relaxed);
                }
            }
            if let Some(kept) = &self.kept {
                kept.add(part);
            }
        }
    }
}

/// A serial port of the machine that arrives at a socket without a name in the file system.
pub(super) struct Port {
    address: SocketAddr,
    listener: Arc<UnixListener>,
}

impl Port {
    /// Opens a socket; also returns QEMU's arguments for it.
    pub(super) fn open(id: &str) -> Result<(Port, [String; 4])> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cermet-{}-{count}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).context("a socket's name")?;
        let listener = UnixListener::bind_addr(&address).context("a socket for a serial port")?;
        let chardev = format!("socket,id={id},path={name},abstract=on");
        let args = ["-chardev".to_owned(), chardev, "-serial".to_owned(), format!("chardev:{id}")];
        Ok((Port { address, listener: Arc::new(listener) }, args))
    }

    /// Copies what arrives.
    pub(super) fn copy(&self, copier: Copier) -> JoinHandle<()> {
        let listener = self.listener.clone();
        thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                copier.copy(stream);
            }
        })
    }

    /// Ends the wait for a machine that never opened its end.
    pub(super) fn give_up(&self) {
        drop(UnixStream::connect_addr(&self.address));
    }
}

/// Feeds the machine's input in the frame that the kernel expects. Not waited for: a read from a
/// terminal may never return.
pub(super) fn feed(mut from: Box<dyn Read + Send>, mut to: ChildStdin, gate: Arc<Gate>) {
    thread::spawn(move || {
        gate.wait();
        let mut buffer = [0; 4096];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    if to.write_all(&framed(&buffer[..count])).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        // The end of the input is a mark, not the end of the pipe: QEMU would close the port.
        if to.write_all(&END_OF_INPUT).is_ok() {
            loop {
                thread::park();
            }
        }
    });
}

/// Input in which a literal escape byte is doubled.
fn framed(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    for &byte in input {
        if byte == ESCAPE {
            output.push(ESCAPE);
        }
        output.push(byte);
    }
    output
}

#[cfg(test)]
mod tests {
    use super::{Gate, KEPT, Kept, framed};

    #[test]
    fn input_is_framed() {
        assert_eq!(framed(b"ab\x10c\x04"), b"ab\x10\x10c\x04");
    }

    #[test]
    fn what_comes_before_the_mark_is_held_back() {
        let gate = Gate::default();
        let mut joined = Vec::new();
        assert_eq!(gate.pass(b"BdsDxe: x\r\n\x10", &mut joined), b"");
        assert_eq!(gate.pass(b"\x02Hello", &mut joined), b"Hello");
        assert_eq!(gate.pass(b", \x10\x02World", &mut joined), b", \x10\x02World");
        assert_eq!(gate.before(), "BdsDxe: x\r\n");
        gate.wait();
    }

    #[test]
    fn a_loader_that_gives_up_says_why() {
        let gate = Gate::default();
        let mut joined = Vec::new();
        gate.pass(b"loader: error: no kernel\r\n", &mut joined);
        assert_eq!(gate.halted(), None);
        gate.pass(b"loader: halted\r\n", &mut joined);
        assert_eq!(gate.halted().as_deref(), Some("the loader gave up: no kernel"));
    }

    #[test]
    fn the_end_of_a_long_stream_is_kept() {
        let kept = Kept::default();
        for _ in 0..3 {
            kept.add(&vec![b'x'; KEPT]);
        }
        kept.add(b"end");
        let text = kept.text();
        assert!(text.ends_with("xend") && text.len() <= 2 * KEPT);
    }
}
