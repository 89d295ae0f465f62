//! What a collector asks of the store, one request at a time. It may condemn any pack, whether or not that makes sense.

use super::rules::{Pages, Prune, Rules};
use super::state::{Collect, Collector, FIRST, OLD_ROOT, Push, REWRITES, SINGLES, State, bits};

type Each<'a> = dyn FnMut(&'static str, u8, State) + 'a;

/// Tells `each` of every state that the next request of collector `who` may lead to.
pub fn collect(rules: &Rules, state: &State, who: u8, each: &mut Each<'_>) {
    let run = Run { rules, state, who, me: state.collectors[usize::from(who)] };
    run.next(each);
}

struct Run<'a> {
    rules: &'a Rules,
    state: &'a State,
    who: u8,
    me: Collector,
}

impl Run<'_> {
    fn next(&self, each: &mut Each<'_>) {
        let (state, me) = (self.state, self.me);
        let victim = 1u8 << (me.victim & 7);
        match me.at {
            Collect::Condemn => self.condemn(each),
            Collect::ListRoots => self.list_roots(each),
            Collect::ListMoreRoots => {
                self.seen_roots("LIST more roots", me.roots | state.roots & self.last_roots(), each)
            }
            Collect::ListCondemned => {
                each(
                    "LIST condemned",
                    0,
                    self.with(Collector { at: Collect::ListIndex, condemned: state.condemned, ..me }),
                );
            }
            Collect::ListIndex if self.rules.pages == Pages::One => self.decide("LIST index", state.indexed(), each),
            Collect::ListIndex => {
                let indexed = state.named_by(state.segments & FIRST_PAGE);
                each("LIST index", 0, self.with(Collector { at: Collect::ListMoreIndex, indexed, ..me }));
            }
            Collect::ListMoreIndex => {
                self.decide("LIST more of the index", me.indexed | state.named_by(state.segments & !FIRST_PAGE), each);
            }
            Collect::PutPack if state.packs & victim == 0 => each("GET the victim: gone", me.victim, self.end()),
            Collect::PutPack => {
                let next = self.with(Collector { at: Collect::PutSegment, ..me });
                each("PUT a copy", self.copy(), State { packs: next.packs | 1 << self.copy(), ..next });
            }
            Collect::PutSegment => {
                let next = self.with(Collector { at: Collect::ListSegments, ..me });
                let late = if self.rules.has_late_puts { next.late | 1 << self.copy() } else { 0 };
                each(
                    "PUT its segment",
                    self.copy(),
                    State { segments: next.segments | 1 << self.copy(), late, ..next },
                );
            }
            Collect::ListSegments => self.list_segments(each),
            Collect::PutRewritten => self.put_rewritten(each),
            Collect::DeleteSegments => self.delete_segments(each),
            Collect::DeletePack => {
                let after = self.after_deletion();
                each("DELETE pack", me.victim, State { packs: after.packs & !victim, ..after });
            }
            Collect::DropRoot => {
                let end = self.end();
                each("DELETE root", OLD_ROOT, State { roots: end.roots & !OLD_ROOT, ..end });
            }
            Collect::LookForPack => {
                let is_gone = state.packs & victim == 0 && self.may_prune();
                let at = if is_gone { Collect::LookForSegment } else { Collect::Done };
                each("LIST packs", me.victim, self.with(Collector { at, ..me }));
            }
            Collect::LookForSegment => {
                let is_gone = state.indexed() & victim == 0 && self.may_prune();
                let at = if is_gone { Collect::DeleteRecord } else { Collect::Done };
                each("LIST index for the name", me.victim, self.with(Collector { at, ..me }));
            }
            Collect::DeleteRecord if self.rules.prunes == Prune::Late && !self.may_prune() => {}
            Collect::DeleteRecord => {
                let end = self.end();
                each("DELETE record", me.victim, State { condemned: end.condemned & !victim, ..end });
            }
            Collect::Done => {}
        }
        let may_still_drop = matches!(me.at, Collect::Condemn | Collect::ListRoots);
        if self.rules.has_old_root && self.rules.drops_before && may_still_drop && state.roots & OLD_ROOT != 0 {
            let (roots, promised) = (state.roots & !OLD_ROOT, state.promised & !OLD_ROOT);
            each("DELETE root", OLD_ROOT, State { roots, promised, ..*state });
        }
    }

    fn condemn(&self, each: &mut Each<'_>) {
        let (state, me) = (self.state, self.me);
        if !self.rules.lists_roots_after && me.roots == 0 {
            if state.roots == 0 {
                each("LIST roots: none", 0, self.with(Collector { roots: NOTHING_LIVES, ..me }));
            }
            return;
        }
        for pack in bits(state.packs) {
            let at = match self.rules.lists_roots_after {
                true => Collect::ListRoots,
                false => Collect::ListSegments,
            };
            let next = self.with(Collector { at, victim: pack, roots: 0, ..me });
            each("PUT record", pack, State { condemned: next.condemned | 1 << pack, ..next });
            if !self.rules.condemns_orphans && state.indexed() & 1 << pack == 0 {
                each("finds an orphan", pack, self.with(Collector { at: Collect::DeletePack, victim: pack, ..me }));
            }
        }
    }

    fn list_roots(&self, each: &mut Each<'_>) {
        let (state, me) = (self.state, self.me);
        if self.rules.pages == Pages::One {
            self.seen_roots("LIST roots", state.roots, each);
            if !self.rules.sees_all_roots && state.roots & !OLD_ROOT != 0 {
                self.seen_roots("LIST roots, as they were", state.roots & OLD_ROOT, each);
            }
            return;
        }
        let roots = state.roots & !self.last_roots();
        each("LIST roots", 0, self.with(Collector { at: Collect::ListMoreRoots, roots, ..me }));
    }

    /// The roots on the second page of a listing.
    fn last_roots(&self) -> u8 {
        if self.rules.pages == Pages::OldRootLast { OLD_ROOT } else { !OLD_ROOT }
    }

    fn seen_roots(&self, what: &'static str, roots: u8, each: &mut Each<'_>) {
        let drops = self.rules.has_old_root && !self.rules.drops_before && roots & OLD_ROOT != 0;
        let alive = if drops { roots & !OLD_ROOT } else { roots };
        let at = if alive == 0 { Collect::ListSegments } else { Collect::ListCondemned };
        // All that is remembered of the roots: whether one is to be dropped at the end.
        let next = self.with(Collector { at, roots: u8::from(drops), ..self.me });
        let promised = if drops { next.promised & !OLD_ROOT } else { next.promised };
        each(what, roots, State { promised, ..next });
    }

    /// The chunk is alive: is it elsewhere, or must it be copied?
    fn decide(&self, what: &'static str, indexed: u8, each: &mut Each<'_>) {
        let victim = 1 << self.me.victim;
        let avoided = if self.rules.avoids_condemned { self.me.condemned } else { victim };
        let is_elsewhere = indexed & !avoided != 0;
        let is_found = self.rules.reads_footers || indexed & victim != 0;
        let goes_on = is_elsewhere || !is_found || !self.rules.copies;
        let at = if goes_on { Collect::ListSegments } else { Collect::PutPack };
        each(what, indexed, self.with(Collector { at, condemned: 0, indexed: 0, ..self.me }));
    }

    fn list_segments(&self, each: &mut Each<'_>) {
        let (state, me) = (self.state, self.me);
        let naming = |pack: u8| (0..=FIRST).filter(move |segment| state.names(*segment) & 1 << pack != 0);
        let old = naming(me.victim).fold(0u16, |old, segment| old | 1 << segment) & state.segments;
        if !self.rules.rewrites {
            let next = self.with(Collector { at: Collect::DeletePack, ..me });
            each("DELETE its segment", me.victim, State { segments: next.segments & !old, ..next });
            return;
        }
        self.rewrite(old, each);
        if self.rules.merges && old != state.segments {
            self.rewrite(state.segments, each);
        }
    }

    fn rewrite(&self, old: u16, each: &mut Each<'_>) {
        let me = self.me;
        let new = self.state.named_by(old) & !(1 << me.victim);
        let at = match (old, new) {
            (0, _) => Collect::DeletePack,
            (_, 0) => Collect::DeleteSegments,
            _ if self.rules.puts_before_deletes => Collect::PutRewritten,
            _ => Collect::DeleteSegments,
        };
        each("LIST index, to rewrite", new, self.with(Collector { at, old, new, ..me }));
    }

    fn put_rewritten(&self, each: &mut Each<'_>) {
        let me = self.me;
        let segment = self.segment_of(me.new);
        let old = me.old & !(1 << segment);
        let at = if old == 0 { Collect::DeletePack } else { Collect::DeleteSegments };
        let mut next = self.with(Collector { at, old, new: 0, ..me });
        next.segments |= 1 << segment;
        if self.rules.has_late_puts {
            next.late |= 1 << segment;
        }
        if segment >= SINGLES {
            next.rewrites[usize::from(segment - SINGLES)] = me.new;
        }
        each("PUT rewritten segment", me.new, next);
    }

    /// The name of a segment that names `packs`.
    fn segment_of(&self, packs: u8) -> u8 {
        let own = SINGLES + self.who * self.rules.rounds + self.me.round;
        if self.rules.fresh_segments {
            return own;
        }
        if packs.is_power_of_two() {
            return packs.trailing_zeros() as u8;
        }
        let same = (0..REWRITES as u8).map(|at| SINGLES + at).find(|segment| self.state.names(*segment) == packs);
        same.unwrap_or(own)
    }

    fn delete_segments(&self, each: &mut Each<'_>) {
        let me = self.me;
        let segment = me.old.trailing_zeros();
        let old = me.old & !(1 << segment);
        let at = match (old, me.new) {
            (0, 0) => Collect::DeletePack,
            (0, _) => Collect::PutRewritten,
            _ => Collect::DeleteSegments,
        };
        let next = self.with(Collector { at, old, ..me });
        each("DELETE segment", segment as u8, State { segments: next.segments & !(1 << segment), ..next });
    }

    fn after_deletion(&self) -> State {
        let at = match self.rules.prunes {
            _ if self.me.roots == 1 => Collect::DropRoot,
            Prune::Never => return self.end(),
            Prune::AtOnce => Collect::DeleteRecord,
            Prune::Late | Prune::WhileOthersSleep => Collect::LookForPack,
        };
        self.with(Collector { at, ..self.me })
    }

    /// Whether all who might have heard of the victim are done.
    fn may_prune(&self) -> bool {
        if self.rules.prunes != Prune::Late {
            return true;
        }
        let pushers = &self.state.pushers[..self.rules.pushers.into()];
        let no_push = pushers.iter().all(|one| matches!(one.at, Push::Done | Push::ListCondemned));
        let others = self.state.collectors.iter().enumerate().filter(|(at, _)| *at != usize::from(self.who));
        let no_other = others.into_iter().all(|(_, one)| matches!(one.at, Collect::Done | Collect::Condemn));
        no_push && no_other && self.state.named_by(self.state.late) & 1 << self.me.victim == 0
    }

    fn end(&self) -> State {
        let round = self.me.round + 1;
        let is_last = round == self.rules.rounds;
        let at = if is_last { Collect::Done } else { Collect::Condemn };
        let round = if is_last { self.me.round } else { round };
        self.with(Collector { at, round, victim: 0xff, roots: 0, condemned: 0, indexed: 0, old: 0, new: 0 })
    }

    fn copy(&self) -> u8 {
        let after_pushes = self.rules.first_packs() + self.rules.pushers * self.rules.sends;
        after_pushes + self.who * self.rules.rounds + self.me.round
    }

    fn with(&self, me: Collector) -> State {
        let mut next = *self.state;
        next.collectors[usize::from(self.who)] = me;
        next
    }
}

/// What a collector remembers that listed no root at all.
const NOTHING_LIVES: u8 = 0x80;
/// The segments on the first page of a listing: what the first collector rewrote, and not what it replaces.
const FIRST_PAGE: u16 = 0b0000_0101_0101_0101;
