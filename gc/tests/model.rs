//! The collector against a model: random graphs, mutations, roots, handles, finalizers and
//! pointers into objects; after each collection exactly the reachable objects have survived, with
//! their contents, and everything else behaves as the model says.
//!
//! `CERMET_GC_SEEDS` sets how many seeds, `CERMET_GC_SEED` the first one.
#![expect(unsafe_code, reason = "collecting is unsafe: the tests are single-threaded per heap")]

mod common;

use common::{
    CRITICAL, Random, SUPPRESSED, Toy, load, reference_slot, references, store, type_word,
};
use gc::handle::Kind;
use gc::{BLOCK, Config, Contents, Context, Heap, LARGE, Runtime};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
struct Object {
    size: usize,
    references: Vec<usize>,
    is_registered: bool,
    is_suppressed: bool,
    is_critical: bool,
}

#[derive(Clone, Copy, Debug)]
struct Handle {
    address: usize,
    kind: Kind,
    first: usize,
    second: usize,
}

/// Heap and model; objects are known by their addresses in both.
struct World {
    heap: Heap<Toy>,
    random: Random,
    objects: BTreeMap<usize, Object>,
    handles: Vec<Handle>,
    ready: BTreeSet<usize>,
    refused: usize,
}

fn pattern(object: usize, n: usize) -> usize {
    object.rotate_left(17) ^ n.wrapping_mul(0x9e37_79b9)
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let limit = [256 << 10, 512 << 10, 8 << 20][random.below(3)];
        let config = Config {
            small_space: 4 << 20,
            large_space: 4 << 20,
            max_handles: 4096,
            max_mark_stack: if random.chance(3) { 4 } else { 1 << 16 },
            limit,
            min_budget: 64 << 10,
            fixed_budget: None,
            stress: [None, None, None, None, Some(1), Some(7)][random.below(6)],
            is_verifying: random.chance(2),
        };
        let toy = Toy::new(if random.chance(4) { limit * 3 / 4 } else { usize::MAX });
        *toy.contexts.borrow_mut() = vec![Context::NEW; 1 + random.below(3)];
        *toy.roots.borrow_mut() = vec![0; 1 + random.below(24)];
        let heap = Heap::new(toy, &config).expect("a heap");
        Self {
            heap,
            random,
            objects: BTreeMap::new(),
            handles: Vec::new(),
            ready: BTreeSet::new(),
            refused: 0,
        }
    }

    fn toy(&self) -> &Toy {
        self.heap.runtime()
    }

    /// An object that the mutator could know, or null.
    fn pick(&mut self) -> usize {
        let n = self.random_root();
        let mut object = self.toy().roots.borrow()[n];
        for _ in 0..self.random.below(6) {
            let Some(known) = self.objects.get(&object) else { break };
            if known.references.is_empty() {
                break;
            }
            let next = known.references[self.random.below(known.references.len())];
            if next == 0 {
                break;
            }
            object = next;
        }
        object
    }

    fn random_root(&mut self) -> usize {
        let count = self.toy().roots.borrow().len();
        self.random.below(count)
    }

    fn size(&mut self) -> usize {
        let size = match self.random.below(40) {
            0 => LARGE + 8 + self.random.below(40_000),
            1 => 1024 + self.random.below(LARGE - 1024 + 8),
            2..6 => 200 + self.random.below(1500),
            _ => 24 + self.random.below(120),
        };
        size & !7
    }

    fn allocate(&mut self) {
        let size = self.size();
        let references =
            if self.random.chance(3) { 0 } else { self.random.below((size - 16) / 8 + 1).min(50) };
        let contents = if self.random.chance(8) { Contents::Unspecified } else { Contents::Zeroed };
        if self.heap.wants_collection(size) {
            self.collect();
        }
        let count = self.toy().contexts.borrow().len();
        let n = self.random.below(count);
        let Some(object) = self.try_allocate(n, size, contents).or_else(|| {
            self.collect();
            self.try_allocate(n, size, contents)
        }) else {
            self.refused += 1;
            return;
        };
        let neighbour = self.objects.range(..object + size - 8).next_back();
        if let Some((&other, known)) = neighbour {
            assert!(other - 8 + known.size <= object - 8, "{object:#x} overlaps {other:#x}");
        }
        let cleared = if contents == Contents::Zeroed { size } else { size.min(64) };
        for offset in (0..cleared).step_by(8) {
            assert_eq!(load(object - 8 + offset), 0, "{object:#x} of {size} is not clear");
        }
        store(object, type_word(size, references));
        for n in 0..references {
            store(reference_slot(object, n), 0);
        }
        for n in references..(size - 16) / 8 {
            store(reference_slot(object, n), pattern(object, n));
        }
        let mut new = Object { size, references: vec![0; references], ..Object::default() };
        if self.random.chance(10) && self.heap.register_finalizable(object) {
            new.is_registered = true;
            new.is_critical = self.random.chance(2);
            new.is_suppressed = self.random.chance(4);
            let critical = if new.is_critical { CRITICAL } else { 0 };
            store(object - 8, critical | if new.is_suppressed { SUPPRESSED } else { 0 });
        }
        assert!(self.objects.insert(object, new).is_none());
        self.hold(object);
    }

    fn try_allocate(&self, n: usize, size: usize, contents: Contents) -> Option<usize> {
        let context = &mut self.toy().contexts.borrow_mut()[n];
        if context.pointer + size <= context.limit {
            context.pointer += size; // the embedder's fast path
            return Some(context.pointer - size);
        }
        self.heap.allocate(context, size, contents)
    }

    /// Stores a new object in a root or in another object.
    fn hold(&mut self, object: usize) {
        let holder = self.pick();
        if holder != 0 && references(holder) != 0 && self.random.chance(2) {
            self.link(holder, object);
        } else {
            let n = self.random_root();
            self.toy().roots.borrow_mut()[n] = object;
        }
    }

    fn link(&mut self, holder: usize, target: usize) {
        let known = self.objects.get_mut(&holder).expect("a live object");
        if !known.references.is_empty() {
            let n = self.random.below(known.references.len());
            known.references[n] = target;
            store(reference_slot(holder, n), target);
        }
    }

    fn mutate(&mut self) {
        match self.random.below(12) {
            0..5 => {
                let (holder, target) = (self.pick(), self.pick());
                if holder != 0 {
                    self.link(holder, target);
                }
            }
            5 => {
                let n = self.random_root();
                self.toy().roots.borrow_mut()[n] = 0;
            }
            6 => self.point_inside(),
            7 => self.toy().ambiguous.borrow_mut().clear(),
            8 | 9 => self.new_handle(),
            10 => self.change_handle(),
            _ => self.finalize(),
        }
    }

    fn point_inside(&mut self) {
        let object = self.pick();
        let base = self.objects.keys().next().copied().unwrap_or(0);
        let word = match self.objects.get(&object) {
            Some(known) => object + self.random.below(known.size - 8 + 1),
            None => base.wrapping_add(self.random.below(3 * BLOCK)),
        };
        self.toy().ambiguous.borrow_mut().push(word);
    }

    fn new_handle(&mut self) {
        let kinds = [Kind::WeakShort, Kind::WeakLong, Kind::Strong, Kind::Pinned];
        let kind =
            if self.random.chance(2) { Kind::Dependent } else { kinds[self.random.below(4)] };
        let (first, mut second) = (self.pick(), self.pick());
        if kind != Kind::Dependent {
            second = 0;
        }
        if let Some(address) = self.heap.new_handle(kind, first, second) {
            assert!(self.handles.iter().all(|handle| handle.address != address));
            self.handles.push(Handle { address, kind, first, second });
        }
    }

    fn change_handle(&mut self) {
        if self.handles.is_empty() {
            return;
        }
        let n = self.random.below(self.handles.len());
        let target = self.pick();
        let handle = &mut self.handles[n];
        match self.random.below(3) {
            0 => {
                handle.first = target;
                self.heap.set_handle_target(handle.address, target);
            }
            1 if handle.kind == Kind::Dependent => {
                handle.second = target;
                self.heap.set_dependent_second(handle.address, target);
            }
            _ => {
                let handle = self.handles.swap_remove(n);
                self.heap.free_handle(handle.address);
            }
        }
    }

    /// Takes a ready object, and perhaps resurrects it.
    fn finalize(&mut self) {
        if let Some(object) = self.heap.next_finalizable() {
            assert!(self.ready.remove(&object), "{object:#x} was not ready");
            let is_critical = self.objects[&object].is_critical;
            assert!(!is_critical || self.ready.iter().all(|ready| self.objects[ready].is_critical));
            if self.random.chance(2) {
                self.hold(object);
            }
            if self.random.chance(3) && self.heap.register_finalizable(object) {
                let known = self.objects.get_mut(&object).expect("still there");
                known.is_registered = true;
            }
        } else {
            assert!(self.ready.is_empty());
        }
    }

    fn trace(&self, reached: &mut BTreeSet<usize>, from: impl IntoIterator<Item = usize>) {
        let mut pending: Vec<usize> = from.into_iter().collect();
        while let Some(object) = pending.pop() {
            if object != 0 && reached.insert(object) {
                pending.extend(&self.objects[&object].references);
            }
        }
    }

    fn trace_dependent(&self, reached: &mut BTreeSet<usize>) {
        let mut before = usize::MAX;
        while before != reached.len() {
            before = reached.len();
            let live = |handle: &&Handle| {
                handle.kind == Kind::Dependent && reached.contains(&handle.first)
            };
            let seconds: Vec<_> =
                self.handles.iter().filter(live).map(|handle| handle.second).collect();
            self.trace(reached, seconds);
        }
    }

    /// What an ambiguous word keeps alive: the object it points into or just past.
    fn target_of(&self, word: usize) -> Option<usize> {
        let (&object, known) = self.objects.range(..=word).next_back()?;
        (word <= object - 8 + known.size).then_some(object)
    }

    fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        let roots = self.toy().roots.borrow().clone();
        self.trace(&mut reached, roots);
        let words = self.toy().ambiguous.borrow().clone();
        self.trace(&mut reached, words.iter().filter_map(|&word| self.target_of(word)));
        let is_strong = |handle: &&Handle| matches!(handle.kind, Kind::Strong | Kind::Pinned);
        let held: Vec<_> =
            self.handles.iter().filter(is_strong).map(|handle| handle.first).collect();
        self.trace(&mut reached, held);
        self.trace(&mut reached, self.ready.clone());
        self.trace_dependent(&mut reached);
        self.clear(Kind::WeakShort, &reached);

        let dead =
            |object: &usize, known: &Object| known.is_registered && !reached.contains(object);
        let dying: Vec<_> =
            self.objects.iter().filter(|(o, k)| dead(o, k)).map(|(o, _)| *o).collect();
        for object in dying {
            let known = self.objects.get_mut(&object).expect("just seen");
            known.is_registered = false;
            if !std::mem::take(&mut known.is_suppressed) {
                self.ready.insert(object);
            }
        }
        self.trace(&mut reached, self.ready.clone());
        self.trace_dependent(&mut reached);
        self.clear(Kind::WeakLong, &reached);
        self.clear(Kind::Dependent, &reached);
        self.objects.retain(|object, _| reached.contains(object));

        // SAFETY: this heap has no other thread.
        let done = unsafe { self.heap.collect(2, self.toy().now_ns()) };
        self.heap.verify().expect("a sound heap");
        self.compare(&done);
    }

    fn clear(&mut self, kind: Kind, reached: &BTreeSet<usize>) {
        for handle in self.handles.iter_mut().filter(|handle| handle.kind == kind) {
            if !reached.contains(&handle.first) {
                (handle.first, handle.second) = (0, 0);
            }
        }
    }

    /// Survivors, contents, handles, figures: as the model has them.
    fn compare(&self, done: &gc::Collection) {
        let mut survivors = BTreeMap::new();
        self.heap.each_survivor(|object, size| {
            survivors.insert(object, size);
        });
        let expected: BTreeMap<_, _> =
            self.objects.iter().map(|(&object, known)| (object, known.size)).collect();
        assert_eq!(survivors, expected, "survivors and reachable objects");
        for (&object, known) in &self.objects {
            assert_eq!(Toy::size(object), known.size);
            for (n, &target) in known.references.iter().enumerate() {
                assert_eq!(load(reference_slot(object, n)), target);
            }
            for n in known.references.len()..(known.size - 16) / 8 {
                assert_eq!(load(reference_slot(object, n)), pattern(object, n), "{object:#x}");
            }
        }
        for handle in &self.handles {
            assert_eq!(self.heap.handle_target(handle.address), handle.first);
            if handle.kind == Kind::Dependent {
                let targets =
                    if handle.first == 0 { (0, 0) } else { (handle.first, handle.second) };
                assert_eq!(self.heap.dependent_targets(handle.address), targets);
            }
        }
        assert_eq!(done.live_bytes, expected.values().sum::<usize>());
        assert_eq!(done.finalization_pending, self.ready.len());
        let usage = self.heap.usage();
        assert_eq!(usage.committed_bytes, self.toy().committed.get());
        assert!(usage.committed_bytes <= usage.limit_bytes);
    }
}

