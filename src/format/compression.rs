//! How hard a pack store tries to save space, and when it stops trying.

use std::fmt;
use std::str::FromStr;

use super::codec::{self, Codec};

/// What a pack store asks of its chunks: speed, or little space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Nothing is compressed.
    None,
    /// As fast, while the disk is behind and the processor would wait for it; else nothing is compressed.
    #[default]
    Auto,
    /// zstd level 1.
    Fast,
    /// zstd level 1 or 3, whichever makes less of such chunks.
    Small,
}

impl Compression {
    /// All of them, cheapest first.
    pub const ALL: [Compression; 4] = [Compression::None, Compression::Auto, Compression::Fast, Compression::Small];

    /// The name in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Auto => "auto",
            Compression::Fast => "fast",
            Compression::Small => "small",
        }
    }

    /// The zstd levels to choose from, the fastest first.
    const fn levels(self) -> &'static [i32] {
        match self {
            Compression::None => &[],
            Compression::Auto | Compression::Fast => &[1],
            Compression::Small => &[1, 3],
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `none`, `auto`, `fast`, `small`")]
pub struct ParseCompressionError(String);

impl FromStr for Compression {
    type Err = ParseCompressionError;

    fn from_str(text: &str) -> Result<Compression, ParseCompressionError> {
        let named = Compression::ALL.into_iter().find(|compression| compression.name() == text);
        named.ok_or_else(|| ParseCompressionError(text.to_owned()))
    }
}

/// Compresses a run of chunks, and soon stops trying where it does not pay.
///
/// Of a chunk over 16 KiB, 4 KiB in its middle are tried first. After each such chunk that does not pay,
/// the next 1, 2, 4 … 16 chunks are stored untried; one that pays ends that.
///
/// Where there are levels to choose from, one chunk in 16 is compressed at each, and the one that made least of it serves the
/// others: of tables that is often level 1, of text level 3.
#[derive(Debug, Clone)]
pub struct Noticer {
    levels: &'static [i32],
    failures: u32,
    untried: u32,
    /// The level that made least of the chunk at which all were tried last.
    best: i32,
    /// For so many chunks that is taken as settled.
    settled: u32,
}

impl Noticer {
    const SAMPLE_LEN: usize = 4 << 10;
    /// Trying a shorter chunk costs little and says little of the others.
    const LONGEST_UNSAMPLED: usize = 16 << 10;
    const MOST_DOUBLINGS: u32 = 4;
    const SETTLED: u32 = 15;
    /// A slower level must make a chunk smaller by one byte in so many.
    const WORTH: usize = 64;

    /// Begins a run.
    pub fn new(compression: Compression) -> Noticer {
        let levels = compression.levels();
        Noticer { levels, failures: 0, untried: 0, best: levels.first().copied().unwrap_or(0), settled: 0 }
    }

    /// Appends `raw` to `out` as the policy says and the chunks before it suggest.
    pub fn compress(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Codec {
        let Some(fastest) = self.levels.first() else {
            return codec::store(raw, out);
        };
        if self.untried > 0 {
            self.untried -= 1;
            return codec::store(raw, out);
        }
        if raw.len() <= Self::LONGEST_UNSAMPLED {
            return self.compress_well(raw, out);
        }
        let promising = sample_pays(*fastest, raw, out);
        let codec = if promising { self.compress_well(raw, out) } else { codec::store(raw, out) };
        self.learn(codec);
        codec
    }

    fn compress_well(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Codec {
        if self.settled > 0 || self.levels.len() == 1 {
            self.settled = self.settled.saturating_sub(1);
            return codec::compress(self.best, raw, out);
        }
        self.settled = Self::SETTLED;
        let start = out.len();
        let mut least = codec::compress(self.levels[0], raw, out);
        self.best = self.levels[0];
        for level in &self.levels[1..] {
            let mut other = Vec::new();
            let codec = codec::compress(*level, raw, &mut other);
            let len = out.len() - start;
            if other.len() < len - len / Self::WORTH {
                out.truncate(start);
                out.append(&mut other);
                (least, self.best) = (codec, *level);
            }
        }
        least
    }

    fn learn(&mut self, codec: Codec) {
        match codec {
            Codec::Zstd => self.failures = 0,
            Codec::Raw => {
                self.untried = 1 << self.failures.min(Self::MOST_DOUBLINGS);
                self.failures = self.failures.saturating_add(1);
            }
        }
    }
}

/// Whether 4 KiB in the middle of `raw` compress; `out` lends its spare room and stays as it is.
fn sample_pays(level: i32, raw: &[u8], out: &mut Vec<u8>) -> bool {
    let start = (raw.len() - Noticer::SAMPLE_LEN) / 2;
    let kept_len = out.len();
    let codec = codec::compress(level, &raw[start..start + Noticer::SAMPLE_LEN], out);
    out.truncate(kept_len);
    codec == Codec::Zstd
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK_LEN: usize = 64 << 10;

    fn noise(seed: u8) -> Vec<u8> {
        let mut bytes = vec![0; CHUNK_LEN];
        blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn names_are_read_back() {
        for compression in Compression::ALL {
            assert_eq!(compression.to_string().parse(), Ok(compression));
        }
        assert!("fastest".parse::<Compression>().is_err());
    }

    #[test]
    fn what_pays_is_compressed_and_noise_is_not() {
        let mut noticer = Noticer::new(Compression::Fast);
        let mut out = Vec::new();
        assert_eq!(noticer.compress(&[7; CHUNK_LEN], &mut out), Codec::Zstd);
        assert!(out.len() < 1000);
        out.clear();
        assert_eq!(noticer.compress(&noise(1), &mut out), Codec::Raw);
        assert_eq!(out, noise(1));
        assert_eq!(Noticer::new(Compression::None).compress(&[7; CHUNK_LEN], &mut out), Codec::Raw);
    }

    #[test]
    fn after_noise_a_chunk_that_pays_is_noticed_within_sixteen() {
        let mut noticer = Noticer::new(Compression::Small);
        let mut out = Vec::new();
        for seed in 0..100 {
            noticer.compress(&noise(seed), &mut out);
        }
        let untried = (0..100).take_while(|_| noticer.compress(&[7; CHUNK_LEN], &mut out) == Codec::Raw).count();
        assert!(untried <= 16, "{untried}");
        assert_eq!(noticer.compress(&[7; CHUNK_LEN], &mut out), Codec::Zstd);
    }

    #[test]
    fn of_two_levels_the_one_that_makes_less_of_such_chunks_is_taken() {
        let table = |seed: u8| {
            let cells = noise(seed);
            let cell = |at: usize| u32::from_le_bytes([cells[at], cells[at + 1], cells[at + 2], 0]);
            let row = |at: usize| format!("{at},{:07},city{}\n", cell(at * 7) % 10_000_000, cell(at * 7 + 3) % 500);
            (0..3000).map(row).collect::<String>().into_bytes()
        };
        let compressed = |level: i32, raw: &[u8]| {
            let mut out = Vec::new();
            codec::compress(level, raw, &mut out);
            out.len()
        };
        let mut noticer = Noticer::new(Compression::Small);
        for seed in 0..40 {
            let (raw, mut out) = (table(seed), b"before".to_vec());
            assert_eq!(noticer.compress(&raw, &mut out), Codec::Zstd);
            assert!(out.starts_with(b"before"));
            let least = compressed(1, &raw).min(compressed(3, &raw));
            assert!(out.len() - 6 <= least + least / 32, "{} of {least} bytes", out.len() - 6);
            let mut back = Vec::new();
            codec::decompress(Codec::Zstd, &out[6..], raw.len(), &mut back).unwrap();
            assert_eq!(back, raw);
        }
    }

    #[test]
    fn a_short_chunk_that_does_not_pay_stops_nothing() {
        let mut noticer = Noticer::new(Compression::Fast);
        let mut out = Vec::new();
        noticer.compress(b"short", &mut out);
        assert_eq!(noticer.compress(&[7; CHUNK_LEN], &mut out), Codec::Zstd);
    }
}
