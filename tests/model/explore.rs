//! Breadth first through all states, so that the first loss found is a shortest one.

use super::collect::collect;
use super::push::push;
use super::rules::Rules;
use super::state::{Collect, Collector, FIRST, NONE, OLD_ROOT, Push, Pusher, REWRITES, State, hash};

/// One request: who, what, and of which pack, segment or root.
pub type Step = (char, u8, &'static str, u8);

/// What was found.
pub struct Found {
    /// How many different states there are, up to a loss.
    pub states: usize,
    /// The way to a loss, if there is one.
    pub loss: Option<Vec<Step>>,
    /// Whether all pushes are acknowledged and the first pack is gone in some state.
    pub does_something: bool,
}

/// Visits every state that can be reached.
pub fn explore(rules: &Rules) -> Found {
    let first = beginning(rules);
    let mut known = Known::default();
    known.add(first, 0);
    let mut does_something = false;
    let mut at = 0;
    while at < known.states.len() {
        let state = known.states[at];
        if state.is_lost() {
            return Found { states: known.states.len(), loss: Some(way(rules, &known, at)), does_something };
        }
        does_something |= is_good_end(rules, &state);
        steps(rules, &state, &mut |_, next| known.add(next, at as u32));
        at += 1;
    }
    Found { states: known.states.len(), loss: None, does_something }
}

/// All that can happen next.
fn steps(rules: &Rules, state: &State, each: &mut dyn FnMut(Step, State)) {
    for who in 0..rules.pushers {
        push(rules, state, who, &mut |what, of, next| each(('p', who, what, of), next));
    }
    for who in 0..rules.collectors {
        collect(rules, state, who, &mut |what, of, next| each(('g', who, what, of), next));
    }
    for segment in 0..=FIRST {
        if state.late & 1 << segment != 0 {
            let late = state.late & !(1 << segment);
            let next = State { late, segments: state.segments | 1 << segment, ..*state };
            each(('-', 0, "the first try to PUT the segment lands", segment), next);
        }
    }
}

fn beginning(rules: &Rules) -> State {
    let pusher = Pusher { at: Push::ListCondemned, condemned: 0, indexed: 0, rests_on: NONE, sent: 0, note: NONE };
    let collector =
        Collector { at: Collect::Condemn, victim: NONE, roots: 0, condemned: 0, indexed: 0, old: 0, new: 0, round: 0 };
    let roots = if rules.has_old_root { OLD_ROOT } else { 0 };
    let packs = (1 << rules.first_packs()) - 1;
    let segments = if rules.rewrites && !rules.merges { 1 << FIRST } else { packs.into() };
    State {
        packs,
        condemned: 0,
        segments,
        rewrites: [0; REWRITES],
        first: if rules.rewrites { packs } else { 0 },
        late: 0,
        roots,
        promised: roots,
        pushers: [pusher; 2],
        collectors: [collector; 2],
    }
}

/// All pushes succeeded, and the pack of the beginning was collected.
fn is_good_end(rules: &Rules, state: &State) -> bool {
    let pushers = &state.pushers[..rules.pushers.into()];
    pushers.iter().all(|pusher| pusher.at == Push::Done) && state.packs & 1 == 0 && state.promised != 0
}

/// The steps from the beginning to a state.
fn way(rules: &Rules, known: &Known, end: usize) -> Vec<Step> {
    let mut way = Vec::new();
    let mut at = end;
    while at != 0 {
        let before = known.before[at] as usize;
        let mut found = None;
        steps(rules, &known.states[before], &mut |step, next| {
            if found.is_none() && next == known.states[at] {
                found = Some(step);
            }
        });
        way.extend(found);
        at = before;
    }
    way.reverse();
    way
}

/// All states so far, each once, in the order in which they were found.
#[derive(Default)]
struct Known {
    states: Vec<State>,
    /// The state from which each was reached first.
    before: Vec<u32>,
    /// Positions in `states`, plus one, by hash.
    table: Vec<u32>,
}

impl Known {
    fn add(&mut self, state: State, before: u32) {
        if self.states.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(&state) as usize & mask;
        loop {
            match self.table[slot] {
                0 => break,
                at if self.states[at as usize - 1] == state => return,
                _ => slot = (slot + 1) & mask,
            }
        }
        self.states.push(state);
        self.before.push(before);
        self.table[slot] = self.states.len() as u32;
    }

    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(1 << 16);
        self.table = vec![0; len];
        for (at, state) in self.states.iter().enumerate() {
            let mut slot = hash(state) as usize & (len - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = at as u32 + 1;
        }
    }
}
