//! Dates as feeds write them: RFC 3339 and RFC 5322 as they should be, and everything else people's software puts there.

use model::Timestamp;

/// Reads a date in any of the usual forms. Without a zone it is taken for UTC; what is ambiguous (`03/04/2026`) or impossible is `None`.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(at);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return epoch(text).or_else(|| Parts::read(text)?.at());
    }
    Parts::read(text)?.at()
}

/// Seconds or milliseconds since 1970.
fn epoch(digits: &str) -> Option<Timestamp> {
    let value: i64 = digits.parse().ok()?;
    match digits.len() {
        9 | 10 => Some(Timestamp::from_secs(value)),
        13 => Some(Timestamp::from_millis(value)),
        _ => None,
    }
}

#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    /// Seconds east of UTC.
    offset: i64,
    afternoon: Option<bool>,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let mut parts = Self::default();
        // `2026-11-23T11:20:03` reads as two words; a `T` between letters (`OCT`) is left alone.
        let mut spaced = String::with_capacity(text.len());
        let chars: Vec<char> = text.chars().collect();
        for (at, c) in chars.iter().enumerate() {
            let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
            let between = matches!(c, 'T' | 't') && digit(at.checked_sub(1)) && digit(Some(at + 1));
            spaced.push(if between || matches!(c, ',' | '(' | ')') { ' ' } else { *c });
        }
        for word in spaced.split_whitespace() {
            parts.word(word)?;
        }
        Some(parts)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if word.contains(':') && !word.starts_with(['+', '-']) {
            return self.time(word);
        }
        if let Some(offset) = zone_offset(word) {
            // `UTC+0100`, `GMT+1`: the number counts, not the name.
            if self.year.is_some() || self.day.is_some() {
                self.offset = offset;
                return Some(());
            }
        }
        let pieces: Vec<&str> = word.split(['-', '.', '/']).filter(|piece| !piece.is_empty()).collect();
        if pieces.len() == 3 || (pieces.len() == 2 && pieces[0].len() == 4) {
            return self.date(&pieces, word.contains('/'));
        }
        let word = word.trim_matches(['.', '-']);
        match word.parse::<i64>() {
            Ok(number) => self.number(number, word.len()),
            Err(_) => self.name(word),
        }
    }

    fn number(&mut self, number: i64, digits: usize) -> Option<()> {
        match digits {
            1 | 2 if self.day.is_none() => self.day = Some(number),
            2 if self.year.is_none() => self.year = Some(century(number)),
            4 if self.year.is_none() => self.year = Some(number),
            8 => {
                self.year = Some(number / 10_000);
                self.month = Some(number / 100 % 100);
                self.day = Some(number % 100);
            }
            _ => return None,
        }
        Some(())
    }

    /// Weekdays and words like "um", "at" mean nothing for us and may be in any language.
    fn name(&mut self, word: &str) -> Option<()> {
        let lower = word.to_lowercase();
        match lower.as_str() {
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            _ => {
                if let (Some(month), None) = (month(&lower), self.month) {
                    self.month = Some(month);
                } else if word.bytes().any(|b| b.is_ascii_digit()) {
                    // `1st`, `23rd`
                    let digits: String = lower.chars().take_while(char::is_ascii_digit).collect();
                    return self.number(digits.parse().ok()?, digits.len());
                }
            }
        }
        Some(())
    }

    fn date(&mut self, pieces: &[&str], slashes: bool) -> Option<()> {
        let number = |at: usize| pieces.get(at).and_then(|piece| piece.parse::<i64>().ok());
        if pieces[0].len() == 4 {
            self.year = number(0);
            self.month = number(1).or_else(|| month(&pieces[1].to_lowercase()));
            self.day = if pieces.len() > 2 { number(2) } else { Some(1) };
            return Some(());
        }
        let year = number(2).map(|year| if pieces[2].len() <= 2 { century(year) } else { year });
        if let Some(month) = month(&pieces[1].to_lowercase()) {
            // RFC 850: 23-Nov-26
            (self.day, self.month, self.year) = (number(0), Some(month), year);
            return Some(());
        }
        let (first, second) = (number(0)?, number(1)?);
        let (day, month) = match (slashes, first > 12, second > 12) {
            (false, _, _) | (true, true, false) => (first, second),
            (true, false, true) => (second, first),
            _ => return None,
        };
        (self.day, self.month, self.year) = (Some(day), Some(month), year);
        Some(())
    }

    fn time(&mut self, word: &str) -> Option<()> {
        let lower = word.to_ascii_lowercase();
        let (clock, rest) = lower.split_at(lower.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(lower.len()));
        let mut numbers = clock.split(':').map(|piece| piece.split('.').next().unwrap_or_default().parse::<i64>().ok());
        self.hour = numbers.next()??;
        self.minute = numbers.next()??;
        self.second = numbers.next().flatten().unwrap_or(0).min(59);
        match rest {
            "" => {}
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            zone => self.offset = zone_offset(zone)?,
        }
        Some(())
    }

    fn at(&self) -> Option<Timestamp> {
        let (year, month, day) = (self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1));
        let length = match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let possible = (1..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=length).contains(&day);
        if !possible || !(0..=24).contains(&hour) || !(0..60).contains(&self.minute) {
            return None;
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + self.minute * 60 + self.second - self.offset;
        Some(Timestamp::from_secs(seconds))
    }
}

