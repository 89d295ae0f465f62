//! What a push asks of the store, one request at a time (src/ops/push.rs), and an undo, which is one.

use super::rules::Rules;
use super::state::{NONE, OLD_ROOT, Push, Pusher, State, bits};

type Each<'a> = dyn FnMut(&'static str, u8, State) + 'a;

/// Tells `each` of every state that the next request of pusher `who` may lead to.
pub fn push(rules: &Rules, state: &State, who: u8, each: &mut Each<'_>) {
    let run = Run { rules, state, who, pusher: state.pushers[usize::from(who)] };
    run.next(each);
}

struct Run<'a> {
    rules: &'a Rules,
    state: &'a State,
    who: u8,
    pusher: Pusher,
}

impl Run<'_> {
    fn next(&self, each: &mut Each<'_>) {
        let (state, pusher) = (self.state, self.pusher);
        match pusher.at {
            Push::ListCondemned => {
                each(
                    "LIST condemned",
                    0,
                    self.with(Pusher { at: Push::ListIndex, condemned: state.condemned, ..pusher }),
                );
            }
            Push::ListIndex if self.rules.has_old_root && !self.is_undo() => {
                each("LIST index", 0, self.with(Pusher { at: Push::ListRoots, indexed: state.indexed(), ..pusher }));
            }
            Push::ListIndex => self.find("LIST index", state.indexed(), pusher.condemned, Push::PutRoot, each),
            Push::ListRoots if state.roots & OLD_ROOT != 0 => {
                let vouched = Pusher { at: Push::PutRoot, condemned: 0, indexed: 0, rests_on: NONE, ..pusher };
                each("LIST roots: the old one vouches", 0, self.with(vouched));
            }
            Push::ListRoots => self.find("LIST roots", pusher.indexed, pusher.condemned, Push::PutRoot, each),
            Push::TakeUp => {
                let is_there = state.packs & 1 << pusher.note != 0;
                let (at, what) = if is_there {
                    (Push::PutSegment, "GET the pack of the note")
                } else {
                    (Push::PutPack, "GET the pack of the note: gone")
                };
                each(what, pusher.note, self.with(Pusher { at, rests_on: pusher.note, ..pusher }));
            }
            Push::PutPack => self.put_pack(each),
            Push::PutSegment => self.put_segment(each),
            Push::PutRoot => {
                let next = self.with(Pusher { at: self.after_root(), ..pusher });
                each("PUT root", self.root(), self.with_promise(State { roots: state.roots | self.root(), ..next }));
            }
            Push::LookAtCondemned if self.rules.condemned_first => {
                let seen = Pusher { at: Push::LookAtIndex, condemned: state.condemned, indexed: 0, ..pusher };
                each("LIST condemned again", 0, self.with(seen));
            }
            Push::LookAtCondemned => {
                let seen = Pusher { at: Push::LookAtIndex, condemned: 0, indexed: state.indexed(), ..pusher };
                each("LIST index again", 0, self.with(seen));
            }
            Push::LookAtIndex if self.rules.condemned_first => {
                self.judge("LIST index again", pusher.condemned, state.indexed(), each);
            }
            Push::LookAtIndex => self.judge("LIST condemned again", state.condemned, pusher.indexed, each),
            Push::LookAtRoots if state.roots & OLD_ROOT != 0 => {
                each("LIST roots again: acknowledged", 0, self.promise());
            }
            Push::LookAtRoots => {
                self.find("LIST roots again: gone", pusher.indexed, pusher.condemned, Push::LookAtCondemned, each);
            }
            Push::Done => {}
        }
    }

    /// The chunk is in a pack that counts, or has to be sent.
    fn find(&self, what: &'static str, indexed: u8, condemned: u8, at: Push, each: &mut Each<'_>) {
        let counting = indexed & !condemned;
        let found = Pusher { condemned: 0, indexed: 0, ..self.pusher };
        for pack in bits(counting) {
            each(what, pack, self.with(Pusher { at, rests_on: pack, ..found }));
        }
        if counting == 0 {
            let note = self.pusher.note;
            let is_open = note != NONE && (indexed | condemned) & 1 << note == 0;
            let at = if is_open { Push::TakeUp } else { Push::PutPack };
            each(what, NONE, self.with(Pusher { at, rests_on: NONE, ..found }));
        }
    }

    fn put_pack(&self, each: &mut Each<'_>) {
        let (state, pusher) = (self.state, self.pusher);
        // An undo has the chunk from what is still there.
        if pusher.sent == self.rules.sends || self.is_undo() && state.packs == 0 {
            return;
        }
        let pack = if self.rules.fresh_packs { self.fresh_pack() } else { 0 };
        let sent = Pusher { at: Push::PutSegment, rests_on: pack, sent: pusher.sent + 1, ..pusher };
        let revoked = if self.rules.fresh_packs { 0 } else { 1 << pack };
        let next = self.with(sent);
        each("PUT pack", pack, State { packs: next.packs | 1 << pack, condemned: next.condemned & !revoked, ..next });
    }

    fn put_segment(&self, each: &mut Each<'_>) {
        let (state, pusher) = (self.state, self.pusher);
        let pack = pusher.rests_on;
        let at = if state.roots & self.root() == 0 { Push::PutRoot } else { self.after_root() };
        let next = self.with(Pusher { at, ..pusher });
        let late = if self.rules.has_late_puts { next.late | 1 << pack } else { 0 };
        let next = State { segments: next.segments | 1 << pack, late, ..next };
        each("PUT segment", pack, self.with_promise(next));
        if self.rules.is_interrupted && self.who == 0 && pusher.note == NONE && state.roots & self.root() == 0 {
            let again = Pusher { at: Push::ListCondemned, rests_on: NONE, note: pack, ..pusher };
            each("is interrupted, and begins again", pack, self.with(again));
        }
    }

    /// The end of the second look.
    fn judge(&self, what: &'static str, condemned: u8, indexed: u8, each: &mut Each<'_>) {
        let pusher = self.pusher;
        let counts = |pack: u8| {
            let is_indexed = !self.rules.asks_the_index || indexed & 1 << pack != 0;
            is_indexed && condemned & 1 << pack == 0
        };
        match pusher.rests_on {
            NONE if self.rules.vouches_in_peace && condemned & indexed != 0 => {
                self.find(what, indexed, condemned, Push::LookAtCondemned, each);
            }
            NONE if self.rules.asks_for_roots => {
                each(what, 0, self.with(Pusher { at: Push::LookAtRoots, condemned, indexed, ..pusher }));
            }
            NONE => each(what, 0, self.promise()),
            pack if counts(pack) => each(what, pack, self.promise()),
            _ => self.find(what, indexed, condemned, Push::LookAtCondemned, each),
        }
    }

    fn promise(&self) -> State {
        let done = Pusher { at: Push::Done, condemned: 0, indexed: 0, ..self.pusher };
        let next = self.with(done);
        // Whether an old name is kept safe is not asked here, but whether others may trust it.
        State { promised: next.promised | self.root() & !OLD_ROOT, ..next }
    }

    fn after_root(&self) -> Push {
        if self.rules.looks_again { Push::LookAtCondemned } else { Push::Done }
    }

    /// A push that does not look again makes its promise with its last PUT.
    fn with_promise(&self, next: State) -> State {
        let is_done = next.pushers[usize::from(self.who)].at == Push::Done;
        State { promised: next.promised | if is_done { self.root() } else { 0 }, ..next }
    }

    fn is_undo(&self) -> bool {
        self.rules.undoes && self.who + 1 == self.rules.pushers
    }

    fn root(&self) -> u8 {
        if self.is_undo() && !self.rules.fresh_roots { OLD_ROOT } else { 2 << self.who }
    }

    fn fresh_pack(&self) -> u8 {
        self.rules.first_packs() + self.who * self.rules.sends + self.pusher.sent
    }

    fn with(&self, pusher: Pusher) -> State {
        let mut next = *self.state;
        next.pushers[usize::from(self.who)] = pusher;
        next
    }
}
