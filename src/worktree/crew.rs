//! Threads that share tasks and make new ones: hired when there is work for them, done when nobody has any left.

use std::sync::{Condvar, Mutex, MutexGuard};

/// The tasks, and who is at work on them.
pub(super) struct Crew<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    most: usize,
}

struct State<T> {
    tasks: Vec<T>,
    threads: usize,
    working: usize,
    stopped: bool,
}

impl<T> Crew<T> {
    /// A crew of the calling thread, with its first task; it may grow to `most` threads.
    pub fn new(most: usize, first: T) -> Crew<T> {
        let state = State { tasks: vec![first], threads: 1, working: 0, stopped: false };
        Crew { state: Mutex::new(state), wake: Condvar::new(), most }
    }

    /// Adds a task. Returns whether the caller should start a thread that calls `work`: it is counted already.
    #[must_use]
    pub fn add(&self, task: T) -> bool {
        let mut state = self.lock();
        state.tasks.push(task);
        self.wake.notify_one();
        let hire = state.threads < self.most && state.threads == state.working;
        state.threads += usize::from(hire);
        hire
    }

    /// Whether another thread would soon be idle without more tasks.
    pub fn is_hungry(&self) -> bool {
        self.most > 1 && self.lock().tasks.len() < 2 * self.most
    }

    /// Does tasks, the newest first, until none is left and nobody can add one.
    pub fn work(&self, mut each: impl FnMut(T)) {
        while let Some((task, _turn)) = self.take() {
            each(task);
        }
    }

    /// Lets everybody leave after the task in hand.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.wake.notify_all();
    }

    fn take(&self) -> Option<(T, Turn<'_, T>)> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(task) = state.tasks.pop() {
                state.working += 1;
                return Some((task, Turn(self)));
            }
            if state.working == 0 {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code that may panic runs under this lock.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One task in hand. Ends even if the task panics, so that the others do not wait for ever.
struct Turn<'a, T>(&'a Crew<T>);

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.working -= 1;
        if state.working == 0 && state.tasks.is_empty() {
            self.0.wake.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread::{self, Scope};

    use super::*;

    fn count_down<'s>(crew: &'s Crew<u32>, done: &'s AtomicU64, scope: &'s Scope<'s, '_>) {
        crew.work(|left| {
            done.fetch_add(1, Ordering::Relaxed);
            for _ in 0..left {
                if crew.add(left - 1) {
                    scope.spawn(|| count_down(crew, done, scope));
                }
            }
        });
    }

    #[test]
    fn every_task_is_done_once_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let (crew, done) = (Crew::new(threads, 7), AtomicU64::new(0));
            thread::scope(|scope| count_down(&crew, &done, scope));
            assert_eq!(done.into_inner(), 13700);
        }
    }

    #[test]
    fn a_stopped_crew_leaves() {
        let (crew, done) = (Crew::new(2, 7), AtomicU64::new(0));
        crew.stop();
        thread::scope(|scope| count_down(&crew, &done, scope));
        assert_eq!(done.into_inner(), 0);
    }
}
