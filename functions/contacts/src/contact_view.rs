//! A calling card, as its owner sees it.

use crate::follow_up_view::FollowUpView;
use kith_domain::{
    CardName, CompanyName, Contact, ContactId, Email, EventName, Introducer, PartialDate, PhoneNumber, PlaceName,
    Position, SocialMedia, Spark, Tags,
};
use kith_http::{Cx, PhotoView, Result, Tagged, Time};
use serde::Serialize;
use utoipa::ToSchema;

/// A calling card; what is not known is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    id: ContactId,
    first_name: Option<CardName>,
    last_name: Option<CardName>,
    email: Option<Email>,
    company: Option<CompanyName>,
    /// What the person does there.
    position: Option<Position>,
    /// Profiles elsewhere.
    social_media: Option<SocialMedia>,
    phone: Option<PhoneNumber>,
    /// The event at which you met.
    event: Option<EventName>,
    /// The place where you met.
    place: Option<PlaceName>,
    /// When you met, as it was written.
    met_at: Option<PartialDate>,
    /// What you bonded over.
    spark: Option<Spark>,
    tags: Tags,
    /// Who introduced you.
    introduced_by: Option<Introducer>,
    /// What you have planned with the person.
    follow_up: Option<FollowUpView>,
    /// What the person looks like.
    photo: Option<PhotoView>,
    created_at: Time,
    updated_at: Time,
}

impl ContactView {
    /// The card.
    pub(crate) fn of(cx: &Cx, contact: Contact) -> Result<Self> {
        Ok(Self {
            id: contact.id,
            first_name: contact.first_name,
            last_name: contact.last_name,
            email: contact.email,
            company: contact.company,
            position: contact.position,
            social_media: contact.social_media,
            phone: contact.phone,
            event: contact.event,
            place: contact.place,
            met_at: contact.met_at,
            spark: contact.spark,
            tags: contact.tags,
            introduced_by: contact.introduced_by,
            follow_up: contact.follow_up.map(FollowUpView::from),
            photo: contact.photo.map(|photo| PhotoView::of(cx, &photo)).transpose()?,
            created_at: contact.created_at.into(),
            updated_at: contact.updated_at.into(),
        })
    }

    /// The card with its revision.
    pub(crate) fn tagged(cx: &Cx, contact: Contact) -> Result<Tagged<Self>> {
        Ok(Tagged { rev: contact.rev, view: Self::of(cx, contact)? })
    }
}
