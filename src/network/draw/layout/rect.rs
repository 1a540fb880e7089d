//! Rectangles.

/// A rectangle; `y` grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::network::draw) struct Rect {
    pub(in crate::network::draw) x: f64,
    pub(in crate::network::draw) y: f64,
    pub(in crate::network::draw) width: f64,
    pub(in crate::network::draw) height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(super) fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Makes a rectangle around a point.
    pub(super) fn at((x, y): (f64, f64), (width, height): (f64, f64)) -> Self {
        Self {
            x: x - width / 2.0,
            y: y - height / 2.0,
            width,
            height,
        }
    }

    /// Returns the rectangle around both.
    pub(super) fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }

    pub(super) fn grown(self, by: f64) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }

    pub(super) fn moved(self, by_x: f64, by_y: f64) -> Self {
        Self {
            x: self.x + by_x,
            y: self.y + by_y,
            ..self
        }
    }

    /// Tells whether one stands above or below the other, at least in part.
    pub(super) fn shares_column(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right()
    }
}
