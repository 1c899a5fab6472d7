//! Which labels of a roll are accounted for, and how: strips laid over each other, without the labels that are on goods.

use sealtrace_protocol::ledger::Fate;

/// A strip of labels somebody has accounted for: places of one code order, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// The first place.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// What became of them.
    pub fate: Fate,
}

impl Strip {
    /// What of it lies between two places.
    fn within(self, first: u32, last: u32) -> Option<Self> {
        let (first, last) = (self.first.max(first), self.last.min(last));
        (first <= last).then_some(Self { first, last, ..self })
    }

    /// How many places it has.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// What became of the label at a place. Who has one in hand knows better than who missed it: void comes last.
#[must_use]
pub fn fate_at(strips: &[Strip], place: u32) -> Option<Fate> {
    let over = |strip: &&Strip| strip.first <= place && place <= strip.last;
    let known = strips.iter().filter(over).map(|strip| strip.fate);
    known.min_by_key(|fate| *fate == Fate::Void)
}

/// The strips between two places, so that no two lie over each other: [`fate_at`] for all of them at once.
#[must_use]
pub fn pieces(strips: &[Strip], first: u32, last: u32) -> Vec<Strip> {
    let inside = || strips.iter().filter_map(|strip| strip.within(first, last));
    let mut in_hand: Vec<Strip> = inside().filter(|strip| strip.fate != Fate::Void).collect();
    in_hand.sort_unstable_by_key(|strip| strip.first);
    let mut void: Vec<Strip> = inside().filter(|strip| strip.fate == Fate::Void).collect();
    void.sort_unstable_by_key(|strip| strip.first);
    let mut all = Vec::with_capacity(in_hand.len() + void.len());
    // Up to where everything is decided.
    let mut done = first;
    let add_void = |all: &mut Vec<Strip>, mut from: u32, to: u32| {
        for strip in &void {
            if let Some(rest) = strip.within(from, to) {
                all.push(rest);
                from = rest.last.saturating_add(1);
            }
        }
    };
    for strip in in_hand {
        if let Some(before) = strip.first.checked_sub(1).filter(|before| *before >= done) {
            add_void(&mut all, done, before);
        }
        let Some(rest) = strip.within(done, last) else { continue };
        done = rest.last.saturating_add(1);
        all.push(rest);
    }
    if done <= last {
        add_void(&mut all, done, last);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(first: u32, last: u32, fate: Fate) -> Strip {
        Strip { first, last, fate }
    }

    #[test]
    fn void_is_what_nobody_has_in_hand() {
        let strips = [
            strip(0, 99, Fate::Void),
            strip(10, 19, Fate::Scrapped),
            strip(30, 30, Fate::Returned),
            strip(90, 120, Fate::Void),
        ];
        assert_eq!(
            pieces(&strips, 5, 130),
            [
                strip(5, 9, Fate::Void),
                strip(10, 19, Fate::Scrapped),
                strip(20, 29, Fate::Void),
                strip(30, 30, Fate::Returned),
                strip(31, 99, Fate::Void),
                strip(100, 120, Fate::Void),
            ]
        );
        assert_eq!(pieces(&strips, 12, 13), [strip(12, 13, Fate::Scrapped)]);
        assert_eq!(pieces(&[], 0, 9), []);
    }

    #[test]
    fn each_place_of_a_piece_has_its_fate() {
        let strips = [
            strip(3, 8, Fate::Void),
            strip(0, 4, Fate::Returned),
            strip(7, 7, Fate::Scrapped),
            strip(6, 12, Fate::Void),
        ];
        let all = pieces(&strips, 0, 15);
        for place in 0..=15 {
            let of_piece: Vec<Fate> = all
                .iter()
                .filter(|piece| piece.first <= place && place <= piece.last)
                .map(|piece| piece.fate)
                .collect();
            assert_eq!(
                of_piece,
                fate_at(&strips, place).into_iter().collect::<Vec<_>>(),
                "{place}"
            );
        }
    }
}
