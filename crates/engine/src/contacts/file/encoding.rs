//! Bytes become text: UTF-8 or UTF-16, with or without a mark, and windows-1252, in which old spreadsheets write.

/// The text of a file. What is no character of its encoding becomes `U+FFFD`; nothing is refused.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Files begin with a letter of the Latin alphabet, so one of the first two bytes tells.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        },
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [one, other] => unit([*one, *other]),
        _ => 0xFFFD,
    });
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// As ISO 8859-1, but for 80 to 9F.
pub(super) fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_encoding_is_read() {
        let text = "Name;Straße\nZoë Müller;€ 5";
        let units = |make: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(make).collect::<Vec<u8>>();
        let little = units(u16::to_le_bytes);
        let big = units(u16::to_be_bytes);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
            little.clone(),
            big.clone(),
            [b"\xFF\xFE".as_slice(), &little].concat(),
            [b"\xFE\xFF".as_slice(), &big].concat(),
            b"Name;Stra\xDFe\nZo\xEB M\xFCller;\x80 5".to_vec(),
        ] {
            assert_eq!(decoded(&bytes), text, "{bytes:02x?}");
        }
        assert_eq!(decoded(b""), "");
        assert_eq!(decoded(b"\xFF\xFEa"), "\u{fffd}");
    }
}
