//! Who goes next: one request at a time, chosen when all actors wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::dice::Dice;

/// Holds the actors back, and what they share.
pub struct Turnstile<T> {
    state: Mutex<(Turns, T)>,
    /// One for each actor: nobody is woken but whose turn it is.
    calls: Vec<Condvar>,
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
        let calls = (0..actors).map(|_| Condvar::new()).collect();
        Turnstile { state: Mutex::new((turns, shared)), calls }
    }

    /// One request of `actor`, when its turn comes.
    pub fn pass<R>(&self, actor: usize, request: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.lock();
        self.call(state.0.becomes(actor, Actor::Waiting));
        while state.0.turn != Some(actor) {
            state = self.calls[actor].wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.0.turn = None;
        state.0.actors[actor] = Actor::Busy;
        request(&mut state.1)
    }

    /// `actor` makes no more requests.
    pub fn leave(&self, actor: usize) {
        let next = self.lock().0.becomes(actor, Actor::Done);
        self.call(next);
    }

    /// A look at what is shared, past all that wait: for when no actor is left.
    pub fn peek<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.lock().1)
    }

    fn call(&self, next: Option<usize>) {
        next.into_iter().for_each(|next| self.calls[next].notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, (Turns, T)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    /// Says who goes next if that is decided now.
    fn becomes(&mut self, actor: usize, state: Actor) -> Option<usize> {
        self.actors[actor] = state;
        if self.turn.is_some() || self.actors.contains(&Actor::Busy) {
            return None;
        }
        let waiting: Vec<usize> = (0..self.actors.len()).filter(|at| self.actors[*at] == Actor::Waiting).collect();
        if waiting.is_empty() {
            return None;
        }
        let goes_on = waiting.contains(&self.last) && self.dice.percent(70);
        let next = if goes_on { self.last } else { waiting[self.dice.below(waiting.len())] };
        self.last = next;
        self.turn = Some(next);
        self.turn
    }
}
