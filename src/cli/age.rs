//! Ages as people write them: `90d`, `12h`, `0`.

use std::time::Duration;

/// Reads an age: a whole number and a unit. `0` needs none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let refused = || format!("`{text}` is no age; write `90d`, `12h`, `30m` or `2w`");
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| refused())?;
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "" if number == 0 => 0,
        _ => return Err(refused()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(refused)
}

/// An age in its largest whole unit: `3 days`.
pub fn text(age: Duration) -> String {
    let seconds = age.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (length, unit) = units.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_told() {
        assert_eq!(parse("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert!(["", "d", "9", "-1d", "1y", "1d2h", "99999999999999999999d"].iter().all(|text| parse(text).is_err()));
        assert_eq!(text(Duration::from_secs(86_400)), "1 day");
        assert_eq!(text(Duration::from_secs(7_300)), "2 hours");
    }
}
