//! Text from the world on its way to the screen: cleaned, measured, cut, wrapped. The first byte is the width.
#![no_main]

use unicode_segmentation::UnicodeSegmentation;

use hnpwb::domain::text::{clean, cut, line, width, wrap, wrap_limited};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((columns, text)) = data.split_first() else { return };
    let columns = usize::from(*columns % 100);
    let text = String::from_utf8_lossy(text);
    let cleaned = clean(&text);
    assert!(!cleaned.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{cleaned:?}");
    assert_eq!(clean(&cleaned), cleaned, "cleaned twice");
    let one = line(&text);
    assert!(!one.contains(['\n', '\t']), "{one:?}");
    assert!(width(&cut(&one, columns)) <= columns, "{one:?}");
    let rows = wrap(&text, columns);
    for row in &rows {
        assert!(!row.contains(['\n', '\t']), "{row:?}");
        // One that is wider than the row stands alone in it.
        let alone = row.graphemes(true).count() == 1;
        assert!(width(row) <= columns.max(1) || alone, "{row:?} in {columns}");
    }
    assert_eq!(wrap_limited(&text, columns, rows.len() / 2), rows[..rows.len() / 2]);
});
