//! Ties: what two recordings heard in common, or why they cannot be tied.

pub(crate) mod copy;
pub(crate) mod gcc_phat;
pub(crate) mod glide;
pub(crate) mod light;
pub(crate) mod pairs;
pub(crate) mod refine;
pub(crate) mod search;
pub(crate) mod speeds;
pub(crate) mod steps;
pub(crate) mod stretched;
pub(crate) mod turn;
pub(crate) mod whole;
