//! The straight line that lies nearest to points, by least squares.

/// A line through the middle of its points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight {
    pub mid_x: f64,
    pub mid_y: f64,
    pub slope: f64,
    /// The squares of how far the points lie from `mid_x`, added up; never 0.
    pub reach: f64,
}

impl Straight {
    /// Through points; of none, or of points above one another, without a slope.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let count = points.len().max(1) as f64;
        let mid_x = points.iter().map(|p| p.0).sum::<f64>() / count;
        let mid_y = points.iter().map(|p| p.1).sum::<f64>() / count;
        let reach = points.iter().map(|p| (p.0 - mid_x).powi(2)).sum::<f64>().max(1e-9);
        let over: f64 = points.iter().map(|p| (p.0 - mid_x) * (p.1 - mid_y)).sum();
        Self { mid_x, mid_y, slope: over / reach, reach }
    }

    pub fn at(&self, x: f64) -> f64 {
        self.mid_y + self.slope * (x - self.mid_x)
    }

    /// The squares of how far points lie from the line, added up.
    pub fn squares(&self, points: &[(f64, f64)]) -> f64 {
        points.iter().map(|p| (p.1 - self.at(p.0)).powi(2)).sum()
    }
}
