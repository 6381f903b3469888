//! The words everything else is written in: ids, instants, the clock, randomness, locales. No I/O, depends on nothing of ours.

mod clock;
mod id;
mod locale;
mod random;
pub mod text;
mod timestamp;

pub use clock::{Clock, FixedClock, SystemClock};
pub use id::{Id, IdError, IdGenerator, InvalidId};
pub use locale::{Language, Locale};
pub use random::{Random, SeededRandom, SystemRandom};
pub use timestamp::Timestamp;

/// The kinds of thing an [`Id`] can name. Empty types: they exist only in signatures.
pub mod kinds {
    macro_rules! kinds { ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $($(#[$doc])* #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)] pub enum $name {})* } }
    kinds! {
        Workspace, User, Membership, Role, Team, Session, Invitation, AuditEvent,
        Source, ChannelAccount, Profile, Post, Label, Watch, Hit, Backfill,
        Conversation, Participant, Message, Attachment, Draft, Tag, SavedUpload,
        Contact, Address, ProfileLink, Consent, Suppression, Event, Job, FormSubmission,
    }
}
