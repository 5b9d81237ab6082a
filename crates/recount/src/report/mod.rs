//! What a person or a program gets to read.

pub mod clock;
pub mod doubtful;
pub mod find;
pub mod moved;
pub mod names;
pub mod output;
pub mod progress;
pub mod said;
pub mod search;
pub mod status;
pub mod unclear;
pub mod verify;
pub mod why;
