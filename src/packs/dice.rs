//! Random bytes for names that are never used twice.

/// Sixteen random bytes; in a simulation those that its seed says.
pub fn random() -> [u8; 16] {
    #[cfg(test)]
    if let Some(bytes) = tests::roll() {
        return bytes;
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

#[cfg(test)]
pub use tests::{is_loaded, load};

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    thread_local! {
        static LOADED: RefCell<Option<blake3::OutputReader>> = const { RefCell::new(None) };
    }

    /// From now on the dice of this thread fall as `seed` says.
    pub fn load(seed: u64) {
        let bytes = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
        LOADED.with_borrow_mut(|loaded| *loaded = Some(bytes));
    }

    /// Whether a seed decides: then nothing may follow from the clock either.
    pub fn is_loaded() -> bool {
        LOADED.with_borrow(Option::is_some)
    }

    pub fn roll() -> Option<[u8; 16]> {
        let mut rolled = [0; 16];
        LOADED.with_borrow_mut(|loaded| loaded.as_mut().map(|bytes| bytes.fill(&mut rolled)).map(|()| rolled))
    }

    #[test]
    fn loaded_dice_fall_the_same_way_again() {
        let roll = |seed| {
            std::thread::spawn(move || {
                load(seed);
                (super::random(), super::random())
            })
            .join()
            .unwrap()
        };
        assert_eq!(roll(1), roll(1));
        assert_ne!(roll(1), roll(2));
        assert_ne!(roll(1).0, roll(1).1);
    }
}
