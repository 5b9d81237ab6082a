//! The page's server from the outside, as a browser and as those who should not be let in.

mod client;
mod correct;
mod media;
mod person;
mod strangers;
mod voices;
