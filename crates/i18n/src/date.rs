//! Dates, times, durations and sizes as each language writes them. German dates follow CLDR's medium pattern for de (`dd.MM.y`), English
//! ones that of en-GB (`d MMM y`); the clock has 24 hours in both.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Language, Locale, Timestamp};

use crate::Texts;

const SECONDS_PER_DAY: u64 = 86_400;

/// Farther away than this (in days), a date without its year could be mistaken for the same day of another year.
const YEAR_GOES_WITHOUT_SAYING: i32 = 180;

impl Texts {
    /// `20.11.2025`, `20 Nov 2025`: the day on which `at` falls in `zone`.
    pub fn date(self, at: Timestamp, zone: &TimeZone) -> String {
        self.civil_date(local(at, zone).date())
    }

    /// `16:41`.
    pub fn time(self, at: Timestamp, zone: &TimeZone) -> String {
        let at = local(at, zone);
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// `20.11.2025, 16:41`, `20 Nov 2025, 16:41`.
    pub fn date_time(self, at: Timestamp, zone: &TimeZone) -> String {
        self.time_date_and_time(self.date(at, zone), self.time(at, zone))
    }

    /// As much as a reader needs at `now`: `heute, 11:20`, `gestern, 16:41`, `Fr., 20.11., 16:41` (within half a year, both ways),
    /// `20.11.2025`; English `today, 11:20`, `yesterday, 16:41`, `Fri 20 Nov, 16:41`, `20 Nov 2025`.
    pub fn short_when(self, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
        let day = local(at, zone).date();
        let time = self.time(at, zone);
        match days_between(local(now, zone).date(), day) {
            0 => self.time_today(time),
            -1 => self.time_yesterday(time),
            1 => self.time_tomorrow(time),
            days if days.abs() <= YEAR_GOES_WITHOUT_SAYING => self.time_weekday_date_and_time(
                self.day_and_month(day),
                time,
                self.time_weekday_short(i64::from(day.weekday().to_monday_one_offset())),
            ),
            _ => self.civil_date(day),
        }
    }

    /// `1:12` (hours and minutes, cut off to the minute) for less than a day, `2 Tg.` or `2 d` (whole days passed) from then on.
    pub fn duration_short(self, seconds: i64) -> String {
        let sign = if seconds < 0 { "−" } else { "" };
        let seconds_passed = seconds.unsigned_abs();
        if seconds_passed >= SECONDS_PER_DAY {
            let days = i64::try_from(seconds_passed / SECONDS_PER_DAY).unwrap_or(i64::MAX);
            return format!("{sign}{}", self.time_days_short(self.locale.number(days)));
        }
        let minutes = seconds_passed / 60;
        format!("{sign}{}:{:02}", minutes / 60, minutes % 60)
    }

    /// A size in bytes, in decimal units (1 kB = 1,000 B, as IEC 80000-13 has it) and with one decimal below ten: `512 B`, `1,8 MB`, `184 kB`.
    pub fn bytes(self, n: i64) -> String {
        const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
        let sign = if n < 0 { "−" } else { "" };
        let size = n.unsigned_abs();
        if size < 1_000 {
            return format!("{sign}{size} B");
        }
        let mut unit_size = 1_000_u64;
        for (place, unit) in UNITS.iter().enumerate() {
            let tenths = rounded(u128::from(size) * 10, unit_size);
            if tenths < 100 {
                return format!("{sign}{}{}{} {unit}", tenths / 10, self.decimal_mark(), tenths % 10);
            }
            let whole = rounded(u128::from(size), unit_size);
            // 999,600 B is 1.0 MB and not 1000 kB.
            if whole < 1_000 || place + 1 == UNITS.len() {
                return format!("{sign}{whole} {unit}");
            }
            unit_size = unit_size.saturating_mul(1_000);
        }
        format!("{sign}{size} B")
    }

    fn decimal_mark(self) -> &'static str {
        match self.locale {
            Locale::DeDe | Locale::DeAt => ",",
            Locale::DeCh | Locale::En => ".",
        }
    }

    fn civil_date(self, day: Date) -> String {
        match self.language() {
            Language::De => format!("{}{}", self.day_and_month(day), day.year()),
            Language::En => format!("{} {}", self.day_and_month(day), day.year()),
        }
    }

    fn day_and_month(self, day: Date) -> String {
        match self.language() {
            Language::De => format!("{:02}.{:02}.", day.day(), day.month()),
            Language::En => format!("{} {}", day.day(), self.time_month_short(i64::from(day.month()))),
        }
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    at.to_jiff().to_zoned(zone.clone())
}

/// Calendar days from `from` to `to`; a day of 23 or 25 hours is one day.
fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

/// `size / unit`, half up.
fn rounded(size: u128, unit: u64) -> u128 {
    (size + u128::from(unit) / 2) / u128::from(unit)
}
