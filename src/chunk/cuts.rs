//! From possible cuts to cuts: the rule of smallest, average and largest, applied in order.

use super::gear;
use super::params::Params;

/// A position at which the content allows a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// How many bytes lie before it.
    pub position: usize,
    /// Whether it may end a chunk shorter than the average, too.
    pub is_strict: bool,
}

/// Cuts `data`, a whole file, where its content says.
///
/// Returns end offsets in bytes, ascending; the last is `data.len()`. Each chunk but the last is at least
/// `params.smallest` long, none is longer than `params.largest`. Never fails; empty in, empty out.
///
/// Source: Xia et al., "The design of fast content-defined chunking for data deduplication based storage systems",
/// IEEE TPDS 2020 (normalised chunking), with a hash that looks at [`super::WINDOW`] bytes and nothing else.
pub fn cuts(data: &[u8], params: &Params) -> Vec<usize> {
    let mut ends = Vec::with_capacity(data.len() / params.average + 1);
    let mut start = 0;
    while start < data.len() {
        start = next_cut(data, start, params);
        ends.push(start);
    }
    ends
}

/// The end of the chunk that begins at `start`. Looks at no byte before the last that it needs.
fn next_cut(data: &[u8], start: usize, params: &Params) -> usize {
    let end = data.len().min(start + params.largest);
    if end - start <= params.smallest {
        return end;
    }
    let average = end.min(start + params.average);
    let mut at = start + params.smallest;
    let mut hash = gear::warm(data, at);
    for (bits, to) in [(params.strict_bits, average), (params.loose_bits, end)] {
        let limit = 1u64 << (64 - bits);
        while at < to {
            if hash < limit {
                return at;
            }
            hash = gear::step(hash, data[at]);
            at += 1;
        }
    }
    end
}

/// Where chunks end in `len` bytes that begin where a chunk begins, from the candidates in them.
///
/// This gives the cuts of [`cuts`] to a file that comes in blocks and is searched in any order and on any thread:
/// what lies after the last end is the beginning of the next block. `candidates` are ascending; `is_last` says that
/// the file ends with these bytes, which then all belong to a chunk.
pub fn ends(candidates: &[Candidate], len: usize, is_last: bool, params: &Params) -> Vec<usize> {
    let mut ends = Vec::with_capacity(len / params.average + 1);
    let mut start = 0;
    for candidate in candidates {
        while candidate.position > start + params.largest {
            start += params.largest;
            ends.push(start);
        }
        let long = candidate.position.saturating_sub(start);
        let is_cut = long >= params.average || (long >= params.smallest && candidate.is_strict);
        if is_cut && candidate.position < len {
            start = candidate.position;
            ends.push(start);
        }
    }
    while len - start >= params.largest {
        start += params.largest;
        ends.push(start);
    }
    if is_last && start < len {
        ends.push(len);
    }
    ends
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::{V1, candidates};
    use super::*;

    pub fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    }

    /// The cuts of `data` as blocks of `block` bytes give them.
    fn cuts_in_blocks(data: &[u8], block: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let (mut start, mut known) = (0, 0);
        while known < data.len() {
            known = data.len().min(known + block);
            let mut found = Vec::new();
            candidates(&data[start..known], 0, &V1, &mut found);
            let ends = ends(&found, known - start, known == data.len(), &V1);
            all.extend(ends.iter().map(|end| start + end));
            start = all.last().copied().unwrap_or(0);
        }
        all
    }

    #[test]
    fn the_cuts_never_change() {
        let ends = cuts(&noise(2_000_000, 1), &V1);
        let text: Vec<u8> = ends.iter().flat_map(|end| (*end as u64).to_le_bytes()).collect();
        assert_eq!(
            blake3::hash(&text).to_hex().as_str(),
            "53a774eee2c2dcb82e3658cd76bf86b43da7bf49d6f1c215347fc9221677e7b9"
        );
    }

    #[test]
    fn sizes_stay_within_bounds_and_near_the_average() {
        let ends = cuts(&noise(20_000_000, 2), &V1);
        let sizes: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).zip(&ends).map(|(a, b)| b - a).collect();
        assert!(sizes[..sizes.len() - 1].iter().all(|size| (V1.smallest..=V1.largest).contains(size)));
        let average = 20_000_000 / sizes.len();
        assert!((60_000..90_000).contains(&average), "average {average}");
    }

    #[test]
    fn an_insertion_moves_few_cuts() {
        let old = noise(8_000_000, 3);
        let mut new = old.clone();
        new.splice(4_000_000..4_000_000, noise(1000, 4));
        let (old, new) = (cuts(&old, &V1), cuts(&new, &V1));
        let moved = new.iter().filter(|end| !old.contains(end) && !old.contains(&(*end - 1000))).count();
        assert!(moved <= 3, "{moved} cuts moved");
    }

    #[test]
    fn short_files_are_one_chunk() {
        assert!(cuts(b"", &V1).is_empty());
        assert_eq!(cuts(b"x", &V1), [1]);
        assert_eq!(cuts(&noise(16 << 10, 1), &V1), [16 << 10]);
        assert_eq!(cuts(&vec![0; 600_000], &V1), [262_144, 524_288, 600_000]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn blocks_of_any_size_give_the_same_cuts(
            len in 0usize..1_500_000, seed in 0u64..1000, block in 1000usize..700_000, period in 1usize..5000,
        ) {
            let mut data = noise(len, seed);
            if seed % 3 == 0 {
                let start = data[..period.min(len)].to_vec();
                for (at, byte) in data.iter_mut().enumerate() {
                    *byte = start[at % start.len()];
                }
            }
            prop_assert_eq!(cuts_in_blocks(&data, block), cuts(&data, &V1));
        }
    }
}