/// Two digits as RFC 5322 §4.3 reads them.
fn century(year: i64) -> i64 {
    if year < 50 { 2_000 + year } else { 1_900 + year }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// English, German, French, Spanish and Italian months, long or short.
fn month(word: &str) -> Option<i64> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "jän", "ene", "gen"],
        &["feb", "fév", "fev"],
        &["mar", "mär", "mae", "mrz"],
        &["apr", "avr", "abr"],
        &["may", "mai", "mag"],
        &["jun", "juin", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "aoû", "aou", "ago"],
        &["sep", "set"],
        &["oct", "okt", "ott"],
        &["nov"],
        &["dec", "dez", "déc", "dic"],
    ];
    MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name))).map(|at| at as i64 + 1)
}

/// Seconds east of UTC of `+0100`, `-05:30`, `GMT`, `EST`, `MESZ` …; names as in RFC 5322 §4.3 and as used in Europe.
fn zone_offset(word: &str) -> Option<i64> {
    let upper = word.to_ascii_uppercase();
    for name in ["UTC", "GMT"] {
        if let Some(rest) = upper.strip_prefix(name).filter(|rest| rest.starts_with(['+', '-'])) {
            return zone_offset(rest);
        }
    }
    if let Some(digits) = upper.strip_prefix(['+', '-']) {
        let sign = if upper.starts_with('-') { -1 } else { 1 };
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        let number: i64 = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok()? } else { return None };
        let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
        return (hours <= 14 && minutes < 60 && digits.len() <= 4).then_some(sign * (hours * 3_600 + minutes * 60));
    }
    let hours = match upper.as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "CET" | "MEZ" | "BST" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "JST" | "KST" => 9,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_the_wild_are_read() {
        for (text, expected) in [
            ("2026-11-23T11:20:03Z", "2026-11-23T11:20:03Z"),
            ("2026-11-23T11:20:03+0100", "2026-11-23T10:20:03Z"),
            ("2026-11-23T11:20+01:00", "2026-11-23T10:20:00Z"),
            ("2026-11-23 11:20:03", "2026-11-23T11:20:03Z"),
            ("2026-11-23T11:20:03.123456", "2026-11-23T11:20:03Z"),
            ("2026-11-23", "2026-11-23T00:00:00Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("2026", "2026-01-01T00:00:00Z"),
            ("20261123", "2026-11-23T00:00:00Z"),
            ("Mon, 23 Nov 2026 11:20:03 +0100", "2026-11-23T10:20:03Z"),
            ("Mon, 23 Nov 2026 11:20:03 GMT", "2026-11-23T11:20:03Z"),
            ("Mon, 23 Nov 26 11:20 EST", "2026-11-23T16:20:00Z"),
            ("Thurs, 3 September 2026 9:05:00 Z", "2026-09-03T09:05:00Z"),
            ("Monday, 23-Nov-26 11:20:03 GMT", "2026-11-23T11:20:03Z"),
            ("Mon Nov 23 11:20:03 2026", "2026-11-23T11:20:03Z"),
            ("Mon Nov 23 11:20:03 CET 2026", "2026-11-23T10:20:03Z"),
            ("Mo, 23 Dez 2026 11:20:03 MEZ", "2026-12-23T10:20:03Z"),
            ("23. März 2026, 11:20", "2026-03-23T11:20:00Z"),
            ("23.11.2026 11:20", "2026-11-23T11:20:00Z"),
            ("November 23, 2026 2:05 pm", "2026-11-23T14:05:00Z"),
            ("23/11/2026", "2026-11-23T00:00:00Z"),
            ("11/23/2026", "2026-11-23T00:00:00Z"),
            ("Mon, 23 Nov 2026 24:00:00 GMT", "2026-11-24T00:00:00Z"),
            ("Mon, 23 Nov 2026 11:20:03 UTC+0100", "2026-11-23T10:20:03Z"),
            ("1795432803", "2026-11-23T11:20:03Z"),
            ("1795432803000", "2026-11-23T11:20:03Z"),
            ("Thu, 01 Jan 1970 00:00:00 +0000 (UTC)", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text).map(|at| Timestamp::from_secs(at.secs()).to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nonsense_and_the_ambiguous_are_no_dates() {
        for text in [
            "",
            "gestern",
            "03/04/2026",
            "2026-02-30",
            "2026-13-01",
            "Mon, 99 Nov 2026",
            "12:61",
            "0000-00-00 00:00:00",
            "99999999999999999999",
            "::::",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[0-9A-Za-zÄ:./,+ -]{0,30}") {
            let _ = parse(&text);
        }
    }
}
