//! A ring of bytes.

/// Up to `N` bytes, first in, first out.
#[derive(Debug)]
pub(crate) struct Ring<const N: usize> {
    bytes: [u8; N],
    start: usize,
    len: usize,
}

impl<const N: usize> Ring<N> {
    /// An empty ring.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], start: 0, len: 0 }
    }

    /// Bytes in it.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes that fit into it.
    pub(crate) const fn room(&self) -> usize {
        N - self.len
    }

    /// Appends as many of `bytes` as fit; how many.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        let end = (self.start + self.len) % N;
        let first = count.min(N - end);
        self.bytes[end..end + first].copy_from_slice(&bytes[..first]);
        self.bytes[..count - first].copy_from_slice(&bytes[first..count]);
        self.len += count;
        count
    }

    /// Appends all of `bytes`, dropping the oldest where there is no room.
    pub(crate) fn push_over(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(N)..];
        self.skip(bytes.len().saturating_sub(self.room()));
        self.push(bytes);
    }

    /// The first bytes, as many as lie together.
    pub(crate) fn front(&self) -> &[u8] {
        &self.bytes[self.start..(self.start + self.len).min(N)]
    }

    /// Of the last `count` bytes the first, as many as lie together.
    pub(crate) fn back(&self, count: usize) -> &[u8] {
        let start = (self.start + self.len - count) % N;
        &self.bytes[start..(start + count).min(N)]
    }

    /// Drops the first `count` bytes.
    pub(crate) fn skip(&mut self, count: usize) {
        assert!(count <= self.len, "only bytes that are there can be skipped");
        self.start = (self.start + count) % N;
        self.len -= count;
    }

    /// Moves bytes to `buffer`; how many.
    pub(crate) fn pop(&mut self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() && self.len > 0 {
            let front = self.front();
            let count = front.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&front[..count]);
            self.skip(count);
            done += count;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::test::{Random, rounds};

    #[test]
    fn behaves_as_a_deque_with_a_limit_does() {
        let mut random = Random::new(1);
        let (mut ring, mut model) = (Ring::<37>::new(), VecDeque::new());
        for _ in 0..rounds(20_000) {
            let bytes: Vec<u8> = (0..random.below(50)).map(|_| random.next() as u8).collect();
            match random.below(3) {
                0 => {
                    let count = bytes.len().min(37 - model.len());
                    assert_eq!(ring.push(&bytes), count);
                    model.extend(&bytes[..count]);
                }
                1 => {
                    ring.push_over(&bytes);
                    model.extend(&bytes);
                    while model.len() > 37 {
                        model.pop_front();
                    }
                }
                _ => {
                    let mut buffer = vec![0; random.below(50)];
                    let count = ring.pop(&mut buffer);
                    let expected: Vec<u8> = model.drain(..buffer.len().min(model.len())).collect();
                    assert_eq!(&buffer[..count], expected);
                }
            }
            assert_eq!((ring.len(), ring.room()), (model.len(), 37 - model.len()));
        }
    }
}
