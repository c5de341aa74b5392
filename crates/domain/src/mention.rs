//! Mentions: whom the text of a note names with `@Name`.

/// The places in `names` that a text mentions, each once, in the order of the text. Of several names that fit, the longest
/// counts: `@Jane Doe` is not `Jane`. Case does not matter. An `@` inside of a word, as in an address, names nobody.
#[must_use]
pub fn mentioned<S: AsRef<str>>(text: &str, names: &[S]) -> Vec<usize> {
    let names: Vec<Vec<char>> = names.iter().map(|name| folded(name.as_ref().trim())).collect();
    let text = folded(text);
    let mut found = Vec::new();
    for (place, _) in text.iter().enumerate().filter(|(_, character)| **character == '@') {
        if place > 0 && text[place - 1].is_alphanumeric() {
            continue;
        }
        let behind = &text[place + 1..];
        let fitting = names.iter().filter(|name| !name.is_empty() && begins_with_whole(behind, name));
        let Some(length) = fitting.map(Vec::len).max() else { continue };
        // Two people may have one name: both are meant, rather than neither.
        for (index, name) in names.iter().enumerate() {
            let is_meant = name.len() == length && begins_with_whole(behind, name);
            if is_meant && !found.contains(&index) {
                found.push(index);
            }
        }
    }
    found
}

fn folded(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn begins_with_whole(text: &[char], name: &[char]) -> bool {
    text.starts_with(name) && text.get(name.len()).is_none_or(|next| !next.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts() {
        let names = ["Jane", "Jane Doe", "Billing", "Zoë Å"];
        assert_eq!(mentioned("@jane doe, please look", &names), [1]);
        assert_eq!(mentioned("@Jane: see @BILLING.", &names), [0, 2]);
        assert_eq!(mentioned("(@zoë å)", &names), [3]);
        assert_eq!(mentioned("@Janet and jane@billing and @@Jane Doe", &names), [1]);
        assert_eq!(mentioned("@Jane @Jane", &names), [0]);
        assert_eq!(mentioned("@", &["", " "]), [0; 0]);
        assert_eq!(mentioned("@Kim Lee", &["Kim Lee", "Kim Lee", "Kim"]), [0, 1]);
    }
}
