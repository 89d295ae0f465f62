//! Packs and containers survive their bytes, and damage to them is noticed.

use proptest::prelude::*;

use super::*;
use crate::base::Id;
use crate::format::codec::Codec;

fn pack() -> SealedPack {
    let mut builder = PackBuilder::new(PackKind::Chunks, [7; 16], Vec::new());
    for text in ["one", "two", "three"] {
        builder.push(Id::of(text.as_bytes()), Codec::Raw, text.len() as u32, text.as_bytes());
    }
    builder.seal()
}

#[test]
fn a_pack_survives_its_bytes() {
    let sealed = pack();
    let (id, kind, entries) = decode(sealed.bytes()).unwrap();
    assert_eq!((id, kind, &entries), (sealed.id, PackKind::Chunks, &sealed.entries));
    for entry in entries {
        let start = entry.offset as usize;
        assert_eq!(Id::of(&sealed.bytes()[start..start + entry.stored_len as usize]), entry.id);
    }
}

/// A container of the chunks `one` and `two`, which lie behind something that belongs to neither.
fn container() -> (SealedContainer, Vec<u8>) {
    let data = b"..onetwo";
    let entry = |text: &str, offset: u32| {
        let len = text.len() as u32;
        let offset = CONTAINER_START as u32 + offset;
        PackEntry { id: Id::of(text.as_bytes()), offset, stored_len: len, raw_len: len, codec: Codec::Raw }
    };
    let sealed = seal_container([7; 16], vec![entry("one", 2), entry("two", 5)]);
    let bytes = [&sealed.head[..], data, &sealed.tail].concat();
    (sealed, bytes)
}

#[test]
fn a_container_survives_its_bytes() {
    let (sealed, bytes) = container();
    assert_eq!(decode(&bytes).unwrap(), (sealed.id, PackKind::Chunks, sealed.entries.clone()));
    assert_eq!((Layout::of(&bytes), Layout::of(pack().bytes())), (Layout::Container, Layout::Records));
    for entry in sealed.entries {
        let start = entry.offset as usize;
        assert_eq!(Id::of(&bytes[start..start + entry.stored_len as usize]), entry.id);
    }
}

#[test]
fn a_flipped_bit_in_the_ends_of_a_container_is_noticed() {
    let (sealed, good) = container();
    for at in (0..HEADER_LEN).chain(good.len() - sealed.tail.len()..good.len()) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert!(decode(&bytes).is_err(), "byte {at}");
    }
}

#[test]
fn an_empty_pack_is_a_pack() {
    let sealed = PackBuilder::new(PackKind::Pages, [0; 16], vec![1, 2, 3]).seal();
    assert_eq!(decode(sealed.bytes()).unwrap(), (sealed.id, PackKind::Pages, vec![]));
}

#[test]
fn a_flipped_bit_outside_the_chunks_is_noticed() {
    let sealed = pack();
    let footer = sealed.bytes().len() - TRAILER_LEN - 3 * ENTRY_LEN;
    for at in (0..HEADER_LEN).chain(footer..sealed.bytes().len()) {
        let mut bytes = sealed.bytes().to_vec();
        bytes[at] ^= 4;
        assert!(decode(&bytes).is_err(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>, at in 0usize..300, value: u8, cut in 0usize..300) {
        let _ = decode(&bytes);
        let mut bytes = pack().bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = decode(&bytes[..bytes.len().saturating_sub(cut % 3)]);
    }
}

#[test]
fn a_used_buffer_holds_the_same_pack() {
    let make = |buffer| {
        let mut builder = PackBuilder::new(PackKind::Chunks, [7; 16], buffer);
        builder.push(Id::of(b"one"), Codec::Raw, 3, b"one");
        builder.seal()
    };
    let (fresh, used) = (make(Vec::new()), make(vec![9; 2 << 20]));
    assert_eq!((fresh.bytes(), fresh.id), (used.bytes(), used.id));
    assert_eq!(used.into_buffer().capacity(), 2 << 20);
}
