//! Dates, times, durations and sizes.

use i18n::{Locale, Texts, TimeZone};
use model::Timestamp;

const DE: Texts = Texts::new(Locale::DeDe);
const EN: Texts = Texts::new(Locale::En);

fn vienna() -> TimeZone {
    TimeZone::get("Europe/Vienna").expect("the system's time zone database")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a valid instant")
}

fn both(write: impl Fn(Texts) -> String) -> (String, String) {
    (write(DE), write(EN))
}

fn pair(de: &str, en: &str) -> (String, String) {
    (de.to_owned(), en.to_owned())
}

#[test]
fn dates_and_times_are_those_of_the_readers_zone() {
    let late = at("2025-01-05T23:30:00Z");
    assert_eq!(both(|t| t.date(late, &TimeZone::UTC)), pair("05.01.2025", "5 Jan 2025"));
    assert_eq!(both(|t| t.date(late, &vienna())), pair("06.01.2025", "6 Jan 2025"));
    assert_eq!(both(|t| t.time(late, &vienna())), pair("00:30", "00:30"));
    assert_eq!(both(|t| t.date_time(at("2025-11-20T15:41:59Z"), &vienna())), pair("20.11.2025, 16:41", "20 Nov 2025, 16:41"));
    assert_eq!(DE.time(at("2025-07-20T15:41:00Z"), &vienna()), "17:41");
}

#[test]
fn short_when_says_as_much_as_is_needed() {
    let now = at("2026-11-23T12:00:00Z");
    let when = |text: &str| both(|t| t.short_when(at(text), now, &vienna()));
    assert_eq!(when("2026-11-23T10:20:00Z"), pair("heute, 11:20", "today, 11:20"));
    assert_eq!(when("2026-11-23T20:00:00Z"), pair("heute, 21:00", "today, 21:00"));
    assert_eq!(when("2026-11-22T15:41:00Z"), pair("gestern, 16:41", "yesterday, 16:41"));
    assert_eq!(when("2026-11-24T08:00:00Z"), pair("morgen, 09:00", "tomorrow, 09:00"));
    assert_eq!(when("2026-11-20T15:41:00Z"), pair("Fr., 20.11., 16:41", "Fri 20 Nov, 16:41"));
    assert_eq!(when("2026-05-27T10:00:00Z"), pair("Mi., 27.05., 12:00", "Wed 27 May, 12:00"));
    assert_eq!(when("2026-05-26T10:00:00Z"), pair("26.05.2026", "26 May 2026"));
    assert_eq!(when("2027-01-03T10:00:00Z"), pair("So., 03.01., 11:00", "Sun 3 Jan, 11:00"));
    assert_eq!(when("2025-11-20T15:41:00Z"), pair("20.11.2025", "20 Nov 2025"));
}

#[test]
fn today_begins_at_the_readers_midnight() {
    let now = at("2026-11-23T00:10:00Z");
    assert_eq!(DE.short_when(at("2026-11-22T23:05:00Z"), now, &vienna()), "heute, 00:05");
    assert_eq!(DE.short_when(at("2026-11-22T23:05:00Z"), now, &TimeZone::UTC), "gestern, 23:05");
}

#[test]
fn the_day_the_clocks_change_is_one_day() {
    let now = at("2026-10-26T00:30:00Z");
    assert_eq!(DE.short_when(at("2026-10-24T22:30:00Z"), now, &vienna()), "gestern, 00:30");
}

#[test]
fn instants_beyond_the_calendar_do_not_panic() {
    for micros in [i64::MIN, i64::MAX] {
        let far = Timestamp::from_micros(micros);
        assert_eq!(DE.short_when(far, far, &TimeZone::UTC), "heute, 00:00");
    }
    assert_eq!(DE.short_when(at("9999-12-30T00:00:00Z"), at("0001-01-02T00:00:00Z"), &TimeZone::UTC), "30.12.9999");
}

#[test]
fn durations_are_hours_and_minutes_and_from_a_day_on_days() {
    let written = |seconds| both(|t| t.duration_short(seconds));
    assert_eq!(written(0), pair("0:00", "0:00"));
    assert_eq!(written(59), pair("0:00", "0:00"));
    assert_eq!(written(72 * 60 + 59), pair("1:12", "1:12"));
    assert_eq!(written(86_399), pair("23:59", "23:59"));
    assert_eq!(written(86_400), pair("1 Tg.", "1 d"));
    assert_eq!(written(2 * 86_400 + 3_600), pair("2 Tg.", "2 d"));
    assert_eq!(written(1_234 * 86_400), pair("1.234 Tg.", "1,234 d"));
    assert_eq!(written(-300), pair("−0:05", "−0:05"));
    assert_eq!(DE.duration_short(i64::MIN), "−106.751.991.167.300 Tg.");
}

#[test]
fn sizes_are_in_decimal_units() {
    let written = |n| both(|t| t.bytes(n));
    assert_eq!(written(0), pair("0 B", "0 B"));
    assert_eq!(written(999), pair("999 B", "999 B"));
    assert_eq!(written(1_000), pair("1,0 kB", "1.0 kB"));
    assert_eq!(written(9_949), pair("9,9 kB", "9.9 kB"));
    assert_eq!(written(9_950), pair("10 kB", "10 kB"));
    assert_eq!(written(183_700), pair("184 kB", "184 kB"));
    assert_eq!(written(999_499), pair("999 kB", "999 kB"));
    assert_eq!(written(999_600), pair("1,0 MB", "1.0 MB"));
    assert_eq!(written(1_800_000), pair("1,8 MB", "1.8 MB"));
    assert_eq!(written(-2_000), pair("−2,0 kB", "−2.0 kB"));
    assert_eq!(written(i64::MAX), pair("9,2 EB", "9.2 EB"));
    assert_eq!(Texts::new(Locale::DeCh).bytes(1_800_000), "1.8 MB");
}
