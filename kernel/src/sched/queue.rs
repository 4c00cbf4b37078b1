//! A first-in, first-out queue of boxes that carry their own link: moving a thread between queues
//! never allocates, so it cannot fail when memory is short.

use alloc::boxed::Box;

/// Something with room for a link.
pub(crate) trait Linked: Sized {
    /// The link, none while the box is in no queue.
    fn link(&mut self) -> &mut Option<Box<Self>>;
}

/// The queue: `front` in order, then `back` in reverse. Each element moves from the one to the other
/// at most once, so that all operations but [`extract`](Self::extract) take constant time on average.
#[derive(Debug)]
pub(crate) struct Queue<T: Linked> {
    front: Option<Box<T>>,
    back: Option<Box<T>>,
    len: usize,
}

impl<T: Linked> Queue<T> {
    /// An empty queue.
    pub(crate) const fn new() -> Self {
        Self { front: None, back: None, len: 0 }
    }

    /// How many are in it.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends `item`.
    pub(crate) fn push(&mut self, mut item: Box<T>) {
        if self.len == 0 {
            // A queue of one, as most are, never has to be reversed.
            fill(&mut self.front, item);
        } else {
            fill_link(item.link(), self.back.take());
            fill(&mut self.back, item);
        }
        self.len += 1;
    }

    /// Removes the first.
    pub(crate) fn pop(&mut self) -> Option<Box<T>> {
        if self.len == 0 {
            return None;
        }
        let mut item = match self.front.take() {
            Some(item) => item,
            None => reverse(self.back.take())?,
        };
        fill_link(&mut self.front, item.link().take());
        self.len -= 1;
        Some(item)
    }

    /// Removes the first element that is `wanted`.
    pub(crate) fn extract_one(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Option<Box<T>> {
        // Most often it is the first of all.
        if self.front.as_deref().is_some_and(&mut wanted) {
            return self.pop();
        }
        let mut taken = Self::new();
        self.extract(1, &mut taken, wanted);
        taken.pop()
    }

    /// Moves up to `limit` elements that are `wanted` to the end of `taken`, keeping the order of
    /// all; returns how many.
    pub(crate) fn extract(
        &mut self,
        limit: usize,
        taken: &mut Self,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> usize {
        let mut count = 0;
        if self.back.is_some() {
            let back = reverse(self.back.take());
            let mut link = &mut self.front;
            while let Some(item) = link {
                link = item.link();
            }
            *link = back;
        }
        let mut link = &mut self.front;
        while count < limit {
            let Some(mut item) = link.take() else { break };
            if wanted(&item) {
                fill_link(link, item.link().take());
                taken.push(item);
                count += 1;
            } else {
                link = fill(link, item).link();
            }
        }
        self.len -= count;
        count
    }
}

impl<T: Linked> Drop for Queue<T> {
    fn drop(&mut self) {
        // One by one: dropping the chain would recurse to its full length.
        while self.pop().is_some() {}
    }
}

/// Puts a box where none is. An assignment would look for one to drop, on every switch of threads.
fn fill<T>(place: &mut Option<Box<T>>, item: Box<T>) -> &mut Box<T> {
    debug_assert!(place.is_none(), "there is none");
    core::mem::forget(place.replace(item));
    place.as_mut().expect("just filled")
}

/// As [`fill`], with a chain that may be empty.
fn fill_link<T>(place: &mut Option<Box<T>>, chain: Option<Box<T>>) {
    debug_assert!(place.is_none(), "there is none");
    core::mem::forget(core::mem::replace(place, chain));
}

fn reverse<T: Linked>(mut chain: Option<Box<T>>) -> Option<Box<T>> {
    let mut reversed = None;
    while let Some(mut item) = chain {
        chain = core::mem::replace(item.link(), reversed);
        reversed = Some(item);
    }
    reversed
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::test::{Random, rounds};

    struct Item(u64, Option<Box<Self>>);

    impl Linked for Item {
        fn link(&mut self) -> &mut Option<Box<Self>> {
            &mut self.1
        }
    }

    #[test]
    fn behaves_as_a_deque_does() {
        let mut random = Random::new(1);
        let (mut queue, mut model) = (Queue::new(), VecDeque::new());
        for step in 0..rounds(20_000) {
            match random.below(5) {
                0..3 => {
                    queue.push(Box::new(Item(step, None)));
                    model.push_back(step);
                }
                3 if step % 7 == 0 => {
                    let bit = random.next() % 2;
                    let first = model.iter().position(|value| value % 2 == bit);
                    let expected = first.and_then(|index| model.remove(index));
                    let taken = queue.extract_one(|item| item.0 % 2 == bit);
                    assert_eq!(taken.map(|item| item.0), expected);
                }
                3 => assert_eq!(queue.pop().map(|item| item.0), model.pop_front()),
                _ => {
                    let (limit, bit) = (random.below(8), random.next() % 2);
                    let mut taken = Queue::new();
                    let count = queue.extract(limit, &mut taken, |item| item.0 % 2 == bit);
                    let mut expected = Vec::new();
                    model.retain(|value| {
                        let take = value % 2 == bit && expected.len() < limit;
                        if take {
                            expected.push(*value);
                        }
                        !take
                    });
                    assert_eq!(count, expected.len());
                    let taken: Vec<_> = core::iter::from_fn(|| taken.pop()).map(|i| i.0).collect();
                    assert_eq!(taken, expected);
                }
            }
            assert_eq!(queue.len(), model.len());
            assert_eq!(queue.is_empty(), model.is_empty());
        }
    }

    #[test]
    fn a_long_queue_can_be_dropped() {
        let mut queue = Queue::new();
        for i in 0..rounds(1_000_000) {
            queue.push(Box::new(Item(i, None)));
        }
    }
}
