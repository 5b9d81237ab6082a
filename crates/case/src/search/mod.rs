//! Search: every word said in the recordings or written in the documents of a case.
//!
//! The index is a database of its own under `cache/`, made with FTS5; it may be deleted at any time
//! and is made again. [`Index::update`] brings it level with the case: each transcript and document
//! is put in whole or not at all, in a transaction, so a killed process leaves nothing half known and
//! what several processes do at once is done once. It holds positions, not texts: words and times are
//! read from the case when they are shown.
//!
//! A query is answered in two parts. The index says which passages hold the words; a bounded number
//! of those is read and told apart ([`matching`]). Where there are more, the first ones are shown in
//! the order of the recordings and their times, unranked: to rank what nobody looks at would read
//! all of it.

mod find;
mod fold;
mod index;
mod matching;
mod passages;
mod query;
mod sounds;

pub use find::{Also, Context, Found, Ground, Hit, Place};
pub use fold::tokens;
pub use index::{Counts, Index, Paragraph, Reader, Speakers};
pub use query::{Odd, Query};
