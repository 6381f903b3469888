//! Which characters the bytes of a feed mean, when headers, declarations and bytes disagree.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes a feed or page. A byte order mark decides; then the bytes' pattern (UTF-16/32); then the HTTP `charset` before the XML
/// declaration (RFC 7303 §3), unless the bytes prove it wrong; then UTF-8; then windows-1252, in which every byte means something.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let text = decode_raw(bytes, content_type);
    // C1 controls are never meant: they are windows-1252 that went through a Latin-1 table once (WHATWG Encoding reads them like that).
    if !text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')) {
        return text;
    }
    text.chars().map(|c| if matches!(c, '\u{80}'..='\u{9f}') { windows_1252(c as u8) } else { c }).collect()
}

/// What windows-1252 means by a byte.
pub fn windows_1252(byte: u8) -> char {
    WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or('\u{fffd}')
}

fn decode_raw(bytes: &[u8], content_type: Option<&str>) -> String {
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => return utf_32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => return utf_32(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => return lossy(UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => return lossy(UTF_16BE, rest),
        // A mark may be wrong, too: files saved twice start with it and go on in Latin-1.
        [0xef, 0xbb, 0xbf, rest @ ..] => return std::str::from_utf8(rest).map_or_else(|_| lossy(WINDOWS_1252, rest), str::to_owned),
        [b'<', 0, 0, 0, ..] => return utf_32(bytes, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => return utf_32(bytes, u32::from_be_bytes),
        [b'<', 0, ..] => return lossy(UTF_16LE, bytes),
        [0, b'<', ..] => return lossy(UTF_16BE, bytes),
        _ => {}
    }
    let utf_8 = std::str::from_utf8(bytes).ok();
    if let (Some(text), true) = (utf_8, bytes.is_ascii()) {
        // ISO-2022-JP is written in ASCII bytes; everything else that is ASCII means ASCII.
        if !bytes.contains(&0x1b) {
            return text.to_owned();
        }
    }
    let labels = [content_type.and_then(http_charset), declared(bytes)];
    for encoding in labels.into_iter().flatten() {
        // Nobody's UTF-16 starts like this; the label is left over from before a conversion.
        if encoding == UTF_16LE || encoding == UTF_16BE || encoding == UTF_8 {
            continue;
        }
        // Text in a single-byte encoding is practically never valid UTF-8 by chance.
        if let (Some(text), true) = (utf_8, encoding.is_single_byte()) {
            return text.to_owned();
        }
        let (text, wrong) = encoding.decode_without_bom_handling(bytes);
        if !wrong {
            return text.into_owned();
        }
    }
    match utf_8 {
        Some(text) => text.to_owned(),
        None if mostly_utf_8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => lossy(WINDOWS_1252, bytes),
    }
}

/// One broken character (a title cut within one) does not make a long text another encoding.
fn mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 4
}

fn lossy(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn utf_32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> String {
    bytes.as_chunks::<4>().0.iter().map(|four| char::from_u32(read(*four)).unwrap_or('\u{fffd}')).collect()
}

fn http_charset(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let value = lower.split(';').skip(1).find_map(|part| part.trim().strip_prefix("charset="))?;
    Encoding::for_label(value.trim_matches(['"', '\'', ' ']).as_bytes())
}

/// `encoding` of the XML declaration, or `charset` of an HTML page's `meta`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head: String = bytes.iter().take(1_024).map(|b| b.to_ascii_lowercase() as char).collect();
    let after = |key: &str| head.find(key).map(|at| head[at + key.len()..].trim_start_matches([' ', '=', '"', '\'']));
    let declaration = head.find("<?xml").and_then(|_| after("encoding")).or_else(|| after("charset"))?;
    let label: String = declaration.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c)).collect();
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_label_does_not_spoil_the_text() {
        let utf_8 = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><t>Grüße</t>";
        assert!(decode(utf_8.as_bytes(), None).contains("Grüße"), "UTF-8 labelled Latin-1");
        let latin = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><t>Gr\xfc\xdfe \x80 \x93x\x94</t>";
        assert!(decode(latin, Some("application/rss+xml; charset=UTF-8")).contains("Grüße € “x”"), "windows-1252 labelled UTF-8");
        assert!(decode(b"<?xml version='1.0' encoding='utf-16'?><t>a</t>", None).contains("<t>a</t>"));
    }

    #[test]
    fn the_header_goes_before_the_declaration() {
        let bytes = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><t>\xc4\xe3\xba\xc3</t>";
        assert!(decode(bytes, Some("text/xml; charset=gb2312")).contains("你好"));
    }

    #[test]
    fn marks_and_patterns_of_wide_encodings_are_seen() {
        let text = "<t>ä€</t>";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        assert_eq!(decode(&le, None), text);
        assert_eq!(decode(&be32, None), text);
        assert_eq!(decode(&[&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), Some("text/xml; charset=iso-8859-1")), text);
    }

    #[test]
    fn one_cut_character_is_no_other_encoding() {
        let mut bytes = "äöüß äöüß äöüß".as_bytes().to_vec();
        bytes.push(0xc3);
        assert_eq!(decode(&bytes, None), "äöüß äöüß äöüß\u{fffd}");
    }
}
