//! Who goes next: one request at a time, chosen when all actors wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::dice::Dice;

/// Holds the actors back, and what they share.
pub struct Turnstile<T> {
    state: Mutex<(Turns, T)>,
    changed: Condvar,
}

struct Turns {
    actors: Vec<Actor>,
    /// Whose request happens now.
    turn: Option<usize>,
    /// Who went last: mostly goes on, so that others are suspended for long.
    last: usize,
    dice: Dice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    Busy,
    Waiting,
    Done,
}

impl<T> Turnstile<T> {
    /// All actors are busy in the beginning, whether or not their threads run yet.
    pub fn new(actors: usize, seed: u64, shared: T) -> Turnstile<T> {
        let turns = Turns { actors: vec![Actor::Busy; actors], turn: None, last: 0, dice: Dice::new(seed) };
        Turnstile { state: Mutex::new((turns, shared)), changed: Condvar::new() }
    }

    /// One request of `actor`, when its turn comes.
    pub fn pass<R>(&self, actor: usize, request: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.lock();
        state.0.becomes(actor, Actor::Waiting);
        self.changed.notify_all();
        while state.0.turn != Some(actor) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.0.turn = None;
        state.0.actors[actor] = Actor::Busy;
        request(&mut state.1)
    }

    /// `actor` makes no more requests.
    pub fn leave(&self, actor: usize) {
        self.lock().0.becomes(actor, Actor::Done);
        self.changed.notify_all();
    }

    /// A look at what is shared, past all that wait: for when no actor is left.
    pub fn peek<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.lock().1)
    }

    fn lock(&self) -> MutexGuard<'_, (Turns, T)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    fn becomes(&mut self, actor: usize, state: Actor) {
        self.actors[actor] = state;
        if self.turn.is_some() || self.actors.contains(&Actor::Busy) {
            return;
        }
        let waiting: Vec<usize> = (0..self.actors.len()).filter(|at| self.actors[*at] == Actor::Waiting).collect();
        if waiting.is_empty() {
            return;
        }
        let goes_on = waiting.contains(&self.last) && self.dice.percent(70);
        let next = if goes_on { self.last } else { waiting[self.dice.below(waiting.len())] };
        self.last = next;
        self.turn = Some(next);
    }
}
