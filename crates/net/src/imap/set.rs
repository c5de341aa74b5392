//! Sets of message numbers as commands name them: `1:4,7,9:12`.

/// Writes a set; the numbers are in ascending order.
pub(super) fn written(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if number <= last.saturating_add(1) => *last = number.max(*last),
            _ => ranges.push((number, number)),
        }
    }
    let written = ranges
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}:{last}") });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_ranges() {
        assert_eq!(written(&[1, 2, 3, 4, 7, 9, 10]), "1:4,7,9:10");
        assert_eq!(written(&[u32::MAX]), "4294967295");
        assert_eq!(written(&[]), "");
    }
}