fn run(seed: u64) -> (u64, usize) {
    let mut world = World::new(seed);
    for _ in 0..100 + world.random.below(400) {
        if world.random.chance(3) {
            world.mutate();
        } else {
            world.allocate();
        }
        if world.random.chance(60) {
            world.collect();
        }
    }
    world.collect();
    // Without roots all goes, once the finalizers have been seen off.
    world.toy().roots.borrow_mut().fill(0);
    world.toy().ambiguous.borrow_mut().clear();
    for handle in std::mem::take(&mut world.handles) {
        world.heap.free_handle(handle.address);
    }
    world.collect();
    while !world.ready.is_empty() {
        while let Some(object) = world.heap.next_finalizable() {
            assert!(world.ready.remove(&object));
        }
        world.collect();
    }
    assert_eq!(world.objects.len(), 0);
    (world.heap.collection_count(2), world.refused)
}

#[test]
fn survivors_are_exactly_the_reachable_objects() {
    let number = |name, default| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let seeds: u64 = number("CERMET_GC_SEEDS", if cfg!(miri) { 20 } else { 10_000 });
    let first: u64 = number("CERMET_GC_SEED", 1);
    let (mut collections, mut refused) = (0, 0);
    for seed in first..first + seeds {
        let result = std::panic::catch_unwind(|| run(seed));
        let Ok(counts) = result else { panic!("seed {seed} failed") };
        collections += counts.0;
        refused += counts.1;
    }
    println!("{seeds} seeds, {collections} collections, {refused} allocations refused");
    assert!(collections > seeds * 3, "collections did happen");
}
