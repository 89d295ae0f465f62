//! Data for tests: the same bytes on every run, on every machine.

/// A source of numbers that are random enough for data, and the same for the same seed (xorshift64*).
pub struct Random(u64);

impl Random {
    /// A source that always says the same for the same `seed`.
    pub fn new(seed: u64) -> Random {
        // Zero is the one state that xorshift never leaves; the multiplication parts seeds that are close.
        Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// One of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// `len` bytes that do not compress.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| self.number().to_le_bytes()).collect();
        bytes.truncate(len);
        bytes
    }
}

/// `len` bytes that do not compress: the same for the same `seed`.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    Random::new(seed).bytes(len)
}

/// A table in CSV: a heading and `count` rows of some 40 bytes, the same on every call.
///
/// `rows(1000)` begins with what `rows(999)` is.
pub fn rows(count: usize) -> Vec<u8> {
    let mut random = Random::new(7);
    let mut table = String::from("id,day,station,celsius,note\n");
    for id in 1..=count {
        let day = format!("20{:02}-{:02}-{:02}", random.below(25), 1 + random.below(12), 1 + random.below(28));
        let station = random.pick(&["harbour", "airport", "summit", "valley", "island"]);
        let tenths = random.below(500) as i64 - 150;
        let note = random.pick(&["", "", "", "checked", "gauge changed"]);
        table.push_str(&format!("{id},{day},{station},{:.1},{note}\n", tenths as f64 / 10.0));
    }
    table.into_bytes()
}

/// `content` with `piece` put in before byte `at`.
pub fn insert_at(content: &[u8], at: usize, piece: &[u8]) -> Vec<u8> {
    [&content[..at], piece, &content[at..]].concat()
}

/// `content` with `piece` put in the middle.
pub fn insert_in_the_middle(content: &[u8], piece: &[u8]) -> Vec<u8> {
    insert_at(content, content.len() / 2, piece)
}

/// `content` without `len` bytes from byte `at` on.
pub fn cut_out(content: &[u8], at: usize, len: usize) -> Vec<u8> {
    [&content[..at], &content[at + len..]].concat()
}

/// `content` with one bit of byte `at` turned.
pub fn flip(content: &[u8], at: usize) -> Vec<u8> {
    let mut content = content.to_vec();
    content[at] ^= 1 << (at % 8);
    content
}

#[test]
fn data_is_the_same_on_every_run() {
    assert_eq!(bytes(1, 11)[..8], bytes(1, 8)[..]);
    assert_ne!(bytes(1, 64), bytes(2, 64));
    assert_eq!(blake3::hash(&rows(100)).to_hex()[..12], *"49f6ff1b8619");
    assert!(rows(1000).starts_with(&rows(999)));
}
