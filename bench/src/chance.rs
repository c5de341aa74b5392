//! Seeded chance (SplitMix64): the same seed gives the same kills and the same faults.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    pub fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A seed that differs from run to run; print it, so that a run can be repeated.
    pub fn fresh_seed() -> u64 {
        std::collections::hash_map::RandomState::new().build_hasher().finish() >> 32
    }

    /// An independent stream for the `number`-th part of a run.
    pub fn branch(&self, number: u64) -> Self {
        let mut branch = Self { state: self.state ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        branch.draw();
        branch
    }

    /// 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `range`; the start of an empty range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        let width = range.end.saturating_sub(range.start);
        if width == 0 { range.start } else { range.start + self.draw() % width }
    }

    /// True with probability `share` (0.01 is one in a hundred).
    pub fn hits(&mut self, share: f64) -> bool {
        (self.draw() >> 11) as f64 / ((1_u64 << 53) as f64) < share
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_branches_differ() {
        let mut one = Chance::from_seed(7);
        let mut other = Chance::from_seed(7);
        assert_eq!((one.draw(), one.draw()), (other.draw(), other.draw()));
        assert_ne!(one.branch(1).draw(), one.branch(2).draw());
    }

    #[test]
    fn a_share_is_roughly_kept() {
        let mut chance = Chance::from_seed(1);
        let hits = (0..10_000).filter(|_| chance.hits(0.1)).count();
        assert!((800..1_200).contains(&hits), "{hits}");
        assert_eq!(chance.within(5..5), 5);
    }
}
