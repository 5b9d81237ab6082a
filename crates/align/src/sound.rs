//! The sound of a recording, read where it is needed.

use std::io;

/// Random access to a recording's sound: mono, [`crate::RATE_HZ`] samples a second, sample `n`
/// at media time `n / RATE_HZ`.
pub trait Sound: Sync {
    /// Number of samples.
    fn samples(&self) -> u64;

    /// Fills `out` with the samples from `start` on; zeros before the first and after the last.
    ///
    /// # Errors
    /// When the place the sound is kept in cannot be read.
    fn read(&self, start: i64, out: &mut [f32]) -> io::Result<()>;
}

/// Sound held in memory.
impl Sound for [f32] {
    fn samples(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, start: i64, out: &mut [f32]) -> io::Result<()> {
        for (i, sample) in out.iter_mut().enumerate() {
            let at = usize::try_from(start + i as i64).ok();
            *sample = at.and_then(|at| self.get(at)).copied().unwrap_or(0.0);
        }
        Ok(())
    }
}

impl Sound for Vec<f32> {
    fn samples(&self) -> u64 {
        self.as_slice().samples()
    }

    fn read(&self, start: i64, out: &mut [f32]) -> io::Result<()> {
        self.as_slice().read(start, out)
    }
}

/// A stretch of a sound, as a sound of its own.
pub(crate) struct Part<'a> {
    /// The whole.
    pub whole: &'a dyn Sound,
    /// The sample of the whole with which it begins.
    pub first: u64,
    /// Its length in samples.
    pub length: u64,
}

impl Sound for Part<'_> {
    fn samples(&self) -> u64 {
        self.length
    }

    fn read(&self, start: i64, out: &mut [f32]) -> io::Result<()> {
        self.whole.read(start + self.first as i64, out)?;
        let before = (-start).clamp(0, out.len() as i64) as usize;
        out[..before].fill(0.0);
        let end = (self.length as i64 - start).clamp(0, out.len() as i64) as usize;
        out[end..].fill(0.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_a_part_there_is_silence() {
        let whole: Vec<f32> = (0..10u8).map(f32::from).collect();
        let part = Part { whole: &whole, first: 3, length: 4 };
        let read = |start: i64| {
            let mut out = [9.0; 8];
            part.read(start, &mut out).unwrap();
            out.map(|sample| sample as i64)
        };
        assert_eq!(read(-2), [0, 0, 3, 4, 5, 6, 0, 0]);
        assert_eq!(read(5), [0; 8]);
    }
}
