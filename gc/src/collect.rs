//! One collection, from stopped world to stopped world; the budget for the next.
#![expect(unsafe_code, reason = "collect is an unsafe fn: the caller has stopped the world")]

use crate::handle::Kind;
use crate::{Collection, Heap, POISON, Runtime, Tracer};
use core::sync::atomic::Ordering::Relaxed;

/// What is left unused after a collection, beyond the budget, before memory is given back.
const SLACK: usize = 512 * 1024;

impl<R: Runtime> Heap<R> {
    /// Collects the whole heap. `generation` (up to 2) is what was asked for, and only counted;
    /// `started_ns` is when the caller began to stop the world.
    ///
    /// # Safety
    ///
    /// No other thread uses objects or this heap until it returns: the world is stopped, and only
    /// one thread collects.
    pub unsafe fn collect(&self, generation: usize, started_ns: u64) -> Collection {
        self.runtime.contexts(&mut |context| context.retire());
        self.blocks.begin_marking();
        self.large.begin_marking();
        let mut done = Collection { started_ns, ..Collection::default() };
        self.mark(&mut done);
        self.reclaim(&mut done);
        self.is_put_off.store(false, Relaxed);
        self.record(generation.min(2), &mut done);
        done
    }

    /// Puts the next collection that allocation causes off until `bytes` more have been allocated,
    /// or, without a number, to where it usually is. Lasts until the next collection.
    pub fn set_budget_left(&self, bytes: Option<usize>) {
        let since = self.since_collection.load(Relaxed);
        let usual = || self.usual_budget(self.live_bytes.load(Relaxed));
        self.budget.store(bytes.map_or_else(usual, |bytes| bytes.saturating_add(since)), Relaxed);
        self.is_put_off.store(bytes.is_some(), Relaxed);
    }

    fn usual_budget(&self, live_bytes: usize) -> usize {
        self.fixed_budget.unwrap_or(self.min_budget.max(live_bytes))
    }

    fn mark(&self, done: &mut Collection) {
        let mut tracer = Tracer::new(self);
        let tracer = &mut tracer;
        let handles = self.handles.lock();
        let mut finalization = self.finalization.lock();

        self.runtime.roots(tracer);
        tracer.drain();
        done.pinned = handles.mark_strong(tracer);
        finalization.each_ready(|object| tracer.mark(object));
        tracer.drain();
        handles.mark_dependent(tracer);

        handles.clear_dead(Kind::WeakShort, tracer);
        done.finalization_found = finalization.find_ready(tracer);
        done.finalization_pending = finalization.pending();
        self.finalization_queued.fetch_add(done.finalization_found, Relaxed);
        handles.mark_dependent(tracer);
        handles.clear_dead(Kind::WeakLong, tracer);
        handles.clear_dead(Kind::Dependent, tracer);

        done.live_bytes = tracer.live_bytes;
        done.rescans = tracer.rescans;
    }

    fn reclaim(&self, done: &mut Collection) {
        let (memory, account) = (&self.runtime, &self.account);
        self.stack.trim(memory, account, crate::trace::STACK_MIN);
        self.blocks.end_marking(memory, account);
        let poison = self.stress.map(|_| POISON);
        let large = &mut *self.large_supply.lock();
        self.large.sweep::<R>(large, poison);
        let census = self.blocks.classify::<R>(poison);
        self.supply.lock().reset();

        let budget = self.usual_budget(done.live_bytes);
        let unused = census.free + large.idle;
        let excess = unused.saturating_sub(budget + budget / 4 + SLACK);
        if excess != 0 {
            done.released_bytes = self.large.release(large, excess, memory, account);
            let rest = excess.saturating_sub(done.released_bytes);
            done.released_bytes += self.blocks.release(rest, memory, account);
        }
        done.committed_bytes = account.committed();
        done.fragmented_bytes = census.occupied + large.used - done.live_bytes;
        let last_live = self.live_bytes.swap(done.live_bytes, Relaxed);
        done.before_bytes = last_live + self.since_collection.swap(0, Relaxed);
        self.budget.store(budget, Relaxed);
    }

    fn record(&self, generation: usize, done: &mut Collection) {
        let stats = &mut *self.stats.lock();
        done.generation = generation;
        done.index = stats.last.index + 1;
        done.fragmented_before = stats.last.fragmented_bytes;
        done.pause_ns = self.runtime.now_ns().saturating_sub(done.started_ns);
        done.total_pause_ns = stats.last.total_pause_ns + done.pause_ns;
        stats.longest_pause_ns = stats.longest_pause_ns.max(done.pause_ns);
        stats.last = *done;
        stats.last_of[generation] = *done;
        for count in &mut stats.counts[..=generation] {
            *count += 1;
        }
    }
}
