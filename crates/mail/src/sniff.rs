//! What a file is, from its first bytes.

/// The media type that the bytes look like; `application/octet-stream` when they tell nothing.
#[must_use]
pub fn sniff(bytes: &[u8], filename: &str) -> String {
    if let Some(found) = infer::get(bytes) {
        return found.mime_type().to_owned();
    }
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    match filename.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
        Some("csv") if is_text => "text/csv",
        Some("ics") if is_text => "text/calendar",
        Some("json") if is_text => "application/json",
        Some("txt" | "log" | "md") if is_text => "text/plain",
        _ => "application/octet-stream",
    }
    .to_owned()
}
