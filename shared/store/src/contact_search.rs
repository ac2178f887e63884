//! Finding cards. A search reads the entries of all of an owner's cards, newest first, and then the cards that it takes.
//! Where an entry only says that the long texts may have a word, they are read as well, and not too many of them.

use crate::item::{Item, entity, size, text_of};
use crate::keys::{self, CONTACTS, ENTRIES};
use crate::list::Filling;
use crate::table::Order;
use crate::{Result, Store, StoreError};
use kith_domain::{Contact, ContactEntry, ContactFilter, ContactId, Look, Memory, Missing, Search, UserId};

/// How many entries a search reads at first. It reads more at a time as it goes on: what is sought may be among the
/// newest, and if it is not, nearly all have to be read.
const FIRST_STRETCH: i32 = 100;
/// How many it reads at most at a time, whatever a page may hold: a function has little memory.
const LONGEST_STRETCH: i32 = 1600;
/// How many cards a search reads first: by these it knows how large they are.
const FIRST_BATCH: usize = 25;
/// A batch reads at most so many items.
const BATCH: usize = 100;

/// How many cards are looked through for words that their entries only seem to have; then the search pauses.
const LOOKED_THROUGH: usize = 20;
/// How many bytes of memories are read for it, before the next card is looked through.
const READ_FOR_WORDS: usize = 1024 * 1024;
/// How many memories are read at a time.
const MEMORIES: i32 = 200;

/// A page of cards.
#[derive(Debug)]
pub struct ContactPage {
    /// The cards, newest first.
    pub contacts: Vec<Contact>,
    /// Where there may be more: beyond this card. A page that has it may be short.
    pub next: Option<ContactId>,
}

/// What a search has found, and how much it has looked through for it.
struct Findings {
    page: Filling<Contact>,
    looked_through: usize,
    bytes: usize,
    /// The card beyond which it has to go on, if it has looked through enough.
    paused: Option<ContactId>,
}

/// A card that an entry points at.
struct Candidate {
    id: ContactId,
    entry: ContactEntry,
    look: Look,
    /// The card before it.
    before: Option<ContactId>,
}

impl Store {
    /// A page of cards, newest first: those that the filter takes, and where to go on.
    ///
    /// With a filter it reads the entries of all cards until it has found enough, and then the cards themselves. A
    /// card that has changed or gone meanwhile counts as it is now.
    pub async fn contacts(
        &self,
        owner: UserId,
        filter: &ContactFilter,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<ContactPage> {
        let (contacts, more, paused) = if filter.takes_all() {
            let after = after.map(|id| keys::contact(owner, id).sk);
            let (contacts, more) = self.newest(&keys::contacts_of(owner), CONTACTS, after, limit).await?;
            (contacts, more, None)
        } else {
            let Findings { page, paused, .. } = self.search_contacts(owner, filter, after, limit).await?;
            let (contacts, more) = page.done();
            (contacts, more, paused)
        };
        let last = contacts.last().map(|contact: &Contact| contact.id);
        Ok(ContactPage { contacts, next: if more { last } else { paused } })
    }

    /// A page of the newest cards before `after` that the filter takes, or as many as may be looked through.
    async fn search_contacts(
        &self,
        owner: UserId,
        filter: &ContactFilter,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Findings> {
        let (pk, search) = (keys::contacts_of(owner), filter.search());
        let mut before = after;
        let mut after = after.map(|id| keys::contact_entry(owner, id).sk);
        let mut findings = Findings { page: Filling::new(limit), looked_through: 0, bytes: 0, paused: None };
        let mut stretch = FIRST_STRETCH;
        loop {
            let (items, more) = self.page(&pk, ENTRIES, Order::NewestFirst, after.as_deref(), stretch).await?;
            after = items.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
            let mut candidates = Vec::new();
            for item in items {
                let (id, entry) = (contact_of_entry(&item)?, entity(item)?);
                let look = search.look(&entry);
                if look != Look::No {
                    candidates.push(Candidate { id, entry, look, before });
                }
                before = Some(id);
            }
            self.examine(owner, &search, candidates, &mut findings).await?;
            if !more || findings.page.is_over() || findings.paused.is_some() {
                return Ok(findings);
            }
            stretch = (stretch * 4).min(LONGEST_STRETCH);
        }
    }

    /// Reads the cards of candidates, in their order, until the page is full or enough has been looked through.
    async fn examine(
        &self,
        owner: UserId,
        search: &Search<'_>,
        candidates: Vec<Candidate>,
        findings: &mut Findings,
    ) -> Result<()> {
        let mut candidates = candidates.into_iter().peekable();
        let mut at_most = FIRST_BATCH;
        while !findings.page.is_over() && candidates.peek().is_some() {
            // No more than may be looked through is read, either.
            let mut may_look = LOOKED_THROUGH.saturating_sub(findings.looked_through).max(1);
            let mut batch = Vec::new();
            while batch.len() < at_most.min(findings.page.wanted()) {
                let Some(candidate) = candidates.next_if(|next| next.look == Look::Yes || may_look > 0) else { break };
                may_look -= usize::from(candidate.look == Look::Perhaps);
                batch.push(candidate);
            }
            let keys = batch.iter().map(|candidate| keys::contact(owner, candidate.id)).collect();
            for (candidate, card) in batch.into_iter().zip(self.get_many(keys).await?) {
                let has_enough = findings.looked_through >= LOOKED_THROUGH || findings.bytes >= READ_FOR_WORDS;
                if candidate.look == Look::Perhaps && has_enough {
                    findings.paused = candidate.before;
                    return Ok(());
                }
                let Some(card) = card else { continue };
                let bytes = size(&card);
                let card: Contact = entity(card)?;
                if self.is_wanted(search, &candidate, &card, findings).await? {
                    findings.page.push(card, bytes);
                }
            }
            at_most = BATCH;
        }
        Ok(())
    }

    /// Whether a search wants a card as it is now.
    async fn is_wanted(
        &self,
        search: &Search<'_>,
        candidate: &Candidate,
        card: &Contact,
        findings: &mut Findings,
    ) -> Result<bool> {
        let entry = ContactEntry::of(card).remembering(&candidate.entry);
        match search.look(&entry) {
            Look::No => Ok(false),
            Look::Yes => Ok(true),
            Look::Perhaps => {
                findings.looked_through += 1;
                match search.missing_on(card, &entry) {
                    Some(missing) => self.are_in_memories(card, missing, findings).await,
                    None => Ok(false),
                }
            }
        }
    }

    /// Whether the memories of a card have the words; reads them, newest first, until all are found.
    async fn are_in_memories(&self, card: &Contact, mut missing: Missing, findings: &mut Findings) -> Result<bool> {
        let (pk, prefix) = (keys::contacts_of(card.owner), keys::memories_of(card.id));
        let mut after: Option<String> = None;
        while !missing.is_empty() {
            let (items, more) = self.page(&pk, &prefix, Order::NewestFirst, after.as_deref(), MEMORIES).await?;
            after = items.last().and_then(|item| text_of(item, "sk")).map(str::to_owned);
            for item in items {
                let memory: Memory = entity(item)?;
                findings.bytes += memory.text.as_str().len();
                missing.look_in(&memory);
            }
            if !more {
                break;
            }
        }
        Ok(missing.is_empty())
    }
}

fn contact_of_entry(item: &Item) -> Result<ContactId> {
    let id = text_of(item, "sk").and_then(|sk| sk.strip_prefix(ENTRIES)).and_then(|id| id.parse().ok());
    id.ok_or_else(|| StoreError::Unreadable("the key of a card's entry".into()))
}
