//! "Did you mean": the nearest name somebody could have meant.

/// The closest of `names`, if it is close enough to be a slip rather than another word.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = ((wrong.chars().count() + 1) / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edits between two words, blind to case and underscores: `onTime` and `on_time` are the same slip.
fn distance(left: &str, right: &str) -> usize {
    let plain = |word: &str| -> Vec<char> {
        word.chars()
            .filter(|letter| *letter != '_')
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (left, right) = (plain(left), plain(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.iter().enumerate() {
        let mut next = vec![index + 1];
        let costs = row.iter().zip(row.iter().skip(1)).zip(&right);
        for ((diagonal, above), other) in costs {
            let before = next.last().copied().unwrap_or(0);
            let change = diagonal + usize::from(letter != other);
            next.push(change.min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
