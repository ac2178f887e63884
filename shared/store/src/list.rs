//! Pages of lists. Of what is read some may be left out, and the database also ends a page after a megabyte; a page is
//! short only where it is the last.

use crate::item::{Item, text_of};
use crate::table::Order;
use crate::{Result, Store};

/// The items of a partition whose sort key begins with a prefix.
pub(crate) struct Span<'a> {
    pub(crate) pk: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) order: Order,
    /// How many are read at a time: no more than what is done with them can take.
    pub(crate) at_most: usize,
}

/// A page that is being filled.
pub(crate) struct List<'a, T> {
    span: Span<'a>,
    after: Option<String>,
    limit: usize,
    found: Vec<T>,
    has_more: bool,
}

impl<'a, T> List<'a, T> {
    /// An empty page for `limit` of what is found beyond the sort key `after`.
    pub(crate) fn new(span: Span<'a>, after: Option<String>, limit: usize) -> Self {
        Self { span, after, limit, found: Vec::new(), has_more: true }
    }

    /// The items to look at next; `None` where the page is full or nothing is left.
    pub(crate) async fn next(&mut self, store: &Store) -> Result<Option<Vec<Item>>> {
        if self.found.len() > self.limit || !self.has_more {
            return Ok(None);
        }
        // One more than asked for tells whether there is a next page.
        let wanted = (self.limit + 1 - self.found.len()).min(self.span.at_most);
        let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
        let Span { pk, prefix, order, .. } = self.span;
        let (items, more) = store.page(pk, prefix, order, self.after.as_deref(), wanted).await?;
        self.after = items.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
        self.has_more = more;
        Ok(Some(items))
    }

    /// Adds what belongs on the page.
    pub(crate) fn push(&mut self, entry: T) {
        self.found.push(entry);
    }

    /// The page, and whether there is more beyond it.
    pub(crate) fn page(mut self) -> (Vec<T>, bool) {
        let more = self.found.len() > self.limit;
        self.found.truncate(self.limit);
        (self.found, more)
    }
}
