//! Claim, assign, resolve, snooze, priority, labels, and the way back.

use axum_extra::extract::Form;
use domain::accounts::Permission;
use domain::desk::{Status, organise, undo};
use domain::{Error, Result};
use i18n::TimeZone;
use model::{Id, Timestamp, kinds};
use serde::Deserialize;

use super::{back, joined, list, place_in};
use crate::error::{Fault, Reply, see};
use crate::{Place, Visit};

type Where = Place<(String, Id<kinds::Conversation>)>;

/// The hour at which "tomorrow" and "Monday" begin.
const MORNING: i8 = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    user: String,
    team: String,
    status: String,
    priority: String,
    label: String,
    until: String,
}

fn done(visit: &Visit, id: Id<kinds::Conversation>, said: &str, undo: Id<kinds::Event>) -> Reply {
    see(back(visit, id, &format!("said={said}&undo={undo}")))
}

/// An id from a form; empty is nobody.
fn chosen<K>(text: &str) -> Result<Option<Id<K>>> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Error::NotFound) }
}

/// `POST …/claim`
pub async fn claim(visit: Visit, Place((_, id)): Where) -> Reply {
    let undo = organise::claim(&visit.app, &visit.seat, id).await?;
    done(&visit, id, "said-claimed", undo)
}

/// `POST …/assign`
pub async fn assign(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let undo = organise::assign(&visit.app, &visit.seat, id, chosen(&form.user)?, chosen(&form.team)?).await?;
    done(&visit, id, "said-assigned", undo)
}

/// `POST …/status`
pub async fn status(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let status: Status = form.status.parse().map_err(|()| Error::invalid("status", "error-choice"))?;
    let next = if status == Status::Done { list::following(&visit, id).await? } else { None };
    let undo = organise::set_status(&visit.app, &visit.seat, id, status).await?;
    done(&visit, next.unwrap_or(id), if status == Status::Done { "said-resolved" } else { "said-reopened" }, undo)
}

/// `POST …/priority`
pub async fn priority(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let priority = form.priority.parse().map_err(|()| Error::invalid("priority", "error-choice"))?;
    let undo = organise::set_priority(&visit.app, &visit.seat, id, priority).await?;
    done(&visit, id, "said-priority", undo)
}

/// `POST …/label`
pub async fn label(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let undo = organise::add_label(&visit.app, &visit.seat, id, &form.label).await?;
    done(&visit, id, "said-labelled", undo)
}

/// `POST …/unlabel`
pub async fn unlabel(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let undo = organise::remove_label(&visit.app, &visit.seat, id, &form.label).await?;
    done(&visit, id, "said-unlabelled", undo)
}

/// `POST …/snooze`: `3-hours`, `tomorrow`, `monday`, or a local date and time as browsers send it.
pub async fn snooze(visit: Visit, Place((_, id)): Where, Form(form): Form<Chosen>) -> Reply {
    let until = moment(&form.until, visit.app.now(), &visit.seat.time_zone()).ok_or_else(|| Error::invalid("until", "error-choice"))?;
    let undo = organise::snooze(&visit.app, &visit.seat, id, until).await?;
    done(&visit, id, "said-snoozed", undo)
}

fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = now.to_jiff().to_zoned(zone.clone());
    let days = match text {
        "3-hours" => return Some(now + std::time::Duration::from_secs(3 * 3600)),
        "tomorrow" => 1,
        // On a Monday the next one is meant.
        "monday" => 8 - local.date().weekday().to_monday_one_offset(),
        exact => {
            let at = zone.to_ambiguous_zoned(exact.parse().ok()?).compatible().ok()?;
            return Some(Timestamp::from_micros(at.timestamp().as_microsecond()));
        }
    };
    let mut day = local.date();
    for _ in 0..days {
        day = day.tomorrow().ok()?;
    }
    let at = zone.to_ambiguous_zoned(day.at(MORNING, 0, 0, 0)).compatible().ok()?;
    Some(Timestamp::from_micros(at.timestamp().as_microsecond()))
}

/// `POST /{workspace}/undo/{event}`
pub async fn undo(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Event>)>) -> Reply {
    take_back(&visit, Some(id)).await
}

/// `POST /{workspace}/undo`: the newest.
pub async fn undo_newest(visit: Visit) -> Reply {
    let newest = undo::newest(&visit.app, &visit.seat).await?;
    take_back(&visit, newest).await
}

async fn take_back(visit: &Visit, id: Option<Id<kinds::Event>>) -> Reply {
    visit.seat.require(Permission::InboxOrganise)?;
    let undone = match id {
        Some(id) => undo::undo(&visit.app, &visit.seat, id).await,
        None => Err(Error::NotFound),
    };
    match undone {
        Ok(conversation) => see(back(visit, conversation, "said=said-undone")),
        Err(Error::NotFound) => see(visit.path(format!("inbox?{}", joined(&place_in(&visit.visitor.path), "said=said-nothing-to-undo")))),
        Err(error) => Err(Fault(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_mornings_of_the_persons_own_day() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        // A Tuesday, already Wednesday in Berlin.
        let now = at("2026-11-24T23:30:00Z");
        assert_eq!(moment("3-hours", now, &zone), Some(at("2026-11-25T02:30:00Z")));
        assert_eq!(moment("tomorrow", now, &zone), Some(at("2026-11-26T07:00:00Z")));
        assert_eq!(moment("monday", now, &zone), Some(at("2026-11-30T07:00:00Z")));
        assert_eq!(moment("monday", at("2026-11-30T09:00:00Z"), &zone), Some(at("2026-12-07T07:00:00Z")));
        assert_eq!(moment("2026-12-24T10:15", now, &zone), Some(at("2026-12-24T09:15:00Z")));
        // The hour that does not exist in March: one later.
        assert_eq!(moment("2027-03-28T02:30", now, &zone), Some(at("2027-03-28T01:30:00Z")));
        for nonsense in ["", "morgen", "2026-13-01T10:00", "99999-01-01T00:00"] {
            assert_eq!(moment(nonsense, now, &zone), None, "{nonsense}");
        }
    }
}
