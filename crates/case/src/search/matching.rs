//! Which words of a passage are meant by a query, and how well they fit.
//!
//! In: the words of a passage as written. Out: every place in it that a clause of the query means,
//! the tightest group that holds all clauses, and a score. The index only says which passages hold
//! the words; what is near, what is within a stretch of time and where each word stands is told here.
//!
//! The score is that of BM25 (Robertson and Zaragoza 2009) without the rarity of words, which would
//! need every occurrence of each to be counted: all passages that are compared hold all clauses. In
//! place of it, words that stand together count more.

use std::ops::Range;

use super::fold::tokens;
use super::query::{Query, Term};
use super::sounds;

/// BM25's usual constants: how soon more of the same word counts no more, and how much a long
/// passage has to hold more.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Tokens of an ordinary passage.
const USUAL_TOKENS: f64 = 60.0;

/// The words of a passage, with the tokens that they are.
pub(super) struct Words {
    /// Each token, and the number of the word that it is in.
    tokens: Vec<(String, usize)>,
}

/// Where a query is met.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Match {
    /// The words of the tightest group that holds every clause.
    pub(super) best: Range<usize>,
    /// All that is meant, in order, as ranges of words.
    pub(super) all: Vec<Range<usize>>,
    /// The larger, the better it fits.
    pub(super) score: f64,
}

impl Words {
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let of_word = |(n, word): (usize, &str)| tokens(word).into_iter().map(move |t| (t, n));
        Self { tokens: words.enumerate().flat_map(of_word).collect() }
    }

    /// Where the query is met among the words that `may` count.
    pub(super) fn find(&self, query: &Query, may: &dyn Fn(usize) -> bool) -> Option<Match> {
        let mut found: Vec<Vec<Range<usize>>> = Vec::with_capacity(query.all.len());
        for clause in &query.all {
            let mut places: Vec<Range<usize>> =
                clause.0.iter().flat_map(|term| self.places(term)).collect();
            places.retain(|place| place.clone().all(|at| may(self.tokens[at].1)));
            places.sort_by_key(|place| (place.start, place.end));
            places.dedup();
            found.push(places);
        }
        for &(left, right, words) in &query.near {
            let near = |a: &Range<usize>, others: &[Range<usize>]| {
                others.iter().any(|b| *a != *b && gap(a, b) <= words)
            };
            let (of_left, of_right) = (found[left].clone(), found[right].clone());
            found[left].retain(|place| near(place, &of_right));
            found[right].retain(|place| near(place, &of_left));
        }
        if found.iter().any(Vec::is_empty) {
            return None;
        }
        let Some(best) = tightest(&found) else {
            // Somebody asked for a speaker only: the passage itself is what is meant.
            let word = (0..=self.tokens.last()?.1).find(|word| may(*word))?;
            return Some(Match { best: word..word + 1, all: Vec::new(), score: 0.0 });
        };
        let score = self.score(&found, &best);
        let words = |at: &Range<usize>| self.tokens[at.start].1..self.tokens[at.end - 1].1 + 1;
        let mut all: Vec<_> = found.iter().flatten().map(words).collect();
        all.sort_by_key(|place| (place.start, place.end));
        all.dedup();
        Some(Match { best: words(&best), all, score })
    }

    /// The tokens that a term means.
    fn places(&self, term: &Term) -> Vec<Range<usize>> {
        match term {
            Term::Sounds(key) => {
                let all = self.tokens.iter().enumerate();
                let alike = all.filter(|(_, (token, _))| sounds::key(token).as_ref() == Some(key));
                alike.map(|(at, _)| at..at + 1).collect()
            }
            Term::Phrase { tokens, is_prefix } => {
                let Some((last, first)) = tokens.split_last() else { return Vec::new() };
                let here = |run: &&[(String, usize)]| {
                    let end = &run[first.len()].0;
                    let ends =
                        if *is_prefix { end.starts_with(last.as_str()) } else { end == last };
                    ends && run.iter().zip(first).all(|((token, _), asked)| token == asked)
                };
                let runs = self.tokens.windows(tokens.len()).enumerate();
                let met = runs.filter(|(_, run)| here(run));
                met.map(|(at, _)| at..at + tokens.len()).collect()
            }
        }
    }

    fn score(&self, found: &[Vec<Range<usize>>], best: &Range<usize>) -> f64 {
        let length = 1.0 - B + B * self.tokens.len() as f64 / USUAL_TOKENS;
        let often = found.iter().map(|places| {
            let count = places.len() as f64;
            count * (K1 + 1.0) / (count + K1 * length)
        });
        let asked: usize = found.iter().filter_map(|places| places.first()).map(Range::len).sum();
        let together = asked as f64 / best.len().max(1) as f64;
        often.sum::<f64>() + found.len() as f64 * together.min(1.0)
    }
}

