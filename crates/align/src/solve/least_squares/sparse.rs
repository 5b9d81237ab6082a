//! Factors and inverts symmetric matrices that are mostly zero.
//!
//! In: which entries may be other than zero, then, as often as wanted, their values. Out: the
//! solution for a right-hand side, and the entries of the inverse at those same places.
//! Method: rows are eliminated in order of minimum degree (Tinney & Walker 1967, their second
//! scheme), decided once from the places alone; then Cholesky's factor column by column, each from
//! those before it that touch it; and the inverse by Takahashi's recurrence (Erisman & Tinney
//! 1975), which needs no entry outside the places of the factor.
//! Cost: for recordings that overlap their neighbours in time, some twenty numbers each; where
//! everybody is tied to everybody, that of the dense factor.

use std::ops::Range;

/// The places of a symmetric matrix, and the order in which its rows are eliminated.
pub(super) struct Places {
    /// Position in the order of elimination of each row.
    rank: Vec<usize>,
    /// The rows of the factor's columns, in order of elimination, one column after another; each
    /// ascending, the diagonal first.
    rows: Vec<usize>,
    /// Where among these each column begins, and the end.
    starts: Vec<usize>,
    /// For each row, the entries of the columns before it that touch it.
    touched_by: Vec<Vec<Touch>>,
}

/// An entry of a column, and the end of that column.
struct Touch {
    at: usize,
    end: usize,
}

/// The values at the places.
pub(super) struct Lower<'a> {
    places: &'a Places,
    pub values: Vec<f64>,
}

/// Cholesky's factor.
pub(super) struct Factor<'a>(Lower<'a>);

/// The inverse where the factor may be other than zero.
pub(super) struct Inverse<'a>(Lower<'a>);

impl Places {
    /// For a matrix of so many rows whose entries lie at these places and on the diagonal.
    pub fn new(rows: usize, entries: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut graph = Graph::new(rows);
        for (i, j) in entries {
            graph.join(i, j);
        }
        let mut rank = vec![0; rows];
        let mut columns = Vec::with_capacity(rows);
        for position in 0..rows {
            let row = graph.least();
            rank[row] = position;
            columns.push(graph.eliminate(row));
        }
        let mut places = Self { rank, rows: Vec::new(), starts: vec![0], touched_by: Vec::new() };
        for (position, later) in columns.into_iter().enumerate() {
            let mut column: Vec<usize> = later.into_iter().map(|row| places.rank[row]).collect();
            column.sort_unstable();
            places.rows.push(position);
            places.rows.extend(column);
            places.starts.push(places.rows.len());
        }
        places.touched_by.resize_with(rows, Vec::new);
        for column in 0..rows {
            let Range { start, end } = places.column(column);
            for at in start + 1..end {
                places.touched_by[places.rows[at]].push(Touch { at, end });
            }
        }
        places
    }

    fn column(&self, column: usize) -> Range<usize> {
        self.starts[column]..self.starts[column + 1]
    }

    /// Where among the values the entry at `(i, j)` is, which is that at `(j, i)`.
    pub fn find(&self, i: usize, j: usize) -> Option<usize> {
        let (i, j) = (self.rank[i], self.rank[j]);
        let range = self.column(i.min(j));
        self.rows[range.clone()].binary_search(&i.max(j)).ok().map(|at| range.start + at)
    }

    /// All zero.
    pub fn zeros(&self) -> Lower<'_> {
        Lower { places: self, values: vec![0.0; self.rows.len()] }
    }
}

impl<'a> Lower<'a> {
    /// `None` unless the matrix is positive definite.
    pub fn factor(mut self) -> Option<Factor<'a>> {
        let Places { rows, touched_by, .. } = self.places;
        let mut line = vec![0.0; touched_by.len()];
        for (column, before) in touched_by.iter().enumerate() {
            let own = self.places.column(column);
            for at in own.clone() {
                line[rows[at]] = self.values[at];
            }
            for touch in before {
                let factor = self.values[touch.at];
                let others = touch.at..touch.end;
                for (row, value) in rows[others.clone()].iter().zip(&self.values[others]) {
                    line[*row] -= factor * value;
                }
            }
            let pivot = line[column];
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            let scale = pivot.sqrt().recip();
            for at in own {
                self.values[at] = line[rows[at]] * scale;
            }
        }
        Some(Factor(self))
    }
}

