//! The program from the outside: real files, real ffmpeg, the binary as a user runs it.

mod bad_input;
mod cache;
mod clock;
mod commands;
mod correct;
mod evidence_untouched;
mod find;
mod grown;
mod help;
mod import;
mod interrupted;
mod light;
mod place;
mod scene;
mod search;
mod serve;
mod transcribe;
mod verify;
mod voices;
mod why;
mod words;