/// Tokens between two places; none where they overlap.
fn gap(left: &Range<usize>, right: &Range<usize>) -> usize {
    if left.start <= right.start {
        right.start.saturating_sub(left.end)
    } else {
        left.start.saturating_sub(right.end)
    }
}

/// The shortest run of tokens with one place of every clause; the first where several are.
fn tightest(found: &[Vec<Range<usize>>]) -> Option<Range<usize>> {
    let rarest = found.iter().min_by_key(|places| places.len())?;
    let around = |anchor: &Range<usize>| {
        found.iter().fold(anchor.clone(), |run, places| {
            let nearest = places.iter().min_by_key(|place| gap(anchor, place));
            nearest.map_or(run.clone(), |place| run.start.min(place.start)..run.end.max(place.end))
        })
    };
    rarest.iter().map(around).min_by_key(|run| (run.len(), run.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "She said cold gun. Cold gun, Halyna! Who put the pistol on the cart? The \
                        cold-gun call was hers.";

    fn found(query: &str) -> Option<Match> {
        let words = Words::of(SAID.split(' '));
        words.find(&Query::parse(query).unwrap(), &|_| true)
    }

    fn best(query: &str) -> Option<String> {
        let words: Vec<&str> = SAID.split(' ').collect();
        found(query).map(|found| words[found.best].join(" "))
    }

    #[test]
    fn what_is_meant_is_found_where_it_stands() {
        assert_eq!(best("\"cold gun\"").as_deref(), Some("cold gun."));
        assert_eq!(best("pist*").as_deref(), Some("pistol"));
        assert_eq!(best("~Halina").as_deref(), Some("Halyna!"));
        assert_eq!(best("cart pistol").as_deref(), Some("pistol on the cart?"));
        assert_eq!(best("revolver OR cart").as_deref(), Some("cart?"));
        assert_eq!(best("\"gun call\"").as_deref(), Some("cold-gun call"));
        assert_eq!(best("\"gun said\""), None);
        assert_eq!(best("revolver"), None);
    }

    #[test]
    fn near_is_counted_in_words_between() {
        assert_eq!(best("pistol NEAR/2 cart").as_deref(), Some("pistol on the cart?"));
        assert_eq!(best("pistol NEAR/1 cart"), None);
        assert_eq!(best("cart NEAR cart"), None, "a word is not near itself");
    }

    #[test]
    fn every_place_is_told() {
        assert_eq!(found("\"cold gun\"").unwrap().all, [2..4, 4..6, 15..16]);
    }

    #[test]
    fn words_that_stand_together_come_before_the_same_words_apart() {
        let score = |said: &str, query: &str| {
            let words = Words::of(said.split(' '));
            words.find(&Query::parse(query).unwrap(), &|_| true).unwrap().score
        };
        // As many words, each as often; only where they stand differs.
        let together = "she put the cold gun on the cart and went";
        let apart = "cold she put on the cart and the gun went";
        assert!(score(together, "cold gun") > score(apart, "cold gun"));
        assert!(score(together, "gun cold") > score(apart, "gun cold"), "in any order");
        let nearer = "she put the cold old gun on the cart and";
        assert!(score(together, "cold gun") > score(nearer, "cold gun"));
        assert!(score(nearer, "cold gun") > score(apart, "cold gun"));
    }

    #[test]
    fn words_outside_the_asked_time_do_not_count() {
        let words = Words::of(SAID.split(' '));
        let query = Query::parse("cold").unwrap();
        let late = words.find(&query, &|word| word > 10).unwrap();
        assert_eq!((late.best, late.all.len()), (15..16, 1));
        assert_eq!(words.find(&query, &|_| false), None);
    }
}
