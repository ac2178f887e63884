//! `GET /v1/follow-ups`: all that one has planned.

use crate::follow_up_view::FollowUpView;
use jiff::Timestamp;
use kith_domain::{Contact, ContactId, Due, InvalidId};
use kith_http::{Cx, Function, Member, Page, PageParams, PageQuery, Result, Router, Setting};
use serde::Serialize;
use std::str::FromStr;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-follow-ups", NEEDS, || Router::default().routes(routes!(list_follow_ups)))
}

/// What is planned with whom.
#[derive(Serialize, ToSchema)]
pub struct PlannedView {
    contact_id: ContactId,
    /// What the person is called: first and last name, or else the company.
    contact_name: String,
    follow_up: FollowUpView,
}

/// List your follow-ups
///
/// The soonest first; those of which you have been reminded stay until you cancel them or plan anew.
#[utoipa::path(
    get, path = "/v1/follow-ups", operation_id = "list-follow-ups", tag = "contacts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(PageParams),
    responses((status = 200, description = "A page of follow-ups", body = Page<PlannedView>))
)]
pub async fn list_follow_ups(cx: Cx, who: Member, query: PageQuery) -> Result<Page<PlannedView>> {
    let after = query.after::<Place>(&cx, &who.user)?;
    let after = after.map(|Place { at, contact }| Due { at, user: who.user.id, contact });
    let (contacts, more) = cx.store.follow_ups(who.user.id, after, query.limit).await?;
    let last = contacts.last().filter(|_| more).and_then(Place::of).map(|place| place.to_string());
    let views = contacts.into_iter().filter_map(PlannedView::of).collect();
    query.page(&cx, &who.user, "/v1/follow-ups", views, last)
}

impl PlannedView {
    /// `None` for a card on which nothing is planned.
    fn of(contact: Contact) -> Option<Self> {
        let contact_name = contact.title();
        contact.follow_up.map(|planned| Self { contact_id: contact.id, contact_name, follow_up: planned.into() })
    }
}

/// A place in the list.
struct Place {
    at: Timestamp,
    contact: ContactId,
}

impl Place {
    fn of(contact: &Contact) -> Option<Self> {
        contact.follow_up.as_ref().map(|planned| Self { at: planned.at, contact: contact.id })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.at, self.contact)
    }
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(written: &str) -> std::result::Result<Self, InvalidId> {
        let (at, contact) = written.split_once(' ').ok_or(InvalidId)?;
        Ok(Self { at: at.parse().map_err(|_| InvalidId)?, contact: contact.parse()? })
    }
}
