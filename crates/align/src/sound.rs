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
