//! The plain rule everybody uses: seen outside the territory it was shipped to, or with another dealer = suspected.
//! Evidence, not proof.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::time::Timestamp;

/// A place known less precisely than this says nothing about a prefecture: half the width of a usual one.
pub const ACCURACY_METRES_MAX: u32 = 50_000;

/// The shipment that was in force when something was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Under this document.
    pub document: DocumentId,
    /// To this dealer.
    pub dealer: DealerId,
    /// Of this product.
    pub product: ProductId,
    /// When it left, by the device's clock.
    pub at: Timestamp,
    /// Where the dealer may sell that product, as it was then. Empty = no territory was agreed.
    pub territory: BTreeSet<u32>,
}

/// What somebody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// In which prefecture, when that is known.
    pub region: Option<u32>,
    /// How far off the place may be; none when the prefecture itself was stated.
    pub accuracy_m: Option<u32>,
    /// The dealer that had it, when one brought it back: that is better than any place.
    pub brought_by: Option<DealerId>,
}

/// What the plain rule says about one sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing can be said: not shipped yet, no territory agreed, the place unknown or too vague.
    Silent,
    /// The goods are disputed: who holds them is not settled, so nobody is suspected.
    Disputed,
    /// Seen where it belongs.
    Inside,
    /// Seen where it does not.
    Outside,
}

/// Judges one sighting against the shipment that was in force when it happened.
#[must_use]
pub fn judge(seen: Seen, shipment: Option<&Shipment>, disputed: bool) -> Standing {
    if disputed {
        return Standing::Disputed;
    }
    let Some(shipment) = shipment.filter(|shipment| seen.at >= shipment.at) else {
        return Standing::Silent;
    };
    let is_where_it_belongs = match (seen.brought_by, seen.region) {
        (Some(dealer), _) => dealer == shipment.dealer,
        (None, Some(region)) => {
            let is_vague = seen.accuracy_m.is_some_and(|metres| metres > ACCURACY_METRES_MAX);
            if is_vague || shipment.territory.is_empty() {
                return Standing::Silent;
            }
            shipment.territory.contains(&region)
        }
        (None, None) => return Standing::Silent,
    };
    if is_where_it_belongs { Standing::Inside } else { Standing::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NANJING: u32 = 320_100;
    const SHANGHAI: u32 = 310_100;

    fn shipment() -> Shipment {
        Shipment {
            document: DocumentId(1),
            dealer: DealerId(2),
            product: ProductId(3),
            at: Timestamp(1_000),
            territory: BTreeSet::from([NANJING]),
        }
    }

    fn seen(region: u32) -> Seen {
        Seen { at: Timestamp(2_000), region: Some(region), accuracy_m: Some(30), brought_by: None }
    }

    #[test]
    fn outside_the_territory_is_suspected_and_inside_is_not() {
        assert_eq!(judge(seen(SHANGHAI), Some(&shipment()), false), Standing::Outside);
        assert_eq!(judge(seen(NANJING), Some(&shipment()), false), Standing::Inside);
    }

    #[test]
    fn what_a_dealer_brings_back_was_with_that_dealer() {
        let with =
            |dealer| Seen { brought_by: Some(DealerId(dealer)), region: None, ..seen(NANJING) };
        assert_eq!(judge(with(2), Some(&shipment()), false), Standing::Inside);
        assert_eq!(judge(with(9), Some(&shipment()), false), Standing::Outside);
        assert_eq!(judge(with(9), Some(&shipment()), true), Standing::Disputed);
        assert_eq!(judge(with(9), None, false), Standing::Silent);
        let free = Shipment { territory: BTreeSet::new(), ..shipment() };
        assert_eq!(judge(with(9), Some(&free), false), Standing::Outside);
    }

    #[test]
    fn disputed_goods_carry_no_suspicion() {
        assert_eq!(judge(seen(SHANGHAI), Some(&shipment()), true), Standing::Disputed);
    }

    #[test]
    fn what_was_seen_before_it_was_shipped_does_not_count() {
        let early = Seen { at: Timestamp(999), ..seen(SHANGHAI) };
        assert_eq!(judge(early, Some(&shipment()), false), Standing::Silent);
        assert_eq!(judge(seen(SHANGHAI), None, false), Standing::Silent);
    }

    #[test]
    fn a_place_vaguer_than_a_prefecture_does_not_count() {
        let vague = Seen { accuracy_m: Some(ACCURACY_METRES_MAX + 1), ..seen(SHANGHAI) };
        assert_eq!(judge(vague, Some(&shipment()), false), Standing::Silent);
        let edge = Seen { accuracy_m: Some(ACCURACY_METRES_MAX), ..seen(SHANGHAI) };
        assert_eq!(judge(edge, Some(&shipment()), false), Standing::Outside);
        let stated = Seen { accuracy_m: None, ..seen(SHANGHAI) };
        assert_eq!(judge(stated, Some(&shipment()), false), Standing::Outside);
        let nowhere = Seen { region: None, ..seen(SHANGHAI) };
        assert_eq!(judge(nowhere, Some(&shipment()), false), Standing::Silent);
    }

    #[test]
    fn a_dealer_without_a_territory_cannot_leave_it() {
        let free = Shipment { territory: BTreeSet::new(), ..shipment() };
        assert_eq!(judge(seen(SHANGHAI), Some(&free), false), Standing::Silent);
    }
}
