//! When a stat may be trusted: clocks are coarse, and a machine may have lost what it had not yet written.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Content that was read less than this long after its file's ctime may have changed again at the same ctime.
/// In nanoseconds; twice the coarsest tick of Linux (10 ms).
pub const RACY_NS: i64 = 20_000_000;

/// Nanoseconds since 1970, UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether content read at `read_at` must not be trusted for a stat with this `ctime`.
///
/// So is every ctime of the future: a clock was set back, or another machine's clock is ahead.
pub fn is_racy(ctime: i64, read_at: i64) -> bool {
    read_at.saturating_sub(ctime) <= RACY_NS
}

/// How long to wait at `now` so that content read afterwards can be trusted for `newest_ctime`.
///
/// Never more than two such spans: waiting for a clock that is hours off helps nobody, [`is_racy`] then says so.
pub fn pause(newest_ctime: i64, now: i64) -> Duration {
    if !is_racy(newest_ctime, now) {
        return Duration::ZERO;
    }
    let missing = newest_ctime.saturating_add(RACY_NS + 1).saturating_sub(now);
    Duration::from_nanos(missing.clamp(0, 2 * RACY_NS).unsigned_abs())
}

/// Waits, if needed, until content read from now on can be trusted for stats up to `newest_ctime`.
pub fn settle(newest_ctime: i64) {
    let wait = pause(newest_ctime, now());
    if !wait.is_zero() {
        thread::sleep(wait);
    }
}

/// What tells this boot of this machine from all others; zeros where the system does not say.
pub fn boot_id() -> [u8; 16] {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    parse_uuid(text.trim()).unwrap_or_default()
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let mut id = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_file_needs_no_wait() {
        assert_eq!(pause(1_000, 1_000 + RACY_NS + 1), Duration::ZERO);
        assert_eq!(pause(i64::MIN, 0), Duration::ZERO);
    }

    #[test]
    fn a_fresh_file_is_waited_for_until_it_is_not_racy() {
        let (ctime, now) = (5_000_000_000, 5_001_000_000);
        let after = now + i64::try_from(pause(ctime, now).as_nanos()).unwrap();
        assert!(is_racy(ctime, now) && !is_racy(ctime, after));
    }

    #[test]
    fn a_ctime_of_the_future_is_racy_and_never_waited_out() {
        assert!(is_racy(i64::MAX, 0));
        assert_eq!(pause(i64::MAX, 0), Duration::from_nanos(2 * RACY_NS as u64));
    }

    #[test]
    fn a_boot_has_an_id() {
        assert_eq!(parse_uuid("0bd44e3e-ffff-4000-8000-000000000001").unwrap()[0], 0x0b);
        assert_eq!(parse_uuid("0bd4"), None);
        assert_eq!(boot_id(), boot_id());
    }
}
