//! How an order's consecutive SSCCs are divided among its tasks, so that no two devices ever print the same label.

/// The part of a range that one task gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Position in the order's range, from 0.
    pub start: u32,
    /// How many.
    pub count: u32,
}

/// Divides `count` consecutive codes in proportion to `quantities`: shares lie behind each other, overlap nowhere and
/// use up the whole range, so that spare labels are spread too. A task of nothing gets nothing.
#[must_use]
pub fn split(count: u32, quantities: &[u32]) -> Vec<Share> {
    let total: u128 = quantities.iter().map(|quantity| u128::from(*quantity)).sum();
    let mut before: u128 = 0;
    let edge = |units: u128| -> u32 {
        let share = (u128::from(count) * units).checked_div(total).unwrap_or_default();
        u32::try_from(share).unwrap_or(count)
    };
    quantities
        .iter()
        .map(|quantity| {
            let start = edge(before);
            before += u128::from(*quantity);
            Share { start, count: edge(before) - start }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_quantities_and_leave_nothing_over() {
        assert_eq!(
            split(10, &[480, 240]),
            [Share { start: 0, count: 6 }, Share { start: 6, count: 4 }]
        );
    }

    #[test]
    fn shares_lie_behind_each_other_for_any_numbers() {
        for count in [0, 1, 2, 7, 100, u32::MAX] {
            for quantities in [&[1_u32, 1, 1][..], &[5, 0, 7], &[u32::MAX, 1, u32::MAX], &[3]] {
                let shares = split(count, quantities);
                let mut next = 0;
                for share in &shares {
                    assert_eq!(share.start, next);
                    next += share.count;
                }
                assert_eq!(next, count);
            }
        }
    }

    #[test]
    fn without_quantities_nobody_gets_anything() {
        assert_eq!(split(5, &[]), []);
        assert_eq!(split(5, &[0]), [Share { start: 0, count: 0 }]);
    }
}