impl<'a> Factor<'a> {
    /// The `x` for which the matrix times `x` is `b`.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let Lower { places, values } = &self.0;
        let mut x = vec![0.0; b.len()];
        for (rank, value) in places.rank.iter().zip(b) {
            x[*rank] = *value;
        }
        for column in 0..b.len() {
            let Range { start, end } = places.column(column);
            x[column] /= values[start];
            for at in start + 1..end {
                x[places.rows[at]] -= values[at] * x[column];
            }
        }
        for column in (0..b.len()).rev() {
            let Range { start, end } = places.column(column);
            let sum: f64 = (start + 1..end).map(|at| values[at] * x[places.rows[at]]).sum();
            x[column] = (x[column] - sum) / values[start];
        }
        places.rank.iter().map(|rank| x[*rank]).collect()
    }

    /// The inverse at the places of the factor.
    pub fn inverse(self) -> Inverse<'a> {
        let Lower { places, mut values } = self.0;
        let mut factor = Vec::new();
        let mut sums = Vec::new();
        for column in (0..places.touched_by.len()).rev() {
            let Range { start, end } = places.column(column);
            let below = &places.rows[start + 1..end];
            let diagonal = values[start];
            factor.clear();
            factor.extend_from_slice(&values[start + 1..end]);
            sums.clear();
            sums.resize(below.len(), 0.0);
            // Entries among the rows below lie at places of later columns, which are done.
            for (a, &row) in below.iter().enumerate() {
                let mut at = places.starts[row];
                sums[a] += factor[a] * values[at];
                for (b, &other) in below.iter().enumerate().skip(a + 1) {
                    while places.rows[at] < other {
                        at += 1;
                    }
                    sums[a] += factor[b] * values[at];
                    sums[b] += factor[a] * values[at];
                }
            }
            let own: f64 = sums.iter().zip(&factor).map(|(sum, f)| sum * f).sum();
            values[start] = (1.0 / diagonal + own / diagonal) / diagonal;
            for (value, sum) in values[start + 1..end].iter_mut().zip(&sums) {
                *value = -sum / diagonal;
            }
        }
        Inverse(Lower { places, values })
    }
}

impl Inverse<'_> {
    /// The entry at `(i, j)`; zero if that is none of the places.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.0.places.find(i, j).map_or(0.0, |at| self.0.values[at])
    }
}

/// Who is a neighbour of whom, as rows of bits.
struct Graph {
    words: usize,
    bits: Vec<u64>,
    degree: Vec<usize>,
}

/// The degree of a row that was eliminated.
const GONE: usize = usize::MAX;

impl Graph {
    fn new(rows: usize) -> Self {
        let words = rows.div_ceil(64);
        Self { words, bits: vec![0; rows * words], degree: vec![0; rows] }
    }

    fn join(&mut self, i: usize, j: usize) {
        for (a, b) in [(i, j), (j, i)] {
            let word = &mut self.bits[a * self.words + b / 64];
            if a != b && (*word >> (b % 64)) & 1 == 0 {
                *word |= 1 << (b % 64);
                self.degree[a] += 1;
            }
        }
    }

    /// The row with the fewest neighbours, of equals the first.
    fn least(&self) -> usize {
        (0..self.degree.len()).min_by_key(|row| self.degree[*row]).expect("a row is left")
    }

    /// Takes a row away, whose neighbours become one another's; returns them.
    fn eliminate(&mut self, row: usize) -> Vec<usize> {
        let own = self.bits[row * self.words..(row + 1) * self.words].to_vec();
        let mut neighbours = Vec::with_capacity(self.degree[row]);
        for (word, bits) in own.iter().enumerate() {
            let mut left = *bits;
            while left != 0 {
                neighbours.push(word * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
        for &other in &neighbours {
            let line = &mut self.bits[other * self.words..(other + 1) * self.words];
            line.iter_mut().zip(&own).for_each(|(bits, more)| *bits |= more);
            for gone in [row, other] {
                line[gone / 64] &= !(1 << (gone % 64));
            }
            self.degree[other] = line.iter().map(|bits| bits.count_ones() as usize).sum();
        }
        self.degree[row] = GONE;
        neighbours
    }
}
