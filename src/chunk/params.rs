//! The sizes between which chunks fall: fixed for a version of the format.

/// Sizes in bytes, and how rare a cut is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// No chunk is shorter, save the last of a file. At least [`super::WINDOW`].
    pub smallest: usize,
    /// From here on cuts are sought with `loose_bits`.
    pub average: usize,
    /// No chunk is longer.
    pub largest: usize,
    /// Before `average` bytes a cut needs this many zero bits on top of the gear hash.
    pub strict_bits: u32,
    /// After `average` bytes a cut needs this many; fewer than `strict_bits`.
    pub loose_bits: u32,
}

/// The parameters of format version 1: 16, 64 and 256 KiB, normalised by two bits to either side.
///
/// Never change: the same bytes must give the same chunks for ever.
pub const V1: Params =
    Params { smallest: 16 << 10, average: 64 << 10, largest: 256 << 10, strict_bits: 18, loose_bits: 14 };
