//! Two lists in the same order, gone through together.

use std::cmp::Ordering;
use std::iter;

/// What two lists, strictly ascending by the same key, have of each key: the first, the second, or both. By key.
///
/// `order` compares the keys of an item of the first and one of the second.
pub fn side_by_side<A, B>(
    first: impl IntoIterator<Item = A>,
    second: impl IntoIterator<Item = B>,
    order: impl Fn(&A, &B) -> Ordering,
) -> impl Iterator<Item = (Option<A>, Option<B>)> {
    let mut first = first.into_iter().peekable();
    let mut second = second.into_iter().peekable();
    iter::from_fn(move || {
        let order = match (first.peek(), second.peek()) {
            (Some(one), Some(other)) => order(one, other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        Some(match order {
            Ordering::Less => (first.next(), None),
            Ordering::Equal => (first.next(), second.next()),
            Ordering::Greater => (None, second.next()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_once_in_order() {
        let both: Vec<_> = side_by_side([1, 3, 4], [2, 3, 9], |one: &i32, other: &i32| one.cmp(other)).collect();
        let wanted = [(Some(1), None), (None, Some(2)), (Some(3), Some(3)), (Some(4), None), (None, Some(9))];
        assert_eq!(both, wanted);
        assert_eq!(side_by_side([], [], |one: &i32, other: &i32| one.cmp(other)).count(), 0);
    }
}
