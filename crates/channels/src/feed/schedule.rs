//! How often to look: as often as things appear, within what the publisher asks for.

use std::time::Duration;

use model::{Random, Timestamp};
use serde::{Deserialize, Serialize};

/// Nobody is asked more often.
pub const SHORTEST: Duration = Duration::from_secs(5 * 60);
/// A blog that sleeps may wake up: it is asked twice a day.
pub const LONGEST: Duration = Duration::from_secs(12 * 3_600);
/// For a feed of which no time is known.
const UNKNOWN: Duration = Duration::from_secs(3_600);
/// A post is seen after a tenth of the usual gap between two at the latest.
const SHARE: u32 = 10;
/// Times looked at; older habits do not count.
const LATEST: usize = 20;

/// What the publisher asks for. Each is a lower bound for the interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hints {
    /// `<ttl>` (RSS 2.0), minutes in the feed.
    pub ttl: Option<Duration>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency` (RSS 1.0 syndication module).
    pub update_period: Option<Duration>,
    /// `Cache-Control: max-age` (RFC 9111 §5.2.2.1).
    pub max_age: Option<Duration>,
}

impl Hints {
    fn at_least(&self) -> Duration {
        // A publisher asking for a year means well, but the feed would be as good as gone.
        [self.ttl, self.update_period, self.max_age].into_iter().flatten().max().unwrap_or_default().min(LONGEST)
    }
}

/// Time until the next look, from when items were published (any order, also wrong ones). A silent blog is asked more and more rarely.
/// Jitter only adds (up to a tenth), so that bounds hold and a thousand feeds added together do not stay together.
pub fn interval(now: Timestamp, published: &[Timestamp], hints: &Hints, random: &dyn Random) -> Duration {
    let mut times: Vec<Timestamp> = published.iter().copied().filter(|at| *at <= now).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.dedup();
    times.truncate(LATEST);
    let mut gaps: Vec<Duration> = times.windows(2).map(|pair| pair[0].since(pair[1])).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied();
    let silence = times.first().map(|last| now.since(*last));
    let wanted = match (usual, silence) {
        // Three usual gaps of silence are chance, more is a habit changing.
        (Some(usual), Some(silence)) => usual.max(silence / 3) / SHARE,
        (None, Some(silence)) => silence / SHARE,
        _ => UNKNOWN,
    };
    let interval = wanted.max(hints.at_least()).clamp(SHORTEST, LONGEST);
    interval + interval.mul_f64(f64::from(random.below(1_000)) / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SeededRandom;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn every(gap: u64, count: u64, silent: u64) -> Vec<Timestamp> {
        (0..count).map(|n| NOW - Duration::from_secs(silent + n * gap)).collect()
    }

    fn minutes(published: &[Timestamp], hints: &Hints) -> u64 {
        interval(NOW, published, hints, &SeededRandom::new(1)).as_secs() / 60
    }

    #[test]
    fn busy_blogs_are_asked_every_five_minutes_and_sleepy_ones_twice_a_day() {
        let none = Hints::default();
        assert_eq!(minutes(&every(600, 20, 60), &none), 5);
        assert!((144..=159).contains(&minutes(&every(86_400, 20, 3_600), &none)), "a daily blog");
        assert!((720..=792).contains(&minutes(&every(86_400 * 30, 20, 3_600), &none)), "a monthly one");
        assert!((60..=66).contains(&minutes(&[], &none)), "nothing known");
    }

    #[test]
    fn silence_makes_us_ask_more_rarely() {
        let none = Hints::default();
        let lively = minutes(&every(3_600, 20, 60), &none);
        let silent = minutes(&every(3_600, 20, 86_400 * 5), &none);
        let dead = minutes(&every(3_600, 20, 86_400 * 60), &none);
        assert!(lively < silent && silent < dead, "{lively} {silent} {dead}");
        assert!(dead <= 792);
    }

    #[test]
    fn what_the_publisher_asks_for_is_a_lower_bound_within_reason() {
        let busy = every(600, 20, 60);
        let hour = Some(Duration::from_secs(3_600));
        for hints in [
            Hints { ttl: hour, ..Hints::default() },
            Hints { update_period: hour, ..Hints::default() },
            Hints { max_age: hour, ttl: Some(Duration::from_secs(60)), ..Hints::default() },
        ] {
            assert!((60..=66).contains(&minutes(&busy, &hints)), "{hints:?}");
        }
        assert!(minutes(&busy, &Hints { ttl: Some(Duration::from_secs(u64::MAX / 2)), ..Hints::default() }) <= 792);
    }

    #[test]
    fn times_in_the_future_and_doubles_do_not_confuse() {
        let mut times = every(86_400, 10, 3_600);
        times.push(NOW + Duration::from_secs(86_400 * 365));
        times.extend(every(86_400, 10, 3_600));
        assert!((144..=159).contains(&minutes(&times, &Hints::default())));
    }

    #[test]
    fn jitter_spreads_but_never_below_the_interval() {
        let random = SeededRandom::new(7);
        let times = every(86_400, 20, 3_600);
        let all: std::collections::HashSet<Duration> = (0..50).map(|_| interval(NOW, &times, &Hints::default(), &random)).collect();
        assert!(all.len() > 40);
        assert!(all.iter().all(|at| (8_640..=9_504).contains(&at.as_secs())));
    }
}
