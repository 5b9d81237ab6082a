//! Puts packets on a line of samples by their time stamps.
pub(crate) struct Timeline {
    pub(crate) next: Option<i64>,
}
impl Timeline {
    /// Where a packet goes.
    pub(crate) fn place(&mut self, pts: i64, frames: usize) -> i64 {
        let at = match self.next {
            Some(next) if (pts - next).abs() < 16 || pts < next => next,
            _ => pts.max(0),
        };
        self.next = Some(at + frames as i64);
        at
    }
}
