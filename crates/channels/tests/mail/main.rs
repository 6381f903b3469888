//! The mail channel from outside: real mails, damaged mails, servers that behave and servers that do not.

mod samples;
mod servers;
