//! Work on many files side by side, results taken by one thread.
//!
//! In: items and a function. Out: every result, handed to `take` as it comes, on the caller's
//! thread, so that whatever `take` writes to needs no lock. Items are begun in their order. A
//! result never depends on which thread made it or when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// Runs `work` over `items` on `jobs` threads and `take` on this one, as results come.
///
/// `work` gets a function that says whether to give up: when `stopped` says so, or when `take`
/// has failed. Items not begun by then are not begun.
///
/// # Errors
/// The first error of `take`.
pub fn each<T, R, E>(
    items: &[T],
    jobs: usize,
    stopped: &(dyn Fn() -> bool + Sync),
    work: impl Fn(&T, &dyn Fn() -> bool) -> R + Sync,
    mut take: impl FnMut(usize, R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Sync,
    R: Send,
{
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let give_up = || stopped() || failed.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let (send, results) = mpsc::channel();
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (send, work, next, give_up) = (send.clone(), &work, &next, &give_up);
            scope.spawn(move || {
                while !give_up() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // The receiver is gone only when the run is over.
                    let _ = send.send((index, work(item, &give_up)));
                }
            });
        }
        drop(send);
        let mut outcome = Ok(());
        for (index, result) in results {
            if outcome.is_ok() {
                outcome = take(index, result);
                failed.store(outcome.is_err(), Ordering::Relaxed);
            }
        }
        outcome
    })
}

/// Puts results that come in any order back in the order of their items.
#[derive(Debug)]
pub struct InOrder<R> {
    next: usize,
    early: BTreeMap<usize, R>,
}

impl<R> InOrder<R> {
    /// Waits for item 0.
    pub fn new() -> Self {
        Self { next: 0, early: BTreeMap::new() }
    }

    /// Takes one result and hands on all whose turn has come.
    ///
    /// # Errors
    /// The first error of `take`.
    pub fn put<E>(
        &mut self,
        index: usize,
        result: R,
        mut take: impl FnMut(usize, R) -> Result<(), E>,
    ) -> Result<(), E> {
        self.early.insert(index, result);
        while let Some(result) = self.early.remove(&self.next) {
            take(self.next, result)?;
            self.next += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> bool {
        false
    }

    #[test]
    fn any_number_of_threads_gives_the_same_in_the_same_order() {
        let items: Vec<u64> = (0..100).collect();
        for jobs in [1, 3, 200] {
            let (mut order, mut seen) = (InOrder::new(), Vec::new());
            let done: Result<(), ()> = each(
                &items,
                jobs,
                &never,
                |item, _| item * item,
                |index, square| {
                    order.put(index, square, |index, square| {
                        seen.push((index, square));
                        Ok(())
                    })
                },
            );
            assert!(done.is_ok());
            let expected: Vec<_> = (0..100).map(|i| (i, (i * i) as u64)).collect();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_failure_to_write_stops_the_work() {
        let items: Vec<u64> = (0..10_000).collect();
        let begun = AtomicUsize::new(0);
        let outcome = each(
            &items,
            2,
            &never,
            |_, _| {
                begun.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_micros(100));
            },
            |_, ()| Err("disk full"),
        );
        assert_eq!(outcome, Err("disk full"));
        assert!(begun.into_inner() < 10_000);
    }

    #[test]
    fn nothing_is_begun_after_a_stop() {
        let outcome: Result<(), ()> =
            each(&[1, 2, 3], 2, &|| true, |_, _| panic!("begun"), |_, ()| Ok(()));
        assert!(outcome.is_ok());
    }
}
