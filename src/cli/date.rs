//! Days for people.

/// The day of a moment, where its clock stood: `2026-01-31`.
pub fn date_text(seconds: i64, offset_minutes: i32) -> String {
    let days = (seconds.saturating_add(i64::from(offset_minutes) * 60)).div_euclid(86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a number of days since 1970.
///
/// Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(date_text(0, 0), "1970-01-01");
        assert_eq!(date_text(951_782_400, 0), "2000-02-29");
        assert_eq!(date_text(1_767_225_600, 0), "2026-01-01");
        assert_eq!(date_text(1_767_225_600, -60), "2025-12-31");
        assert_eq!(date_text(-1, 0), "1969-12-31");
    }
}
