//! The gear hash: 64 bytes before a position decide whether it may be a cut.

use super::cuts::Candidate;
use super::params::Params;

/// How many bytes before a position its hash depends on: older ones are shifted out of the 64 bits.
pub const WINDOW: usize = 64;

/// A random number for each byte: 256 outputs of SplitMix64 from the seed "eskergv1", in order.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub const GEAR: [u64; 256] = gear_table(u64::from_be_bytes(*b"eskergv1"));

const fn gear_table(seed: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut state = seed;
    let mut at = 0;
    while at < 256 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[at] = mixed ^ (mixed >> 31);
        at += 1;
    }
    table
}

/// One step: the hash after `byte`.
#[inline(always)]
pub(super) fn step(hash: u64, byte: u8) -> u64 {
    (hash << 1).wrapping_add(GEAR[byte as usize])
}

/// The positions of `data` at which a cut is possible, ascending: those after `from` and up to the end.
///
/// A position is the number of bytes before it. Bytes before `from` are looked at only to warm the hash up, so
/// that the result does not depend on where a block begins: give [`WINDOW`] of them where there are any.
///
/// Four runs are hashed side by side, since one alone waits for its own last step.
pub fn candidates(data: &[u8], from: usize, params: &Params, out: &mut Vec<Candidate>) {
    const LANES: usize = 4;
    const LANE_SMALLEST: usize = 4096;
    let lane = (data.len() - from) / LANES;
    if lane < LANE_SMALLEST {
        return scan(data, from, data.len(), params, out);
    }
    let starts: [usize; LANES] = std::array::from_fn(|at| from + at * lane);
    let mut hashes = starts.map(|start| warm(data, start));
    let mut found: [Vec<Candidate>; LANES] = Default::default();
    let limit = 1u64 << (64 - params.loose_bits);
    let lanes = starts.map(|start| &data[start..start + lane]);
    #[expect(clippy::needless_range_loop, reason = "four slices are walked side by side")]
    for at in 0..lane {
        for (side, hash) in hashes.iter_mut().enumerate() {
            *hash = step(*hash, lanes[side][at]);
            if *hash < limit {
                note_one(*hash, starts[side] + at + 1, params, &mut found[side]);
            }
        }
    }
    for mut some in found {
        out.append(&mut some);
    }
    scan(data, starts[LANES - 1] + lane, data.len(), params, out);
}

fn scan(data: &[u8], from: usize, to: usize, params: &Params, out: &mut Vec<Candidate>) {
    let mut hash = warm(data, from);
    for (at, byte) in data[from..to].iter().enumerate() {
        hash = step(hash, *byte);
        note(hash, from + at + 1, params, out);
    }
}

/// The hash at `at`, from the window before it.
pub(super) fn warm(data: &[u8], at: usize) -> u64 {
    data[at.saturating_sub(WINDOW)..at].iter().fold(0, |hash, byte| step(hash, *byte))
}

/// Out of the way of the loop, which hardly ever comes here.
#[cold]
#[inline(never)]
fn note_one(hash: u64, position: usize, params: &Params, out: &mut Vec<Candidate>) {
    note(hash, position, params, out);
}

#[inline(always)]
fn note(hash: u64, position: usize, params: &Params, out: &mut Vec<Candidate>) {
    if hash >> (64 - params.loose_bits) == 0 {
        out.push(Candidate { position, is_strict: hash >> (64 - params.strict_bits) == 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::super::V1;
    use super::*;

    #[test]
    fn the_table_never_changes() {
        let bytes: Vec<u8> = GEAR.iter().flat_map(|number| number.to_le_bytes()).collect();
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "c7c7d828f9cfa9cd7dded34e6c4da40a66b6c90b23fc88bcf546a15d32c1ddc1"
        );
    }

    #[test]
    fn four_lanes_find_what_one_finds() {
        let data = super::super::cuts::tests::noise(300_000, 5);
        for from in [0, 1, 63, 64, 100_000] {
            let (mut lanes, mut one) = (Vec::new(), Vec::new());
            candidates(&data, from, &V1, &mut lanes);
            scan(&data, from, data.len(), &V1, &mut one);
            assert_eq!(lanes, one);
            assert!(one.len() > 3);
        }
    }

    #[test]
    fn a_run_of_one_byte_is_never_a_cut() {
        for byte in 0..=255 {
            let mut found = Vec::new();
            candidates(&vec![byte; 40_000], 64, &V1, &mut found);
            assert_eq!(found, [], "byte {byte}");
        }
    }
}
