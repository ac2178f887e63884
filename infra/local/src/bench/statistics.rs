//! Medians and their noise.

/// The middle of some samples and how far they scatter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Middle {
    /// The median.
    pub median: f64,
    /// Half the distance between the quartiles: half of the samples are within it.
    pub spread: f64,
}

impl Middle {
    /// Of no samples: zero.
    pub(super) fn of(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_by(f64::total_cmp);
        Self { median: quantile(&samples, 2), spread: (quantile(&samples, 3) - quantile(&samples, 1)) / 2.0 }
    }
}

/// The given quarter of sorted samples, between two of them where it falls there.
fn quantile(sorted: &[f64], quarters: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let (below, rest) = (last * quarters / 4, last * quarters % 4);
    let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or_default();
    let part = f64::from(u8::try_from(rest).unwrap_or_default()) / 4.0;
    at(below) + (at(below + 1) - at(below)) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_samples() {
        assert_eq!(Middle::of([]), Middle::default());
        assert_eq!(Middle::of([7.0]), Middle { median: 7.0, spread: 0.0 });
        assert_eq!(Middle::of([4.0, 1.0, 3.0, 2.0]), Middle { median: 2.5, spread: 0.75 });
        assert_eq!(Middle::of([5.0, 1.0, 2.0, 4.0, 3.0]), Middle { median: 3.0, spread: 1.0 });
    }
}
