//! Who may write next on SQLite: two queues before one writer, people first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

use crate::Turn;

#[derive(Default)]
struct Queues {
    taken: bool,
    people: VecDeque<oneshot::Sender<Pass>>,
    background: VecDeque<oneshot::Sender<Pass>>,
}

#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Queues>>);

/// The right to write, until it is dropped.
pub(crate) struct Pass(Option<Gate>);

impl Gate {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) async fn pass(&self, turn: Turn) -> Pass {
        let waiting = {
            let mut queues = self.queues();
            if !queues.taken {
                queues.taken = true;
                return Pass(Some(self.clone()));
            }
            let (sender, receiver) = oneshot::channel();
            match turn {
                Turn::Person => queues.people.push_back(sender),
                Turn::Background => queues.background.push_back(sender),
            }
            receiver
        };
        // The sender lives in the queue until it has sent, so an error cannot happen; a fresh pass through the same gate is the honest answer to it.
        match waiting.await {
            Ok(pass) => pass,
            Err(_) => Box::pin(self.pass(turn)).await,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let Some(gate) = self.0.take() else { return };
        let mut queues = gate.queues();
        loop {
            let Some(next) = queues.people.pop_front().or_else(|| queues.background.pop_front()) else {
                queues.taken = false;
                return;
            };
            // Whoever gave up waiting hands the pass back; it must not open the gate again, we still hold it.
            match next.send(Pass(Some(gate.clone()))) {
                Ok(()) => return,
                Err(mut returned) => returned.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn people_go_before_background_work_that_came_earlier_and_quitters_are_skipped() {
        let gate = Gate::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = gate.pass(Turn::Background).await;
        let mut tasks = Vec::new();
        for (name, turn) in
            [("b1", Turn::Background), ("b2", Turn::Background), ("p1", Turn::Person), ("quitter", Turn::Person), ("p2", Turn::Person)]
        {
            let (gate, order) = (gate.clone(), order.clone());
            let task = tokio::spawn(async move {
                let _pass = gate.pass(turn).await;
                order.lock().unwrap().push(name);
            });
            tokio::task::yield_now().await;
            if name == "quitter" {
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            } else {
                tasks.push(task);
            }
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["p1", "p2", "b1", "b2"]);
        drop(gate.pass(Turn::Background).await);
    }
}
