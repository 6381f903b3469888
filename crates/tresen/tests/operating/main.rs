//! Operating: the built program as those who install, watch, back up and mend it meet it.

mod archives;
mod demo;
mod doctor;
mod help;
mod life;
mod matching;
mod sources;
mod support;
