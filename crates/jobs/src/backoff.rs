use std::time::Duration;

use model::Random;

/// How long to wait before attempt `attempts + 1`: 5 s, doubled each time, one hour at most, of which the upper half is random
/// ("equal jitter"), so that what failed together does not come back together.
pub fn backoff(attempts: u32, random: &dyn Random) -> Duration {
    let full = 5_000_u32.saturating_mul(1 << attempts.min(12)).min(3_600_000);
    Duration::from_millis(u64::from(full / 2 + random.below(full / 2 + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_bounded_and_differ() {
        let random = model::SeededRandom::new(1);
        for attempts in 0..80 {
            let wait = backoff(attempts, &random);
            assert!(wait >= Duration::from_millis(2_500) && wait <= Duration::from_secs(3_600), "{attempts}: {wait:?}");
        }
        assert!(backoff(6, &random) > backoff(1, &random));
        assert_ne!(backoff(6, &random), backoff(6, &random));
    }
}
