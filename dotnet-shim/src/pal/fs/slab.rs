//! Objects under small numbers that are used again after removal.
use crate::pal::alloc::vec::Vec;
use core::marker::PhantomData;

/// The number of an object in a [`Slab`] of `T`.
pub(crate) struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> core::fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "#{}", self.0)
    }
}

/// A set of objects, each found by its [`Id`].
///
/// The owner of an id counts what refers to it and removes the object only when nothing does; using
/// an id after that is a bug of the owner and panics, or finds a newer object.
pub(super) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, value: T) -> Id<T> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 objects")
            }
        };
        self.slots[index as usize] = Some(value);
        Id(index, PhantomData)
    }

    pub(super) fn remove(&mut self, id: Id<T>) -> T {
        self.free.push(id.0);
        self.slots[id.0 as usize].take().expect("the id is live")
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl<T> core::ops::Index<Id<T>> for Slab<T> {
    type Output = T;

    fn index(&self, id: Id<T>) -> &T {
        self.slots[id.0 as usize].as_ref().expect("the id is live")
    }
}

impl<T> core::ops::IndexMut<Id<T>> for Slab<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        self.slots[id.0 as usize].as_mut().expect("the id is live")
    }
}
