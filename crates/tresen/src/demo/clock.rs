use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Clock, SystemClock, Timestamp};

/// Stands where the story is while the past is written; then runs with the machine.
#[derive(Debug, Clone, Default)]
pub struct DemoClock(Arc<AtomicI64>);

impl DemoClock {
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.micros(), Ordering::SeqCst);
    }
    pub fn live(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        match self.0.load(Ordering::SeqCst) {
            0 => SystemClock.now(),
            at => Timestamp::from_micros(at),
        }
    }
}
