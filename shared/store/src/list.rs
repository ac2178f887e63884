//! Pages of lists. Of what is read some may be left out, and the database also ends a page after a megabyte; a page is
//! short only where it is the last, or where more would make it longer than a megabyte.

use crate::item::{Item, text_of};
use crate::table::Order;
use crate::{Result, Store};

/// What the items of a page may take at most, in bytes: an answer has to fit into the 6 MB that a function may give, and
/// nobody reads more at a time.
const PAGE_BYTES: usize = 1024 * 1024;
/// Whoever has so much does not read on for one more item.
const ENOUGH: usize = PAGE_BYTES / 10 * 9;

/// The items of a partition whose sort key begins with a prefix.
pub(crate) struct Span<'a> {
    pub(crate) pk: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) order: Order,
    /// How many are read at a time: no more than what is done with them can take.
    pub(crate) at_most: usize,
}

/// A page that is being filled from a span.
pub(crate) struct List<'a, T> {
    span: Span<'a>,
    after: Option<String>,
    page: Filling<T>,
    has_more: bool,
}

impl<'a, T> List<'a, T> {
    /// An empty page for `limit` of what is found beyond the sort key `after`.
    pub(crate) fn new(span: Span<'a>, after: Option<String>, limit: usize) -> Self {
        Self { span, after, page: Filling::new(limit), has_more: true }
    }

    /// The items to look at next; `None` where the page is full or nothing is left.
    pub(crate) async fn next(&mut self, store: &Store) -> Result<Option<Vec<Item>>> {
        if self.has_more && self.page.has_enough() {
            self.page.more = true;
        }
        if self.page.more || !self.has_more {
            return Ok(None);
        }
        let wanted = self.page.wanted().min(self.span.at_most);
        let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
        let Span { pk, prefix, order, .. } = self.span;
        let (items, more) = store.page(pk, prefix, order, self.after.as_deref(), wanted).await?;
        self.after = items.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
        self.has_more = more;
        Ok(Some(items))
    }

    /// Adds what belongs on the page and is small: a hundred of them are far from a megabyte.
    pub(crate) fn push(&mut self, entry: T) {
        self.page.push(entry, 0);
    }

    /// Adds what belongs on the page and takes so many bytes.
    pub(crate) fn push_large(&mut self, entry: T, bytes: usize) {
        self.page.push(entry, bytes);
    }

    /// The page, and whether there is more beyond it.
    pub(crate) fn page(self) -> (Vec<T>, bool) {
        self.page.done()
    }
}

/// What a page holds so far.
pub(crate) struct Filling<T> {
    limit: usize,
    found: Vec<T>,
    bytes: usize,
    /// Something did not fit any more.
    more: bool,
}

impl<T> Filling<T> {
    /// An empty page for `limit` entries.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, found: Vec::new(), bytes: 0, more: false }
    }

    /// Adds an entry of so many bytes, if it fits: what comes behind one that does not is for the next page, too.
    pub(crate) fn push(&mut self, entry: T, bytes: usize) {
        let fits = self.found.is_empty() || self.bytes + bytes <= PAGE_BYTES;
        if self.more || self.found.len() >= self.limit || !fits {
            self.more = true;
        } else {
            self.bytes += bytes;
            self.found.push(entry);
        }
    }

    /// How many entries to look for: one more than fit tells that there is a next page.
    pub(crate) fn wanted(&self) -> usize {
        let by_number = self.limit + 1 - self.found.len();
        match self.bytes.checked_div(self.found.len()).filter(|average| *average > 0) {
            Some(average) => by_number.min((PAGE_BYTES - self.bytes.min(PAGE_BYTES)) / average + 1),
            None => by_number,
        }
    }

    /// Whether it is not worth reading on.
    pub(crate) fn has_enough(&self) -> bool {
        self.bytes >= ENOUGH
    }

    /// Whether something did not fit any more.
    pub(crate) fn is_over(&self) -> bool {
        self.more
    }

    /// The page, and whether there is more beyond it.
    pub(crate) fn done(self) -> (Vec<T>, bool) {
        (self.found, self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h11_a_page_ends_by_number_or_by_a_megabyte() {
        let filled = |limit, sizes: &[usize]| {
            let mut page = Filling::new(limit);
            for (position, bytes) in sizes.iter().enumerate() {
                page.push(position, *bytes);
            }
            let (found, more) = page.done();
            (found.len(), more)
        };
        assert_eq!(filled(2, &[]), (0, false));
        assert_eq!(filled(2, &[1, 1]), (2, false));
        assert_eq!(filled(2, &[1, 1, 1]), (2, true));
        assert_eq!(filled(100, &[400_000; 3]), (2, true));
        // Nothing is left out, however large; and nothing small is put before it.
        assert_eq!(filled(100, &[2_000_000, 1]), (1, true));
        assert_eq!(filled(100, &[1_000_000, 400_000, 1]), (1, true));
    }

    #[test]
    fn no_more_is_looked_for_than_may_fit() {
        let mut page = Filling::new(100);
        assert_eq!(page.wanted(), 101);
        page.push((), 40_000);
        assert_eq!(page.wanted(), 26);
        let mut page = Filling::new(100);
        page.push((), 100);
        assert_eq!(page.wanted(), 100);
    }
}
